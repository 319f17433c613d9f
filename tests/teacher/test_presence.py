"""An endpoint that has gone, but keeps its connections open."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.doubles.teacher import settings
from tests.teacher.asking import ask, requests
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher import presence
from understudy.teacher.embedded.server import SHUTDOWN_SECONDS, serve
from understudy.teacher.endpoint import open_endpoint
from understudy.teacher.errors import FailedCallsError
from understudy.teacher.retries import RetryableError

LONG = 600.0


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.2)


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}/v1"


def test_calls_to_a_server_that_takes_no_connections_any_more_end(silent: socket.socket) -> None:
    params = TeacherParams(**settings(address(silent), timeout_seconds=LONG))

    async def main() -> None:
        async with open_endpoint(params) as endpoint:
            calls = [asyncio.create_task(endpoint.complete(one)) for one in requests("ab", params)]
            held = [await asyncio.to_thread(silent.accept) for _ in calls]
            silent.close()
            results = await asyncio.gather(*calls, return_exceptions=True)
            for connection, _ in held:
                connection.close()
            for error in results:
                assert isinstance(error, RetryableError)
                assert (
                    error.reason == "no answer: the endpoint takes no connections for 0.2 seconds"
                )
                assert error.maybe_billed

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_slow_server_that_takes_connections_is_waited_for(silent: socket.socket) -> None:
    params = TeacherParams(**settings(address(silent), timeout_seconds=1.0))

    async def main() -> None:
        async with open_endpoint(params) as endpoint:
            with pytest.raises(RetryableError) as caught:
                await endpoint.complete(requests("a", params)[0])
            assert caught.value.reason == "no answer within 1 seconds"

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_run_whose_server_has_gone_ends_long_before_the_timeout(
    silent: socket.socket, tmp_path: Path
) -> None:
    teacher = TeacherParams(**settings(address(silent), timeout_seconds=LONG))
    held = []

    async def close() -> None:
        held.append(await asyncio.to_thread(silent.accept))  # the list of models
        held[0][0].sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        held[0][0].recv(65536)
        silent.close()

    async def main() -> None:
        closing = asyncio.create_task(close())
        with pytest.raises(FailedCallsError, match="no answer"):
            await asyncio.to_thread(ask, ["a"], teacher, tmp_path / "ledger.jsonl")
        await closing

    asyncio.run(asyncio.wait_for(main(), 60))
    held[0][0].close()


def test_open_connections_do_not_hold_the_embedded_server() -> None:
    assert SHUTDOWN_SECONDS <= 1

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            async with serve() as url:
                async with session.get(f"{url}/models"):
                    pass
                host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
                _, half = await asyncio.open_connection(host, int(port))
                half.write(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
                await half.drain()
            half.close()

    asyncio.run(asyncio.wait_for(main(), 30))
