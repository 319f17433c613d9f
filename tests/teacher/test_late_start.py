"""A server that is not there yet when the run begins, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.doubles.teacher import settings
from tests.virtual_time import run
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.errors import EndpointError
from understudy.teacher.preflight import check_endpoint
from understudy.teacher.retries import RetryableError


class Late:
    """An endpoint that refuses connections until a moment of virtual time."""

    address = "http://h/v1/"

    def __init__(self, until: float) -> None:
        self.until, self.calls = until, 0
        models = SimpleNamespace(with_streaming_response=self)
        self.client = SimpleNamespace(models=models)

    @asynccontextmanager
    async def translated_errors(self, seconds: float) -> AsyncIterator[None]:
        yield

    def unreachable(self, reason: str) -> EndpointError:
        return EndpointError(f"{reason}; check the address")

    @asynccontextmanager
    async def list(self) -> AsyncIterator[Any]:
        self.calls += 1
        if asyncio.get_running_loop().time() < self.until:
            raise RetryableError("no answer (Connect call failed ('::1', 8080))", away="surely")

        async def iter_bytes() -> AsyncIterator[bytes]:
            yield b'{"data": []}'

        yield SimpleNamespace(iter_bytes=iter_bytes)


def start_late(until: float, wait: float) -> tuple[Late, float]:
    """Looks for models, and returns the endpoint and the seconds that it took."""
    late = Late(until)

    async def main() -> float:
        teacher = TeacherParams(**settings("http://h/v1", wait_seconds=wait))
        await check_endpoint(cast("Any", late), teacher)
        return asyncio.get_running_loop().time()

    return late, run(main())


def test_a_server_that_starts_a_moment_later_is_waited_for_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    late, seconds = start_late(until=20.0, wait=300.0)
    assert 20 <= seconds < 30
    assert late.calls < 12
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("http://h/v1/: no answer (Connect call failed")
    assert "waiting for the server until" in line


@pytest.mark.parametrize(("wait", "most"), [(300.0, 40.0), (5.0, 10.0), (0.0, 5.0)])
def test_a_wrong_address_is_an_error_within_half_a_minute(
    wait: float, most: float, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> float:
        teacher = TeacherParams(**settings("http://h/v1", wait_seconds=wait))
        with pytest.raises(EndpointError, match=r"check the address"):
            await check_endpoint(cast("Any", Late(1e9)), teacher)
        return asyncio.get_running_loop().time()

    assert run(main()) < most
    assert len(capsys.readouterr().err.splitlines()) == (wait > 0)
