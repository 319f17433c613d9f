"""What clients and machines do wrong: each ends as docs/operating.md says; the server goes on."""

import json
import resource
import socket
import struct
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from tests.imports import ROOT
from tests.serving import (
    CHAT,
    JSON,
    LIMITS,
    Echo,
    Summarizing,
    ask,
    chat,
    connect,
    head,
    metric,
    running,
    until,
)
from understudy.serving.app import open_service

MEGABYTE = b" " * 2**20


def test_ten_megabytes_are_refused_with_and_without_their_length(client: httpx2.Client) -> None:
    for body in (10 * MEGABYTE, iter([MEGABYTE] * 10)):
        response = client.post(CHAT, content=body, headers=JSON)
        assert (response.status_code, response.json()["error"]["code"]) == (413, "body_too_large")
        assert ask(client, "next").status_code == 200


def test_a_body_that_waits_to_be_asked_for_is_and_one_too_large_is_refused_before_it_is_sent(
    client: httpx2.Client,
) -> None:
    body = json.dumps(chat("a")).encode()
    with connect(client) as one:
        one.sendall(head(f"content-length: {len(body)}", "expect: 100-continue"))
        assert one.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(body)
        assert one.recv(1000).startswith(b"HTTP/1.1 200 OK")
    with connect(client) as one:
        one.sendall(head(f"content-length: {10 * 2**20}", "expect: 100-continue"))
        assert one.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_ends_early_is_no_request_and_no_error(client: httpx2.Client) -> None:
    before = metric(client, "understudy_clients_gone_total")
    with connect(client) as one:
        one.sendall(head("content-length: 1000") + b'{"messages"')
    until(lambda: metric(client, "understudy_clients_gone_total") == before + 1)
    assert ask(client, "next").status_code == 200


def test_a_chunk_that_is_none_ends_the_connection(client: httpx2.Client) -> None:
    with connect(client) as one:
        one.sendall(head("transfer-encoding: chunked") + b"zz\r\n{}\r\n")
        assert one.makefile("rb").read().startswith(b"HTTP/1.1 400 ")
    assert ask(client, "next").status_code == 200


@pytest.mark.parametrize("reads", [0, 1000])
def test_a_client_that_is_gone_in_the_middle_of_a_stream_harms_nobody(
    reads: int, client: httpx2.Client
) -> None:
    body = json.dumps(chat("word " * 20_000, stream=True)).encode()
    with connect(client) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        one.sendall(head(f"content-length: {len(body)}") + body)
        while reads > 0:
            reads -= len(one.recv(reads))
    assert ask(client, "next").status_code == 200
    until(lambda: metric(client, "understudy_requests_in_flight") == 1)  # with this one


def test_many_slow_heads_and_bodies_keep_nobody_else_waiting(client: httpx2.Client) -> None:
    with ExitStack() as stack:
        for number in range(200):
            slow = stack.enter_context(connect(client))
            slow.sendall(head("content-length: 100")[: None if number % 2 else -2])
        assert all(ask(client, f"text {number}").status_code == 200 for number in range(20))


def test_a_server_that_stops_is_a_503_that_says_to_try_again() -> None:
    service = open_service(Echo(), Summarizing(), LIMITS)
    with running(service) as (client, server):
        server.config.loaded_app.state.stop()
        unready = client.get("/readyz")
        assert (unready.status_code, unready.json()["error"]["code"]) == (503, "stopping")
        assert ask(client, "open connections are answered").status_code == 200
        service.batcher.stop()
        refused = ask(client, "a")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["error"]["type"] == "server_error"


def test_a_log_on_a_full_disk_stops_nothing(student: Path, tmp_path: Path) -> None:
    file = tmp_path / "log"
    command = [sys.executable, "-m", "tests.serving.stand_in", str(student), "1"]
    limit = (1000, 1000)
    with (
        file.open("wb") as log,
        subprocess.Popen(
            command,
            stderr=log,
            cwd=ROOT,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        ) as process,
    ):
        until(lambda: b"\n" in file.read_bytes())
        address = json.loads(file.read_bytes().splitlines()[0])["address"]
        with httpx2.Client(base_url=address.removesuffix("/v1"), timeout=30) as client:
            codes = [ask(client, "a").status_code for _ in range(50)]
        process.terminate()
        assert process.wait(60) == 0
    assert codes == [200] * 50
    assert file.stat().st_size <= 1000
