"""Asks for what is missing, one call a request, as fast as the endpoint takes.

A call is in the ledger before it is sent, and its answer before it counts. When the run is to end
early, no call starts any more, and those in flight have DRAIN_SECONDS to come in.
"""

import asyncio
import math
from dataclasses import dataclass
from typing import Any, cast

from understudy.contract.answers import Answer
from understudy.teacher import lines
from understudy.teacher.completion import read_completion
from understudy.teacher.errors import EndpointError
from understudy.teacher.outage import Outage
from understudy.teacher.pace import Pace, Ticket
from understudy.teacher.requests import Request
from understudy.teacher.retries import RefusalError, RetryableError, RowError, backoff
from understudy.teacher.run_context import RunContext

DRAIN_SECONDS = 30.0
BYTES_A_TOKEN = 4
AT_REST = 4
"""Calls that wait for their next attempt, per call that may be in flight."""


@dataclass
class AttemptError(Exception):
    """An attempt without an answer."""

    error: RetryableError
    excused: bool
    """It counts as no retry: the server is away, or the run ends."""
    for_good: bool
    """There is no further attempt in this run."""


class LiveRun:
    """One stage's calls."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._pace = Pace(run.params)
        self._slots = asyncio.Semaphore(run.params.concurrency * AT_REST)
        self._calls: set[asyncio.Task[None]] = set()
        self._outage = Outage(run)
        self._flying: dict[asyncio.Task[Any], float] = {}
        """Calls in flight, with their starts by the event loop's clock."""

    async def run(self, missing: set[str]) -> None:
        """Makes the calls with the missing keys, until all are done or the run is stopped."""
        work = asyncio.create_task(self._start_all(missing))
        stopped = asyncio.create_task(self._run.stop.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if self._run.stop:
            work.cancel()
            await self._drain()
        stopped.cancel()
        await asyncio.gather(work, stopped, return_exceptions=True)

    async def _start_all(self, missing: set[str]) -> None:
        try:
            for request in self._run.requests(missing):
                await self._start(request)
                if self._run.stop:
                    return
            while self._calls:
                await asyncio.wait(self._calls)
        except Exception as error:  # noqa: BLE001 - it ends the run, and `ask` raises it
            self._run.stop.now(error)

    async def _start(self, request: Request) -> None:
        await self._slots.acquire()
        if not await self._run.budget.reserve(request):
            self._slots.release()
            self._run.stop_over_budget(request)
            return
        call = asyncio.create_task(self._ask(request))
        self._calls.add(call)
        call.add_done_callback(self._finish)

    def _finish(self, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self._flying.pop(call, None)
        self._slots.release()
        if not call.cancelled() and (error := call.exception()):
            self._run.stop.now(error)

    async def _drain(self) -> None:
        """Keeps what is in flight, within bounds."""
        for call in self._calls - self._flying.keys():
            call.cancel()
        hurry = asyncio.create_task(self._run.stop.wait_hurry())
        drained = asyncio.create_task(self._land())
        await asyncio.wait(
            {hurry, drained}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        rest = [hurry, drained, *self._calls]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _land(self) -> None:
        while self._flying:
            await asyncio.wait(set(self._flying))

    async def _ask(self, request: Request) -> None:
        """Makes attempts until there is an answer or no hope."""
        key, run, attempt = request.key, self._run, 1
        while True:
            try:
                await self._attempt(request, last=attempt > run.params.max_retries)
            except AttemptError as failed:
                if not await self._may_retry(failed, request):
                    return
                if not failed.excused:
                    await asyncio.sleep(backoff(attempt, failed.error.pause))
                    attempt += 1
            except RowError as error:
                run.budget.release(key)
                await run.journal.add(lines.failed(key, error.reason))
                return
            except EndpointError as error:
                await run.journal.add(lines.failed(key, str(error)))
                raise
            else:
                return

    async def _may_retry(self, failed: AttemptError, request: Request) -> bool:
        """Books what an attempt without an answer may have cost, and decides on the next one."""
        run, error, key = self._run, failed.error, request.key
        run.show(self._pace.pushed_back)
        if error.maybe_billed:
            await run.journal.add(lines.lost(key, error.reason))
            run.budget.lose(key)
        else:
            run.budget.release(key)
            if not failed.for_good:
                await run.journal.add(lines.unbilled(key, error.reason))
        if failed.for_good:
            await run.journal.add(lines.failed(key, error.reason))
            return False
        if run.stop:
            return False
        if not await run.budget.reserve(request):
            run.stop_over_budget(request)
            return False
        return True

    async def _attempt(self, request: Request, last: bool) -> None:
        try:
            completion, answer, seconds = await self._send(request, last)
        except RefusalError as refusal:
            self._run.budget.release(request.key)
            await self._run.keep_refusal(request.key, refusal)
        else:
            self._run.budget.charge(answer)
            await self._run.keep(answer, completion, seconds)
        self._run.show(self._pace.pushed_back)

    async def _send(self, request: Request, last: bool) -> tuple[Any, Answer, float]:
        """Makes one call at the endpoint's pace.

        Whatever stops the run does so before the call's slot is free for the next one.

        Returns:
            The answer as it came, as we read it, and the seconds it took.

        Raises:
            AttemptError: it may go better next time.
        """
        ticket = await self._admit(request)
        me = cast("asyncio.Task[Any]", asyncio.current_task())
        self._flying[me] = ticket.started
        try:
            await self._announce(request)
            completion, headers, seconds = await self._run.endpoint.complete(request)
            answer = read_completion(request.key, completion, batch=False)
        except RetryableError as error:
            del self._flying[me]
            raise self._judge(error, request, ticket, last) from None
        except BaseException as error:
            if isinstance(error, RowError):
                self._run.count_failure(error.reason)
            elif isinstance(error, Exception) and not isinstance(error, RefusalError):
                self._run.stop.now(error)
            if isinstance(error, Exception):
                self._outage.heard(ticket.started)
            self._pace.failed()
            raise
        finally:
            self._outage.tried()
        self._outage.heard(ticket.started)
        self._pace.observe(headers)
        self._pace.answered(ticket, answer.prompt_tokens + answer.completion_tokens)
        return completion, answer, seconds

    async def _admit(self, request: Request) -> Ticket:
        """Waits until the endpoint is there, and for the call's place in its pace."""
        while True:
            ticket = await self._pace.admit(len(request.question.text) / BYTES_A_TOKEN)
            try:
                if self._run.stop:
                    raise asyncio.CancelledError
                if not self._outage.away:
                    return ticket
                if await self._outage.rest():
                    ticket.started = asyncio.get_running_loop().time()
                    return ticket
            except BaseException:
                self._pace.failed()
                raise
            self._pace.failed()

    async def _announce(self, request: Request) -> None:
        """Makes the ledger know of a call, which does not leave if the run is stopped meanwhile."""
        journal, key = self._run.journal, request.key
        try:
            await journal.add(lines.sent(key, request.canonical, self._run.stage))
            if self._run.stop:
                raise asyncio.CancelledError
        except asyncio.CancelledError:
            journal.add(lines.unbilled(key, "stopped before it was sent"))
            raise

    def _judge(
        self, error: RetryableError, request: Request, ticket: Ticket, last: bool
    ) -> AttemptError:
        """Tells the pace and the run of a failed attempt, and says how it counts."""
        run, oldest = self._run, min(self._flying.values(), default=math.inf)
        too_long = run.heed(error)
        verdict = self._outage.judge(error, request.key, ticket.started, oldest)
        if verdict == "over" and not run.may_fail():
            run.stop.now(self._outage.error(error))
            verdict = "away"
        excused = too_long or verdict == "away"
        for_good = not excused and (last or verdict == "over")
        if for_good:
            run.count_failure(error.reason)
        if error.pushed_back and verdict == "there":
            self._pace.refused(ticket, error.pause)
        else:
            self._pace.failed(ticket if verdict == "there" else None)
        return AttemptError(error, excused, for_good)
