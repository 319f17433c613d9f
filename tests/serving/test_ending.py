"""SIGTERM, under load and at rest: every request is answered, or refused before it was sent."""

import asyncio
import signal
import socket
from itertools import repeat
from pathlib import Path

import pytest

from tests.benchmarks.load import REFUSED, Load, render
from tests.serving.stand_in import ASK, Running, running


async def load_until_it_ends(server: Running, fresh: bool) -> Load:
    """Asks without an end, and ends the server in the middle."""
    load = Load(server.port, repeat(render("a", ASK)), fresh)
    asking = asyncio.create_task(load.run(32))
    while load.statuses["200"] < 500:
        await asyncio.sleep(0)
    server.signal(signal.SIGTERM)
    await asking
    return load


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_under_load_loses_no_request(workers: int, fresh: bool, student: Path) -> None:
    with running(student, workers) as server:
        load = asyncio.run(load_until_it_ends(server, fresh))
        assert server.process.wait(60) == 0
    assert set(load.statuses) == {"200", REFUSED}
    assert load.statuses[REFUSED] == 32
    assert server.lines[-1]["event"] == "stopped"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_on_an_open_connection_is_the_last_one_and_told_so(
    workers: int, student: Path
) -> None:
    with running(student, workers) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
            told = b""
            while not told.endswith(b"ok\n"):  # head and body may come one after the other
                told += idle.recv(1000)
            assert b"connection: close" not in told
            server.signal(signal.SIGTERM)
            wait_until_it_is_refused(server.port)
            idle.sendall(render("a", ASK))
            answered = idle.makefile("rb").read()
        assert server.process.wait(60) == 0
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answered


def wait_until_it_is_refused(port: int) -> None:
    """Connects until nobody takes that; then the server has begun to end."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        except OSError:
            return


def test_a_head_that_is_half_there_is_waited_for(student: Path) -> None:
    with running(student) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
            request = render("a", ASK)
            slow.sendall(request[:20])
            server.signal(signal.SIGTERM)
            wait_until_it_is_refused(server.port)
            slow.sendall(request[20:])
            answered = slow.makefile("rb").read()
        assert server.process.wait(60) == 0
    assert answered.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_at_rest_ends_at_once(workers: int, student: Path) -> None:
    with running(student, workers) as server:
        server.signal(signal.SIGINT)
        assert server.process.wait(30) == 0
    assert server.count("text") == 0
