"""A chat endpoint on loopback on a bad day: a share of the calls goes wrong in every known way.

    faulty = Faulty(echo, share=0.3, seed=7)
    with ChatServer(faulty) as server:
        ask(prompts, params(base_url=server.url, timeout_seconds=0.5), ledger, "test")
    assert faulty.faults["hang"] > 0        # how often each kind happened
    assert len(server.paid) == len(prompts) + faulty.faults["cut"]

    Faulty(echo, share=1.0, kinds=("500", "disconnect"), most_per_prompt=2)

    ChatServer(AtFirst(UNBILLED["error200"], times=3))      # each prompt's first calls, by name

What happens to a prompt's first call, its second and so on depends on the seed alone, and not on
the order in which the prompts come.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from tests.doubles.teacher import Call, Reply, Script, echo, refuse, say

_PAGE = b"<!doctype html><html><body><h1>Bad gateway</h1></body></html>"
_REPLIES = {
    "429": refuse(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="5"),
    "500": refuse(500, "The server had an error."),
    "503": refuse(503, "The engine is overloaded."),
    "disconnect": Reply(disconnect=True),
    "nothing": Reply(b"\n", headers={"Content-Type": "text/plain"}),
    "html": Reply(_PAGE, headers={"Content-Type": "text/html; charset=utf-8"}),
    "error_body": Reply({"error": {"message": "At work.", "code": 503}}),
    "hang": Reply(hang=True),
}
CUT = "cut"
"""The one fault that is paid for: the script's reply breaks off in the middle."""
ALL = (*_REPLIES, CUT)

_SOON = {"retry-after-ms": "1"}
UNBILLED = {
    "429": refuse(429, "Rate limit reached", "rate_limit_exceeded", retry_after_ms="1"),
    "429 in words": refuse(429, "Rate limit reached. Please try again in 2ms."),
    "429 list": Reply(b'[{"error": {"code": 429, "message": "Quota"}}]', 429, _SOON),
    "408": refuse(408, "Request timeout", retry_after_ms="1"),
    "409": refuse(409, "Conflict", retry_after_ms="1"),
    "500": refuse(500, "The server had an error", retry_after_ms="1"),
    "502": Reply(_PAGE, 502, {"Content-Type": "text/html", **_SOON}),
    "503": refuse(503, "Loading model", retry_after_ms="1"),
    "529": refuse(529, "Overloaded", retry_after_ms="1"),
    "error200": Reply({"error": {"code": 429, "message": "Upstream is busy"}}, headers=_SOON),
    "error200 text": Reply({"error": "Upstream is busy"}, headers=_SOON),
}
"""Refusals that no endpoint bills, after which the same call may be answered."""
UNKNOWN = {
    "cut": replace(say("x"), broken=True),
    "disconnect": replace(say("x"), disconnect=True),
    "hang": replace(say("x"), hang=True),
    "504": refuse(504, "Gateway timeout", retry_after_ms="1"),
    "524": Reply(_PAGE, 524, _SOON),
}
"""Ends that do not tell whether the call is billed."""


class AtFirst:
    """Gives each prompt's first `times` calls the same reply, and further ones to the script."""

    def __init__(self, reply: Reply, times: int, script: Script = echo) -> None:
        self.reply, self.times, self.script = reply, times, script
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Reply:
        with self._lock:
            self._calls[call.prompt] += 1
            is_first = self._calls[call.prompt] <= self.times
        return self.reply if is_first else self.script(call)


class Faulty:
    """Lets `share` of the calls go wrong, and at most `most_per_prompt` of one prompt."""

    def __init__(
        self,
        script: Script,
        share: float = 0.3,
        seed: int = 1,
        kinds: Sequence[str] = ALL,
        most_per_prompt: int = 3,
    ) -> None:
        self.script, self.share, self.seed = script, share, seed
        self.kinds, self.most_per_prompt = tuple(kinds), most_per_prompt
        self.faults: Counter[str] = Counter()
        """How often each kind happened."""
        self._calls: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Reply:
        kind = self._draw(call.prompt)
        if kind is None:
            return self.script(call)
        return replace(self.script(call), broken=True) if kind == CUT else _REPLIES[kind]

    def _draw(self, prompt: str) -> str | None:
        """The kind of fault of a prompt's next call, if it is one."""
        with self._lock:
            self._calls[prompt] += 1
            chance = random.Random(f"{self.seed} {self._calls[prompt]} {prompt}")
            if self._faults[prompt] >= self.most_per_prompt or chance.random() >= self.share:
                return None
            kind = chance.choice(self.kinds)
            self._faults[prompt] += 1
            self.faults[kind] += 1
            return kind
