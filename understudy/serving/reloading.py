"""An application whose place another takes, without a request that is lost in between.

On SIGHUP it is made anew, as at the start: from the model folder as it is then. Requests that have
begun are answered by the old one. If the new one cannot be made, the old one stays.
"""

import asyncio
import gc
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from understudy.core.errors import UnderstudyError, one_line
from understudy.serving.monitoring import Meters, log


class OpenApp(Protocol):
    """Makes a worker's application; with several workers it must be picklable."""

    def __call__(self, *, meters: Meters | None = None) -> Starlette:
        """Loads the model; with the figures of another application, to take its place."""
        ...


class _Acting:
    """An application, and the requests that it has."""

    def __init__(self, app: Starlette) -> None:
        self.app, self._requests = app, 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._life: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)

    async def start(self) -> None:
        await self._life.__aenter__()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        self._idle.clear()
        try:
            await self.app(scope, receive, send)
        finally:
            self._requests -= 1
            if not self._requests:
                self._idle.set()

    async def end(self) -> None:
        await self._idle.wait()
        await self._life.__aexit__(None, None, None)


class Reloadable:
    """An ASGI application in front of the one that acts."""

    def __init__(self, open_app: OpenApp, started: Callable[[], None] = lambda: None) -> None:
        """Makes the first application.

        Args:
            open_app: see there.
            started: is called when it is warm.

        Raises:
            UnderstudyError: it cannot be made.
        """
        self._open_app, self._started = open_app, started
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = asyncio.Event()
        signal.signal(signal.SIGHUP, self._ask)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        self._first = open_app()
        self._acting: _Acting | None = None

    def _ask(self, *_: object) -> None:
        """Asks for another application, also while the first is made of what may be outdated."""
        if self._loop is None:
            self._asked.set()
        else:
            self._loop.call_soon_threadsafe(self._asked.set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request to the application that acts when it comes."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._acting is not None  # noqa: S101 - no request comes before the startup
        await self._acting.answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Starts with the server and ends with it, as ASGI's lifespan has it."""
        await receive()
        self._acting = _Acting(self._first)
        del self._first
        await self._acting.start()
        self._loop = asyncio.get_running_loop()
        reloads = self._loop.create_task(self._reload_when_asked())
        self._started()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        reloads.cancel()
        await self._acting.end()
        await send({"type": "lifespan.shutdown.complete"})

    def stop(self) -> None:
        """Says that it is not ready any more; requests are still answered."""
        if self._acting is not None:
            self._acting.app.state.stop()

    async def _reload_when_asked(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._reload()

    async def _reload(self) -> None:
        old = self._acting
        assert old is not None  # noqa: S101
        try:
            app = await asyncio.to_thread(self._open_app, meters=old.app.state.meters)
            new = _Acting(app)
            await new.start()
        except UnderstudyError as error:
            log("reload_failed", "error", error=one_line(error))
        except Exception as error:  # noqa: BLE001 - whatever a library says of half a folder
            log("reload_failed", "error", error=f"{type(error).__name__}: {one_line(error)[:500]}")
        else:
            self._acting = new
            log("reloaded", model=app.state.model)
            await old.end()
            del old
            gc.collect()  # the old model's memory
