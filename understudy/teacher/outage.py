"""Waits for a server that restarts or loads its model, with one call at a time.

While the server is away, calls rest without using up their retries, and take turns at trying
whether it is back. What comes back from a call that is older than the outage is no sign of life: a
server that shuts down still answers what it has begun.
"""

import asyncio
import math
from collections import Counter
from typing import Any, Literal

from understudy.teacher.errors import EndpointError
from understudy.teacher.retries import RetryableError, backoff
from understudy.teacher.run_context import RunContext
from understudy.teacher.waits import moment

LONGEST_REST = 10.0
"""Seconds between two tries, unless the server asks for more."""
MOST_BEGUN = 3
"""Outages that one request may begin; then it is the request that the server does not stand."""
Verdict = Literal["there", "away", "over"]


class Outage:
    """Knows whether the server is away, and until when it is waited for."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._wait = run.params.wait_seconds
        self._turn = asyncio.Lock()
        self._trying: asyncio.Task[Any] | None = None
        self._back = asyncio.Event()
        self._heard_at = -math.inf
        """Start of the youngest call that a server has answered."""
        self._since = self._until = math.inf
        self._tries = 0
        self._rest = 0.0
        self._said = False
        self._begun = Counter[str]()

    @property
    def away(self) -> bool:
        """Whether calls are to rest."""
        return self._until < math.inf

    async def rest(self) -> bool:
        """Waits while the server is away; True if it is the caller's turn to try.

        Whoever gets True calls `tried` after its attempt.
        """
        me = asyncio.current_task()
        await self._turn.acquire()
        try:
            if self.away:
                async with asyncio.timeout(max(0.0, min(self._rest, self._until - _now()))):
                    await self._back.wait()
            return False
        except TimeoutError:
            self._trying = me
            return True
        finally:
            if self._trying is not me:
                self._turn.release()

    def tried(self) -> None:
        """The caller's attempt has ended; another call may have its turn."""
        if self._is_trying():
            self._trying = None
            self._turn.release()

    def heard(self, started: float) -> None:
        """A call that started then has got some reply from a server."""
        if self.away and started < self._since:
            return
        self._heard_at = max(self._heard_at, started)
        self._since = self._until = math.inf
        self._tries, self._said = 0, False
        self._back.set()

    def judge(self, error: RetryableError, key: str, started: float, oldest: float) -> Verdict:
        """Says what a failed attempt means: `over` if the server was waited for long enough.

        Args:
            error: why it failed.
            key: the request's.
            started: when it began, by the event loop's clock.
            oldest: when the oldest other call in flight began.
        """
        tried = self._is_trying()
        if error.away == "no" or not self._wait:
            if tried or error.pushed_back:
                self.heard(started)
            return "there"
        if not self.away and (started < self._heard_at or self._begun[key] == MOST_BEGUN):
            return "there"
        now = _now()
        self._since = min(self._since, now)
        if error.away == "perhaps" and not self.away and oldest < self._since:
            return "there"  # it may be busy with that one
        if not self.away:
            self._begun[key] += 1
            self._until = now + self._wait
            self._back.clear()
        elif tried and now >= self._until:
            return "over"
        self._plan(error, now, tried)
        return "away"

    def error(self, error: RetryableError) -> EndpointError:
        """Why the run ends when the server does not come back."""
        return EndpointError(
            f"teacher.base_url = {self._run.endpoint.address}: {error.reason}, for "
            f"teacher.wait_seconds = {self._wait:g}; start the server, then type `dvc repro`"
        )

    def _is_trying(self) -> bool:
        return self._trying is not None and self._trying is asyncio.current_task()

    def _plan(self, error: RetryableError, now: float, tried: bool) -> None:
        """Sets the time of the next try; the second failure in a row is told."""
        if self._tries and not tried:
            return  # it was in flight already
        self._tries += 1
        rest = backoff(self._tries, error.pause)
        self._rest = rest if error.pause is not None else min(rest, LONGEST_REST)
        if error.pause is not None:
            self._until = max(self._until, now + self._rest)
        if tried and not self._said:
            self._said = True
            self._run.meter.say(
                f"{self._run.endpoint.address}: {error.reason}; waiting for the server until "
                f"{moment(self._until - now)} (teacher.wait_seconds = {self._wait:g}), "
                "Ctrl-C ends the run"
            )


def _now() -> float:
    return asyncio.get_running_loop().time()
