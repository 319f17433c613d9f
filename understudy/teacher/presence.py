"""Ends calls to an endpoint that has gone, but whose connections stay open.

A server that was told to end, and does not close its connections, looks like one that takes its
time. What tells them apart is that it refuses new connections. While calls wait, one is tried now
and then; the calls end once it was refused for GRACE_SECONDS, in which a server that ends in order
may still answer.
"""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

LOOK_SECONDS = 5.0
"""Pause between two looks; calls that take less cause none."""
GRACE_SECONDS = 30.0
REFUSED = f"[Errno {errno.ECONNREFUSED}]"


class Presence:
    """The deadlines of the calls in flight, and whether the endpoint is still there."""

    def __init__(self, address: str) -> None:
        url = urlsplit(address)
        self._host, self._port = url.hostname, url.port or (443 if url.scheme == "https" else 80)
        self._deadlines: dict[asyncio.Timeout, float] = {}

    @asynccontextmanager
    async def limited(self, seconds: float) -> AsyncIterator[None]:
        """The block may take so many seconds, and ends early if the endpoint goes away.

        Raises:
            TimeoutError: it ended; it says so where the endpoint has gone.
        """
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(seconds) as deadline:
                self._deadlines[deadline] = started
                try:
                    yield
                finally:
                    is_gone = self._deadlines.pop(deadline, None) is None
        except TimeoutError:
            if is_gone:
                raise TimeoutError(
                    f"no answer: the endpoint takes no connections for {GRACE_SECONDS:g} seconds"
                ) from None
            raise

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """While the block runs, calls end if the endpoint goes away."""
        watcher = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watcher.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        refused_since: float | None = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = loop.time()
            waiting = [one for one, since in self._deadlines.items() if since < now - LOOK_SECONDS]
            if not waiting or not await self._is_refused():
                refused_since = None
            elif refused_since is None:
                refused_since = now
            elif now - refused_since >= GRACE_SECONDS:
                for deadline in waiting:
                    if self._deadlines.pop(deadline, None) is not None:
                        deadline.reschedule(loop.time())

    async def _is_refused(self) -> bool:
        """Whether nobody listens; an unclear answer means no."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError as error:  # some names have several addresses, whose errors come as one
            return isinstance(error, ConnectionRefusedError) or REFUSED in str(error)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return False
