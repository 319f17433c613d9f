"""Asks for what is missing, one call a request, as fast as the endpoint takes.

A call is in the ledger before it is sent, and its answer before it counts. When the run is to end
early, no call starts any more, and those in flight have DRAIN_SECONDS to come in.
"""

import asyncio
import itertools
import time
from typing import Any, cast

from understudy.contract.answers import Answer
from understudy.teacher import lines
from understudy.teacher.completion import read_completion
from understudy.teacher.errors import EndpointError
from understudy.teacher.pace import Pace
from understudy.teacher.requests import Request
from understudy.teacher.retries import RefusalError, RetryableError, RowError, backoff
from understudy.teacher.run_context import RunContext

DRAIN_SECONDS = 30.0
BYTES_A_TOKEN = 4
AT_REST = 4
"""Calls that wait for their next attempt, per call that may be in flight."""


class LiveRun:
    """One stage's calls."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._pace = Pace(run.params)
        self._slots = asyncio.Semaphore(run.params.concurrency * AT_REST)
        self._calls: set[asyncio.Task[None]] = set()
        self._flying: set[asyncio.Task[Any]] = set()

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
        self._flying.discard(call)
        self._slots.release()
        if not call.cancelled() and (error := call.exception()):
            self._run.stop.now(error)

    async def _drain(self) -> None:
        """Keeps what is in flight, within bounds."""
        for call in self._calls - self._flying:
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
        key, run = request.key, self._run
        for attempt in itertools.count(1):
            try:
                await self._attempt(request, last=attempt > run.params.max_retries)
            except RetryableError as error:
                if not await self._may_retry(error, attempt, request):
                    return
                await asyncio.sleep(backoff(attempt, error.pause))
            except RowError as error:
                run.budget.release(key)
                await run.journal.add(lines.failed(key, error.reason))
                return
            except EndpointError as error:
                await run.journal.add(lines.failed(key, str(error)))
                raise
            else:
                return

    async def _may_retry(self, error: RetryableError, attempt: int, request: Request) -> bool:
        """Books what an attempt without an answer may have cost, and decides on the next one."""
        run = self._run
        run.show(self._pace.pushed_back)
        if error.maybe_billed:
            await run.journal.add(lines.lost(request.key, error.reason))
            run.budget.lose(request.key)
        else:
            run.budget.release(request.key)
        if attempt > run.params.max_retries:
            await run.journal.add(lines.failed(request.key, error.reason))
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
        """
        ticket = await self._pace.admit(len(request.question.prompt) / BYTES_A_TOKEN)
        if self._run.stop:
            self._pace.failed()
            raise asyncio.CancelledError
        me = cast("asyncio.Task[Any]", asyncio.current_task())
        self._flying.add(me)
        try:
            await self._run.journal.add(lines.sent(request.key, request.canonical, self._run.stage))
            started = time.monotonic()
            completion, headers = await self._run.endpoint.complete(request)
            seconds = time.monotonic() - started
            answer = read_completion(request.key, completion, batch=False)
        except RetryableError as error:
            self._flying.discard(me)
            if last:
                self._run.count_failure(error.reason)
            if error.pushed_back:
                self._pace.refused(ticket, error.pause)
            else:
                self._pace.failed()
            raise
        except BaseException as error:
            if isinstance(error, RowError):
                self._run.count_failure(error.reason)
            elif isinstance(error, Exception) and not isinstance(error, RefusalError):
                self._run.stop.now(error)
            self._pace.failed()
            raise
        self._pace.observe(headers)
        self._pace.answered(ticket, answer.prompt_tokens + answer.completion_tokens)
        return completion, answer, seconds
