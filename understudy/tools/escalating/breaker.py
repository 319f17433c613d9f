"""A circuit breaker: while a teacher is down, calls fail at once, but for one that tries it."""

import asyncio

from understudy.teacher.errors import EndpointError

FAILURES = 3
"""Calls in a row that come to nothing before the teacher counts as down."""
REST_SECONDS = 5.0
"""One call in so many seconds tries whether it is back."""


class Probe:
    """Says of one question whether it tries the teacher."""

    def __init__(self) -> None:
        self.is_on = False


class Breaker:
    """Counts failures in a row; times are the event loop's."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._failures, self._rests_until = 0, 0.0

    def check(self, probe: Probe) -> None:
        """Lets a question through.

        Raises:
            EndpointError: the teacher is down, and not yet tried again.
        """
        if self._failures < FAILURES or probe.is_on:
            return
        now = asyncio.get_running_loop().time()
        if now < self._rests_until:
            raise EndpointError(
                f"teacher.base_url = {self._address}: its last {self._failures} calls have failed; "
                "it is tried again in some seconds"
            )
        probe.is_on, self._rests_until = True, now + REST_SECONDS

    def fail(self, count: int = 1) -> None:
        """So many calls have come to nothing."""
        self._failures += count
        self._rests_until = asyncio.get_running_loop().time() + REST_SECONDS

    def reset(self) -> None:
        """The teacher has answered."""
        self._failures = 0
