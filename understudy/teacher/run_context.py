"""One stage's run: what live calls and batches share."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher import lines
from understudy.teacher.budget import Budget
from understudy.teacher.completion import refused_answer
from understudy.teacher.endpoint import Endpoint
from understudy.teacher.errors import (
    BudgetError,
    ComeBackError,
    FailedCallsError,
    TeacherError,
    UselessAnswersError,
)
from understudy.teacher.journal import Journal
from understudy.teacher.meter import Meter
from understudy.teacher.requests import Request
from understudy.teacher.retries import RefusalError, RetryableError
from understudy.teacher.served import Fingerprints
from understudy.teacher.stopping import Stop
from understudy.teacher.tally import Tally
from understudy.teacher.waits import LONGEST_ASKED, LONGEST_TACIT, moment


@dataclass
class RunContext:
    """Where requests go, where answers go, and what they may cost."""

    stage: str
    params: TeacherParams
    requests: Callable[[set[str]], Iterator[Request]]
    """Yields the requests with these keys, each once, in the stage's order."""
    endpoint: Endpoint
    journal: Journal
    budget: Budget
    meter: Meter
    stop: Stop
    tally: Tally
    resting_until: float = -math.inf
    """End of the last wait of minutes that was told, by the monotonic clock."""
    fingerprints: Fingerprints = field(default_factory=Fingerprints)

    async def keep(self, answer: Answer, completion: Any, seconds: float) -> None:
        """Keeps an answer, with the body it was read from; it counts as soon as it is durable."""
        self.tally.add(answer)
        self.fingerprints.take(completion)
        self.stop_if_useless()  # before the next call is sent
        await self.journal.add(lines.answered(answer.request, completion, seconds, batch=False))
        self.meter.answered()
        self.check_disk()

    def check_disk(self) -> None:
        """Stops the run while the reserve on the disk still has room for what is in flight."""
        if self.journal.ledger.reserve.given_back:
            path = self.journal.ledger.path
            self.stop.now(TeacherError(f"{path}: the disk is full; free some space, start again"))

    async def keep_refusal(self, key: str, refusal: RefusalError) -> None:
        """Keeps the endpoint's own refusal of a prompt as its answer."""
        answer = refused_answer(key, self.params.model, refusal.reason)
        self.tally.add(answer)
        if self.params.mode != "batch":  # whose files are read to their end first
            self.stop_if_useless()
        await self.journal.add(lines.recalled(answer, "endpoint"))
        self.meter.answered()

    @property
    def is_useless(self) -> bool:
        """Whether most answers so far cannot be used, after teacher.look_after of them."""
        return self.tally.is_useless(self.params.look_after)

    def stop_if_useless(self) -> None:
        """Stops the run when most of its answers are unusable, before all of them are paid for."""
        if self.is_useless:
            self.stop.now(UselessAnswersError(self.tally.describe(self.params)))

    def count_failure(self, reason: str) -> None:
        """Counts a row that has failed for good; too many of them stop the run."""
        self.meter.failed += 1
        if self.meter.failed > self.params.max_failed * self.meter.total:
            problem = (
                f"{self.meter.failed} of {self.meter.total} rows have failed for good, more than "
                f"teacher.max_failed = {self.params.max_failed:g} allows; the last one: {reason}"
            )
            self.stop.now(FailedCallsError(problem))

    def may_fail(self) -> bool:
        """Whether all rows that are left may fail for good."""
        left = self.meter.total - self.meter.done
        return left <= self.params.max_failed * self.meter.total

    def heed(self, error: RetryableError) -> bool:
        """Stops the run, and returns True, if the endpoint asks for a wait of hours.

        A wait of minutes is told, once for all the calls that are asked for it.
        """
        if error.pause is None or error.pause <= LONGEST_TACIT:
            return False
        if error.pause > LONGEST_ASKED:
            self.stop.now(
                ComeBackError(
                    f"teacher.base_url = {self.endpoint.address}: {error.reason}; the endpoint "
                    f"asks to wait until {moment(error.pause)}; type `dvc repro` then"
                )
            )
            return True
        if time.monotonic() + error.pause > self.resting_until + LONGEST_TACIT:
            self.resting_until = time.monotonic() + error.pause
            self.meter.say(
                f"{self.endpoint.address}: {error.reason}; the endpoint asks to wait until "
                f"{moment(error.pause)}, which this run does"
            )
        return False

    def stop_over_budget(self, request: Request) -> None:
        """Stops the run because the worst case of a request does not fit any more."""
        problem = (
            f"teacher.max_cost_usd = {self.params.max_cost_usd:g}: ${self.budget.spent:.4f} "
            f"are spent, and the next call could cost ${request.worst_usd:.4f}"
        )
        self.stop.now(BudgetError(problem))

    def show(self, pushed_back: int = 0) -> None:
        """Brings the progress line up to date."""
        self.meter.show(self.budget.spent, pushed_back)
