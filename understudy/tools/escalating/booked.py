"""One call: booked before it is sent, and settled whatever becomes of it.

The ledger has a call before it leaves, and how it ended before that counts.
"""

import asyncio

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher import lines
from understudy.teacher.completion import read_completion, refused_answer
from understudy.teacher.endpoint import Endpoint
from understudy.teacher.errors import EndpointError, LateAnswerError, QuestionError, TeacherError
from understudy.teacher.journal import Journal
from understudy.teacher.live import BYTES_A_TOKEN
from understudy.teacher.money import charge_usd
from understudy.teacher.pace import Pace, Ticket
from understudy.teacher.requests import Request
from understudy.teacher.retries import RefusalError, RetryableError, RowError
from understudy.tools.escalating.daily import Claim, DayBudget

STAGE = "serve"
"""What the ledger calls the work that the calls are of."""


class BookedCalls:
    """Makes calls at the endpoint's pace, within the cap of the day."""

    def __init__(
        self, params: TeacherParams, journal: Journal, endpoint: Endpoint, days: DayBudget
    ) -> None:
        self.days, self.changed = days, asyncio.Event()
        self._params, self._journal, self._endpoint = params, journal, endpoint
        self._pace = Pace(params)

    async def claim(self, request: Request) -> Claim:
        """Books a call, see `DayBudget.claim`."""
        return await self._journal.run(self.days.claim, request.key, request.worst_usd)

    async def settle(self, claim: Claim, usd: float | None) -> None:
        """Books what a call has cost, None where nobody knows; `changed` tells who waits."""
        if claim.state != "held":
            return
        if usd is None:
            await self._journal.run(self.days.lose, claim)
        else:
            await self._journal.run(self.days.settle, claim, usd)
        self.changed.set()
        self.changed = asyncio.Event()

    async def make(self, request: Request, claim: Claim, deadline: float) -> Answer:
        """Makes a call that is booked.

        Args:
            request: what is sent.
            claim: ends here.
            deadline: by the event loop's clock; the call does not leave later.

        Raises:
            RetryableError: it may go better next time.
            LateAnswerError: it could not leave in time.
            QuestionError, EndpointError: see `Desk.answer`.
            TeacherError: the disk is full.
        """
        ticket = await self._start(request, claim, deadline)
        try:
            completion, headers, seconds = await self._endpoint.complete(request)
        except RetryableError as error:
            await self._note_failure(request, claim, ticket, error)
            raise
        except (RefusalError, RowError, EndpointError) as error:
            self._pace.failed()
            return await self._take_refusal(request, claim, error)
        except BaseException:
            self._pace.failed()
            raise
        answer = read_completion(request.key, completion, batch=False)
        self._pace.observe(headers)
        self._pace.answered(ticket, answer.prompt_tokens + answer.completion_tokens)
        cost = charge_usd(answer, request.worst_usd, self._params.prices)
        line = lines.answered(request.key, completion, seconds, batch=False)
        await self._end(line, claim, cost)
        return answer

    async def _start(self, request: Request, claim: Claim, deadline: float) -> Ticket:
        """Waits for the call's place in the pace, and makes the ledger know of it."""
        ticket = await self._pace.admit(len(request.canonical) / BYTES_A_TOKEN)
        try:
            if asyncio.get_running_loop().time() >= deadline:
                raise LateAnswerError("the call could not be sent in time")
            await self._journal.add(lines.sent(request.key, request.canonical, STAGE))
        except TeacherError:
            self._pace.failed()
            await self.settle(claim, 0.0)
            raise
        except BaseException:
            self._pace.failed()
            raise
        return ticket

    async def _note_failure(
        self, request: Request, claim: Claim, ticket: Ticket, error: RetryableError
    ) -> None:
        """Books what an attempt without an answer may have cost."""
        if error.pushed_back:
            self._pace.refused(ticket, error.pause)
        else:
            self._pace.failed(ticket)
        if error.maybe_billed:
            await self._end(lines.lost(request.key, error.reason), claim, None)
        else:
            await self._end(lines.unbilled(request.key, error.reason), claim, 0.0)

    async def _take_refusal(self, request: Request, claim: Claim, error: Exception) -> Answer:
        """An answer, where the endpoint's filter refuses the prompt; none of them is billed."""
        if isinstance(error, RefusalError):
            answer = refused_answer(request.key, self._params.model, error.reason)
            await self._end(lines.recalled(answer, "endpoint"), claim, 0.0)
            return answer
        said = error.reason if isinstance(error, RowError) else str(error)
        await self._end(lines.failed(request.key, said), claim, 0.0)
        if isinstance(error, RowError):
            raise QuestionError(f"the endpoint refuses this question: {said}")
        raise error

    async def _end(self, line: bytes, claim: Claim, usd: float | None) -> None:
        """Keeps how a call has ended; what the disk does not take counts at its worst case."""
        try:
            await self._journal.add(line)
        except TeacherError:
            await self.settle(claim, None)
            raise
        await self.settle(claim, usd)
