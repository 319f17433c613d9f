"""What ends a run early: an error, Ctrl-C or SIGTERM, or the end of the process that started it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from understudy.core.parent_watch import ParentWatch
from understudy.teacher.errors import StoppedError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_SECONDS = 1.0


class Stop:
    """Tells a run to start no further call, and why."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self._asked = asyncio.Event()
        self._hurry = asyncio.Event()

    def __bool__(self) -> bool:
        return self.error is not None

    def now(self, error: BaseException) -> None:
        """Stops the run; the first reason stays."""
        if self.error is None:
            self.error = error
        self._asked.set()

    async def wait(self) -> None:
        """Returns when the run is to stop."""
        await self._asked.wait()

    async def wait_hurry(self) -> None:
        """Returns when the run is told to stop a second time."""
        await self._hurry.wait()

    async def interrupt(self, work: Coroutine[Any, Any, None]) -> None:
        """Waits for some work, but no longer than until the run is to stop."""
        working, asked = asyncio.create_task(work), asyncio.create_task(self.wait())
        await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if working.done():
            await working
        working.cancel()
        await asyncio.gather(working, asked, return_exceptions=True)

    def heard(self, number: int) -> None:
        """Handles a signal: the first stops sending, the second the wait for answers."""
        if self:
            self._hurry.set()
        self.now(StoppedError(f"stopped by {signal.Signals(number).name}"))


@asynccontextmanager
async def watched(stop: Stop) -> AsyncIterator[None]:
    """While the block runs, signals and the death of our parent process stop it."""
    loop = asyncio.get_running_loop()
    detached = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup
    heeded = [number for number in SIGNALS if not (detached and number == signal.SIGHUP)]
    for number in heeded:
        with suppress(RuntimeError, ValueError):  # not in the main thread: nobody sends us any
            loop.add_signal_handler(number, stop.heard, number)
    watcher = asyncio.create_task(_watch_parent(stop))
    try:
        yield
    finally:
        watcher.cancel()
        for number in heeded:
            with suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(number)


async def _watch_parent(stop: Stop) -> None:
    parent_watch = ParentWatch()
    while parent_watch.alive():
        await asyncio.sleep(LOOK_SECONDS)
    stop.now(StoppedError("the process that started this one is gone"))
