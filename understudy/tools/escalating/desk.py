"""Answers single questions while a server runs, each paid for once, for ever.

In:  a question, and the seconds in which its answer is of use.
Out: its answer: from the ledger, also where a stage or another worker has just asked it, or from
     the endpoint, within the cap of the day (see understudy.tools.escalating.daily).

Equal questions share one call. A call that was sent goes on when nobody waits for it any more: it
is paid for, and whoever asks again has its answer. A stage may ask the same teacher meanwhile; only
the same question in the same moment would be paid for twice.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import ParamsError
from understudy.teacher import lines
from understudy.teacher.endpoint import Endpoint, open_endpoint
from understudy.teacher.errors import (
    DailyCapError,
    EndpointError,
    LateAnswerError,
    MissingAnswerError,
    QuestionError,
    TeacherError,
)
from understudy.teacher.journal import Journal
from understudy.teacher.ledger import Ledger
from understudy.teacher.money import worst_case_usd
from understudy.teacher.preflight import check_endpoint
from understudy.teacher.requests import Question, Request, build_requests
from understudy.teacher.retries import RetryableError, backoff
from understudy.teacher.served import OtherModelError, as_last_served, note_served
from understudy.tools.escalating.booked import BookedCalls
from understudy.tools.escalating.breaker import FAILURES, Breaker, Probe
from understudy.tools.escalating.daily import Claim, DayBudget

LOOK_SECONDS = 0.1
"""Pause between two looks at what other workers have on their way."""
DRAIN_SECONDS = 10.0
"""How long calls that were sent are waited for at the end."""


@dataclass
class _Asked:
    """A question on its way."""

    question: Question
    deadline: float
    """Until when somebody waits, by the event loop's clock: no attempt begins after it."""
    answer: "asyncio.Task[Answer] | None" = None
    probe: Probe = field(default_factory=Probe)


