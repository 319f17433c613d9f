"""The S3 server on loopback, against boto3."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import psutil
import pytest
from botocore.exceptions import ClientError

from tests.doubles.s3 import S3Server
from tests.doubles.teacher import PATIENCE
from tests.imports import ROOT

DIES = """
import os, signal
from tests.doubles.s3 import S3Server
with S3Server() as server:
    print(server.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


def client(server: S3Server, **key: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=server.url, region_name="us-east-1", **(server.key | key)
    )


def test_what_is_put_is_listed_read_and_gone_once_deleted(server: S3Server) -> None:
    server.create_bucket("one")
    s3 = client(server)
    for name in ("b/2", "a/1"):
        s3.put_object(Bucket="one", Key=name, Body=name.encode())
    assert server.keys("one") == ["a/1", "b/2"]
    with s3.get_object(Bucket="one", Key="b/2")["Body"] as body:
        assert body.read() == b"b/2"
    server.delete("one", "b/2")
    assert server.keys("one") == ["a/1"]
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="one", Key="b/2")
    s3.close()


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("aws_access_key_id", "InvalidAccessKeyId"),
        ("aws_secret_access_key", "SignatureDoesNotMatch"),
    ],
)
def test_a_request_signed_with_another_key_is_refused(
    server: S3Server, part: str, code: str
) -> None:
    s3 = client(server, **{part: "wrong"})
    with pytest.raises(ClientError, match=code):
        s3.list_buckets()
    s3.close()


def test_the_environment_has_this_key_and_no_other_setting_of_aws(server: S3Server) -> None:
    outer = {"PATH": "/bin", "AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "mine"}
    found = server.environment(outer)
    assert "mine" not in found.values()
    assert found["PATH"] == "/bin"
    assert found["AWS_SECRET_ACCESS_KEY"] == server.key["aws_secret_access_key"]


def test_it_ends_with_the_process_that_started_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(PATIENCE)
