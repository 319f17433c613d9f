"""Counts what a stage's answers took: calls, tokens and seconds, without any price."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from understudy.contract.answered import CallCounts, Tokens
from understudy.contract.answers import STRIPPED, Answer, normal_word
from understudy.teacher.requests import digest


@dataclass
class _TokenSum:
    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def add(self, answer: Answer) -> None:
        self.calls += 1
        self.prompt_tokens += answer.prompt_tokens
        self.cached_tokens += answer.cached_tokens
        self.completion_tokens += answer.completion_tokens

    def describe(self) -> Tokens:
        return Tokens(**vars(self))


class CallTally:
    """Takes answers one by one; equal requests share one answer, which is counted once."""

    def __init__(self) -> None:
        self._rows = self._unusable = self._failed = 0
        self._seen: set[bytes] = set()
        self._models: set[str] = set()
        self._ways = {"live": _TokenSum(), "batch": _TokenSum(), "logged": _TokenSum()}
        self._metered = self._reasoning = self._stripped = 0
        self._words: Counter[str] = Counter()
        self._seconds: list[float] = []

    def add_row(self, *, usable: bool, failed: bool) -> None:
        """Counts a row that was asked about."""
        self._rows += 1
        self._unusable += not usable
        self._failed += failed

    def add_answer(self, answer: Answer) -> None:
        """Counts an answer, unless it is a failed call, or that of a request that was counted."""
        if answer.error or (key := digest(answer.request)) in self._seen:
            return
        self._seen.add(key)
        self._models.add(answer.model)
        way = "logged" if answer.origin else "batch" if answer.batch else "live"
        self._ways[way].add(answer)
        self._metered += bool(answer.prompt_tokens or answer.completion_tokens)
        self._reasoning += answer.reasoning_tokens
        self._stripped += answer.reading == STRIPPED
        self._words[normal_word(answer.finish_reason)] += 1
        if answer.seconds is not None:
            self._seconds.append(answer.seconds)

    def describe(self) -> CallCounts:
        """All counts so far."""
        seconds = self._seconds
        median, p95 = np.percentile(seconds, (50, 95)) if seconds else (None, None)
        return CallCounts(
            model=", ".join(sorted(self._models - {""})),
            rows=self._rows,
            calls=len(self._seen),
            imported=self._ways["logged"].calls,
            metered=self._metered,
            unusable=self._unusable,
            failed=self._failed,
            **{name: way.describe() for name, way in self._ways.items()},
            reasoning_tokens=self._reasoning,
            reasoning_stripped=self._stripped,
            finish_reasons=dict(sorted(self._words.items())),
            timed=len(seconds),
            seconds_median=median,
            seconds_p95=p95,
        )
