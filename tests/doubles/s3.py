"""An S3 server on loopback, in a process of its own, for the real clients of DVC and boto3.

    with S3Server() as server:
        server.create_bucket("understudy")
        run(["dvc", "push"], env=server.environment(os.environ))
        server.delete("understudy", server.keys("understudy")[0])

It is moto's, with its rights checked: a request must be signed with the one key that there is, made
up when the server starts. The process ends when its standard input closes, so with its parent.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Self

from tests.doubles.teacher import PATIENCE
from tests.imports import ROOT

_REGION = "us-east-1"
_USER = "tester"
_MAY_DO_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
_SET_UP = 3
"""Requests of `_add_key`, which come before there is anything to sign them with."""


class S3Server:
    """Serves buckets, from `with` to the end of the block."""

    def __init__(self) -> None:
        self.url = ""
        self.key = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
        """What a request is signed with, as boto3 calls it."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(_SET_UP)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.url = f"http://127.0.0.1:{self._read_port()}"
            self._add_key()
            self._client = self._connect("s3")
        except BaseException:
            self._process.kill()
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def _read_port(self) -> int:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        if not ready:
            raise TimeoutError("the S3 server does not start")
        return int(self._process.stdout.readline())

    @property
    def pid(self) -> int:
        return self._process.pid

    def environment(self, outer: Mapping[str, str]) -> dict[str, str]:
        """An environment with this server's key and no other of its kind, and without retries."""
        return {
            **{name: value for name, value in outer.items() if not name.startswith("AWS_")},
            **{name.upper(): value for name, value in self.key.items()},
            "AWS_CONFIG_FILE": "/nonexistent/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def create_bucket(self, bucket: str) -> None:
        self._client.create_bucket(Bucket=bucket)

    def keys(self, bucket: str) -> list[str]:
        """The names of all objects in a bucket, sorted."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", ()))

    def delete(self, bucket: str, key: str) -> None:
        self._client.delete_object(Bucket=bucket, Key=key)

    def _add_key(self) -> None:
        iam = self._connect("iam")
        iam.create_user(UserName=_USER)
        made = iam.create_access_key(UserName=_USER)["AccessKey"]
        iam.put_user_policy(
            UserName=_USER, PolicyName="all", PolicyDocument=json.dumps(_MAY_DO_ALL)
        )
        iam.close()
        self.key = {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
        }

    def _connect(self, service: str) -> Any:
        import boto3

        return boto3.client(service, endpoint_url=self.url, region_name=_REGION, **self.key)


def main() -> None:
    """Serves until standard input closes; the port is the first line of standard output."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
