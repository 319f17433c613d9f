"""Lines on their way into the ledger: many calls share one write to the disk.

While one write is on its way, further lines gather for the next, so that waiting for the disk
costs the more calls the less there are.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from understudy.teacher.ledger import Ledger

T = TypeVar("T")


class Journal:
    """Writes to a ledger from an event loop, in order."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._lines: list[bytes] = []
        self._error: Exception | None = None
        self._written: asyncio.Future[None] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    def add(self, line: bytes) -> "asyncio.Future[None]":
        """Takes a line; the future is done when the line is durable, or raises TeacherError."""
        self._lines.append(line)
        if self._written is None:
            self._written = asyncio.get_running_loop().create_future()
            self._written.add_done_callback(_retrieve)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        shielded = asyncio.shield(self._written)  # who waits may be cancelled, the line may not
        shielded.add_done_callback(_retrieve)
        return shielded

    async def run(self, work: Callable[..., T], *given: Any) -> T:
        """Does something else with the ledger, which only the writing thread may use meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)

    async def flush(self) -> None:
        """Returns when all lines are durable.

        Raises:
            TeacherError: some are not.
        """
        while self._writer is not None:
            await asyncio.wait({self._writer})
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Ends the writing thread."""
        self._thread.shutdown()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._written is not None:
            lines, self._lines = self._lines, []
            written, self._written = self._written, None
            try:
                await loop.run_in_executor(self._thread, self.ledger.append, lines)
            except Exception as error:  # noqa: BLE001 - it reaches all who wait
                self._error = self._error or error
                written.set_exception(error)
            else:
                written.set_result(None)
        self._writer = None


def _retrieve(written: "asyncio.Future[None]") -> None:
    """An error that nobody waits for is seen by `flush`; the loop need not warn of it."""
    if not written.cancelled():
        written.exception()
