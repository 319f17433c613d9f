"""Rate limits for the chat endpoint on loopback, as exact as no real endpoint's.

    limit = SlidingLimit(echo, per_minute=20, window=0.5)   # 20 in every half second, not 10
    with ChatServer(limit) as server:
        ask(prompts, params(base_url=server.url), ledger, "test")
    assert (limit.allowed, limit.refused) == (len(prompts), 0)

    ChatServer(TokenLimit(echo, per_minute=10_000, headers=False, retry_after=False))
    ChatServer(SlidingLimit(TokenLimit(echo, 10_000), 500))  # both, as real endpoints have

A limit is a script around another. What it refuses counts for nothing; no `window` seconds ever
hold more than the limit, wherever they begin.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.doubles.teacher import Call, Reply, Script, refuse


@dataclass(frozen=True)
class _Verdict:
    """Whether a call is let in, or after how many seconds it would be, and what is left then."""

    wait: float
    headers: Mapping[str, str]


class SlidingLimit:
    """Lets in `per_minute` requests in every `window` seconds and refuses the others with 429."""

    unit = "requests"

    def __init__(
        self,
        script: Script,
        per_minute: int,
        window: float = 60.0,
        *,
        headers: bool = True,
        retry_after: bool = True,
    ) -> None:
        self.script, self.limit, self.window = script, per_minute, window
        self.headers, self.retry_after = headers, retry_after
        self.allowed = self.refused = 0
        """Calls."""
        self._taken: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Reply:
        verdict = self._judge(1)
        reply = self._refusal(verdict) if verdict.wait else self.script(call)
        return self._label(reply, verdict)

    def _judge(self, weight: int) -> _Verdict:
        """Takes `weight` off what is left, if that much is."""
        with self._lock:
            now = time.monotonic()
            while self._taken and self._taken[0][0] <= now - self.window:
                self._taken.popleft()
            wait = self._find_wait(weight, now)
            if wait:
                self.refused += 1
            else:
                self.allowed += 1
                self._taken.append((now, weight))
            return _Verdict(wait, self._describe(now))

    def _find_wait(self, weight: int, now: float) -> float:
        """Seconds until `weight` fits; what never fits may as well come back in a window."""
        excess = self._count() + weight - self.limit
        if excess <= 0:
            return 0.0
        for then, taken in self._taken:
            excess -= taken
            if excess <= 0:
                return max(then + self.window - now, 0.001)
        return self.window

    def _count(self) -> int:
        return sum(weight for _, weight in self._taken)

    def _describe(self, now: float) -> dict[str, str]:
        reset = self._taken[-1][0] + self.window - now if self._taken else 0.0
        return {
            f"x-ratelimit-limit-{self.unit}": str(self.limit),
            f"x-ratelimit-remaining-{self.unit}": str(self.limit - self._count()),
            f"x-ratelimit-reset-{self.unit}": duration(reset),
        }

    def _refusal(self, verdict: _Verdict) -> Reply:
        milliseconds = math.ceil(verdict.wait * 1000)
        told = {"retry_after_ms": str(milliseconds)} if self.retry_after else {}
        message = f"Rate limit reached for double on {self.unit} per min: Limit {self.limit}."
        return refuse(429, message, "rate_limit_exceeded", **told)

    def _label(self, reply: Reply, verdict: _Verdict) -> Reply:
        headers = verdict.headers if self.headers else {}
        return replace(reply, headers={**reply.headers, **headers})


class TokenLimit(SlidingLimit):
    """Lets in replies of `per_minute` tokens in every `window` seconds.

    The script is asked for every call, as only its reply tells the tokens; a reply that does not
    fit is thrown away, and a limit inside of this one has counted it.
    """

    unit = "tokens"

    def __call__(self, call: Call) -> Reply:
        reply = self.script(call)
        verdict = self._judge(int(reply.usage.get("total_tokens", 0)))
        return self._label(self._refusal(verdict) if verdict.wait else reply, verdict)


def duration(seconds: float) -> str:
    """A time as the API's headers word it: `17ms`, `2.5s`, `1m2.5s`, `6m0s`, `1h0m0s`."""
    milliseconds = math.ceil(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    large = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{large}{rest / 1000:g}s"
