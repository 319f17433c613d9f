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
from understudy.teacher.money import charge_usd, worst_case_usd
from understudy.teacher.pace import Pace
from understudy.teacher.requests import Request, canonical, request_key
from understudy.teacher.retries import RefusalError, RetryableError, RowError, backoff
from understudy.teacher.run_context import Job

DRAIN_SECONDS = 30.0
BYTES_A_TOKEN = 4
AT_REST = 4
"""Calls that wait for their next attempt, per call that may be in flight."""


class LiveRun:
    """One stage's calls."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pace = Pace(job.params)
        self._slots = asyncio.Semaphore(job.params.concurrency * AT_REST)
        self._calls: set[asyncio.Task[None]] = set()
        self._flying: set[asyncio.Task[Any]] = set()

    async def run(self, missing: set[str]) -> None:
        """Makes the calls; returns when all are done or the run is stopped.

        Args:
            missing: keys of the requests that the ledger does not answer.
        """
        work = asyncio.create_task(self._start_all(missing))
        stopped = asyncio.create_task(self._job.stop.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if self._job.stop:
            work.cancel()
            await self._drain()
        stopped.cancel()
        await asyncio.gather(work, stopped, return_exceptions=True)

    async def _start_all(self, missing: set[str]) -> None:
        try:
            for request in self._job.requests(missing):
                await self._start(request)
                if self._job.stop:
                    return
            while self._calls:
                await asyncio.wait(self._calls)
        except Exception as error:  # noqa: BLE001 - it ends the run, and `ask` raises it
            self._job.stop.now(error)

    async def _start(self, request: Request) -> None:
        await self._slots.acquire()
        worst = worst_case_usd(len(canonical(request)), self._job.params)
        if not await self._job.budget.reserve(worst):
            self._slots.release()
            self._job.stop_over_budget(worst)
            return
        call = asyncio.create_task(self._ask(request, worst))
        self._calls.add(call)
        call.add_done_callback(self._finish)

    def _finish(self, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self._flying.discard(call)
        self._slots.release()
        if not call.cancelled() and (error := call.exception()):
            self._job.stop.now(error)

    async def _drain(self) -> None:
        """Keeps what is in flight, within bounds."""
        for call in self._calls - self._flying:
            call.cancel()
        hurry = asyncio.create_task(self._job.stop.wait_hurry())
        drained = asyncio.create_task(self._wait_for_flying())
        await asyncio.wait(
            {hurry, drained}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        rest = [hurry, drained, *self._calls]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _wait_for_flying(self) -> None:
        while self._flying:
            await asyncio.wait(set(self._flying))

    async def _ask(self, request: Request, worst: float) -> None:
        """Makes attempts until there is an answer or no hope."""
        key = request_key(request)
        for attempt in itertools.count(1):
            try:
                await self._attempt(
                    request, key, worst, last=attempt > self._job.params.max_retries
                )
            except RetryableError as trouble:
                if not await self._may_retry(trouble, attempt, key, worst):
                    return
                await asyncio.sleep(backoff(attempt, trouble.pause))
            except RowError as trouble:
                self._job.budget.settle(worst, 0.0)
                await self._job.keep_failure(key, trouble.reason)
                return
            except EndpointError as error:
                await self._job.keep_failure(key, str(error))
                raise
            else:
                return

    async def _may_retry(
        self, trouble: RetryableError, attempt: int, key: str, worst: float
    ) -> bool:
        """Books what an attempt without an answer has cost, and decides on the next one."""
        self._show()
        if trouble.maybe_billed:
            await self._job.journal.add(lines.lost(key, trouble.reason))
        self._job.budget.settle(worst, worst if trouble.maybe_billed else 0.0)
        if attempt > self._job.params.max_retries:
            await self._job.keep_failure(key, trouble.reason)
            return False
        if self._job.stop:
            return False
        if not await self._job.budget.reserve(worst):
            self._job.stop_over_budget(worst)
            return False
        return True

    async def _attempt(self, request: Request, key: str, worst: float, last: bool) -> None:
        try:
            completion, answer, seconds = await self._send(request, key, last)
        except RefusalError as refusal:
            self._job.budget.settle(worst, 0.0)
            await self._job.keep_refusal(key, refusal)
        else:
            self._job.budget.settle(worst, charge_usd(answer, worst, self._job.params.prices))
            await self._job.keep(key, completion, seconds)
        self._show()

    async def _send(self, request: Request, key: str, last: bool) -> tuple[Any, Answer, float]:
        """One call at the endpoint's pace: the answer as it came, as we read it, and its time.

        Whatever stops the run does so before the call's place is free for the next one.
        """
        size = len(request["messages"][0]["content"])
        ticket = await self._pace.admit(size / BYTES_A_TOKEN)
        if self._job.stop:
            self._pace.failed()
            raise asyncio.CancelledError
        me = cast("asyncio.Task[Any]", asyncio.current_task())
        self._flying.add(me)
        try:
            await self._job.journal.add(lines.sent(key, request, self._job.stage))
            started = time.monotonic()
            completion, headers = await self._job.endpoint.complete(request)
            seconds = time.monotonic() - started
            answer = _read(key, completion)
        except RetryableError as trouble:
            self._flying.discard(me)
            if last:
                self._job.count_failure(trouble.reason)
            if trouble.pushed_back:
                self._pace.refused(ticket, trouble.pause)
            else:
                self._pace.failed()
            raise
        except RefusalError:
            self._pace.failed()
            raise
        except RowError as trouble:
            self._job.count_failure(trouble.reason)
            self._pace.failed()
            raise
        except BaseException as error:
            if isinstance(error, Exception):
                self._job.stop.now(error)
            self._pace.failed()
            raise
        self._pace.observe(headers)
        tokens = answer.prompt_tokens + answer.completion_tokens
        self._pace.answered(ticket, tokens)
        return completion, answer, seconds

    def _show(self) -> None:
        self._job.meter.show(self._job.budget.spent, self._pace.pushed_back)


def _read(key: str, completion: Any) -> Answer:
    try:
        return read_completion(key, completion, batch=False)
    except ValueError as error:
        raise RetryableError(f"not a readable answer: {error}", maybe_billed=True) from None