class Desk:
    """Asks one teacher; belongs to one event loop. See `open_desk`."""

    def __init__(
        self, params: TeacherParams, ledger: Ledger, endpoint: Endpoint, days: DayBudget
    ) -> None:
        self.days = days
        self._params, self._ledger, self._endpoint = params, ledger, endpoint
        self._journal = Journal(ledger)
        self._calls = BookedCalls(params, self._journal, endpoint, days)
        self._breaker = Breaker(endpoint.address)
        self._asked: dict[str, _Asked] = {}
        self._checking, self._checked = asyncio.Lock(), False

    async def answer(self, question: Question, seconds: float) -> Answer:
        """Answers a question; a prompt that the endpoint's filter refuses has an answer, too.

        Raises:
            LateAnswerError: not in so many seconds.
            DailyCapError: the cap of the day does not allow the call.
            QuestionError: the endpoint refuses this question alone.
            EndpointError: the endpoint is down, or refuses every call.
            TeacherError: anything else, such as a full disk.
        """
        asked = self._ask(question, _now() + seconds)
        assert asked.answer is not None  # noqa: S101 - `_ask` has set it
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(asked.answer)
        except TimeoutError:
            raise LateAnswerError(f"no answer within {seconds:g} s") from None

    def _ask(self, question: Question, deadline: float) -> _Asked:
        """Joins those who wait for the same answer, or begins."""
        key = self._request(question).key
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = _Asked(question, deadline)
            asked.answer = asyncio.create_task(self._find(asked))
            asked.answer.add_done_callback(lambda done: self._forget(key, done))
        asked.deadline = max(asked.deadline, deadline)
        return asked

    def _forget(self, key: str, done: "asyncio.Task[Answer]") -> None:
        del self._asked[key]
        if not done.cancelled():
            done.exception()  # who waits has it; perhaps nobody does

    def _request(self, question: Question) -> Request:
        return next(build_requests([question], self._params))

    async def _find(self, asked: _Asked) -> Answer:
        """Looks the answer up, or gets it."""
        known = await self._look(self._request(asked.question).key)
        if known is not None:
            return known
        if self._params.mode == "replay":
            raise MissingAnswerError(
                f"teacher.mode = replay: an answer is not in {self._ledger.path}; set "
                "teacher.mode: live to ask for it"
            )
        await self._check(asked.probe)
        request = self._request(asked.question)  # another model may have been found
        try:
            answer = await self._get(request, asked)
        except EndpointError:
            self._breaker.fail()
            raise
        except QuestionError:
            self._breaker.reset()
            raise
        self._breaker.reset()
        return answer

    async def _get(self, request: Request, asked: _Asked) -> Answer:
        """Makes attempts until the answer is there or nobody waits."""
        attempt = 1
        while True:
            claim = await self._calls.claim(request)
            # Only now: who had the claim before has put the answer there first.
            known = await self._look(request.key)
            if known is not None:
                await self._calls.settle(claim, 0.0)
                return known
            if claim.state != "held":
                await self._wait_for_room(claim, request, asked.deadline)
                continue
            try:
                return await self._calls.make(request, claim, asked.deadline)
            except RetryableError as error:
                pause = backoff(attempt, error.pause)
                if attempt > self._params.max_retries or _now() + pause > asked.deadline:
                    await self._journal.add(lines.failed(request.key, error.reason))
                    raise self._unreachable(error.reason) from None
                await asyncio.sleep(pause)
                self._breaker.check(asked.probe)
                attempt += 1

    def _unreachable(self, reason: str) -> EndpointError:
        return EndpointError(f"teacher.base_url = {self._endpoint.address}: {reason}")

    async def _look(self, key: str) -> Answer | None:
        """The answer that any process has put into the ledger."""

        def read() -> Answer | None:
            self._ledger.refresh()
            return self._ledger.answer(key)

        try:
            return await self._journal.run(read)
        except OSError as error:
            raise TeacherError(f"{self._ledger.path}: cannot be read ({error})") from None

    async def _check(self, probe: Probe) -> None:
        """Before the first call: is anybody there, and which model?"""
        self._breaker.check(probe)
        async with self._checking:
            if self._checked:
                return
            self._breaker.check(probe)  # others may have found out meanwhile
            impatient = self._params.model_copy(update={"wait_seconds": 0.0})
            try:
                await check_endpoint(self._endpoint, impatient)
            except EndpointError:
                self._breaker.fail(FAILURES)
                raise
            model, ledger = self._endpoint.model, self._ledger
            try:
                await self._journal.run(note_served, model, self._params, ledger)
            except OtherModelError:
                self._params = await self._journal.run(as_last_served, self._params, ledger)
            self._checked = True

    async def _wait_for_room(self, claim: Claim, request: Request, deadline: float) -> None:
        """Waits until something on its way has ended, here or in another worker."""
        is_over = _now() >= deadline
        if claim.state == "full" or (claim.state == "waits" and is_over):
            raise DailyCapError(
                f"serve.max_cost_usd: ${self.days.spent_usd:.4f} of this day are spent or on their "
                f"way, and the next call could cost ${request.worst_usd:.4f}; raise it, or wait "
                "until midnight UTC"
            )
        if is_over:
            raise LateAnswerError("another worker has asked the same, and has no answer yet")
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._calls.changed.wait()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Waits a little for what was sent; the rest stays booked at its worst case."""
        tasks = [one.answer for one in self._asked.values() if one.answer is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._journal.close)


@asynccontextmanager
async def open_desk(
    params: TeacherParams,
    ledger_path: Path,
    cap_usd: float | None,
    today: Callable[[], date] = lambda: datetime.now(UTC).date(),
) -> AsyncIterator[Desk]:
    """Opens the ledger, the day's book and the endpoint; nothing is sent yet.

    Args:
        params: the section `teacher`; its mode batch counts as live.
        ledger_path: where answers are kept.
        cap_usd: US dollars that calls may cost a day; None for no cap.
        today: the day by UTC.

    Raises:
        MissingKeyError: the key is not in the environment.
        TeacherError: one of the files cannot be used.
    """
    if params.mode == "batch":
        params = params.model_copy(update={"mode": "live"})
    path = ledger_path.with_name(f"{ledger_path.name}.days")
    with Ledger(ledger_path) as ledger:
        days = DayBudget(path, cap_usd, today)
        try:
            params = as_last_served(params, ledger)
            async with open_endpoint(params) as endpoint:
                desk = Desk(params, ledger, endpoint, days)
                try:
                    yield desk
                finally:
                    await desk.close()
        finally:
            days.close()


def check_cap(params: TeacherParams, cap_usd: float | None) -> None:
    """Refuses a cap of the day that nothing could hold.

    Raises:
        ParamsError: nothing bounds what one answer costs.
    """
    if cap_usd is not None and worst_case_usd(0, params) == math.inf:
        raise ParamsError(
            f"serve.max_cost_usd = {cap_usd:g}: a cap needs teacher.request.max_completion_tokens "
            "(or max_tokens): without it one answer may cost anything"
        )


def _now() -> float:
    return asyncio.get_running_loop().time()
