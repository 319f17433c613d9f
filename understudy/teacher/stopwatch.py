"""How long an endpoint takes for a call, without what this process adds to it.

A call is timed from its first byte out, or from the start of connecting where it opens a
connection, to the last byte of its answer, as aiohttp sees them. Waiting for a free connection,
and the turn of other calls in the event loop before and after, are not in it. A call through a
proxy, which aiohttp does not send, is timed as a whole; it never waits for a connection, as there
are as many as calls (`open_endpoint`).
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import aiohttp
    import httpx2


class Stopwatch:
    """The start and the end of a call, by the monotonic clock in seconds."""

    def __init__(self) -> None:
        self._started, self._ended = time.monotonic(), 0.0
        self._is_sent = False

    @property
    def seconds(self) -> float:
        """From start to end, once the call has ended."""
        return self._ended - self._started

    def restart(self) -> None:
        """A request begins; a redirected one begins again."""
        self._is_sent, self._ended = False, 0.0

    def send(self) -> None:
        """The request leaves, if it has not before."""
        if not self._is_sent:
            self._is_sent, self._started = True, time.monotonic()

    def end(self) -> None:
        """The answer is here, if it was not before."""
        self._ended = self._ended or time.monotonic()


_current: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)


@contextmanager
def timing() -> Iterator[Stopwatch]:
    """Times the call within the block, the last one if there are several."""
    watch = Stopwatch()
    token = _current.set(watch)
    try:
        yield watch
        watch.end()
    finally:
        _current.reset(token)


def time_calls(client: "httpx2.AsyncClient") -> None:
    """Makes the `openai` package's aiohttp client tell when bytes go out and come in."""
    transport = cast("Any", client)._transport  # it takes no session from outside
    session = transport.client = transport.get_client()
    session.trace_configs.append(trace())


def trace() -> "aiohttp.TraceConfig":
    """What aiohttp calls on the way of a request, in the task that sends it."""
    import aiohttp

    async def restart(*_: object) -> None:
        if watch := _current.get():
            watch.restart()

    async def send(*_: object) -> None:
        if watch := _current.get():
            watch.send()

    async def end(_: object, __: object, params: aiohttp.TraceRequestEndParams) -> None:
        if watch := _current.get():
            params.response.content.on_eof(watch.end)
            await asyncio.sleep(0)  # answers that came with this one are timed before it is read

    config = aiohttp.TraceConfig()
    config.on_request_start.append(restart)
    config.on_connection_create_start.append(send)
    config.on_request_chunk_sent.append(send)
    config.on_request_end.append(end)
    config.freeze()
    return config
