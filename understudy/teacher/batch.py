"""Asks by OpenAI's Batch API: files of requests, answered within 24 hours at a lower price.

Every step is in the ledger before the next one, so that a run that dies at any point goes on from
there. No chunk is submitted twice: one whose submission has no known end is looked for at the
endpoint, by its file. What an expired batch leaves unanswered goes into the next one, as does what
never became a batch.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from understudy.contract.params.teacher import EMBEDDED
from understudy.teacher import lines
from understudy.teacher.batch_api import (
    ENDED,
    MOST_BYTES,
    PROCESSING,
    BatchApi,
    FileGoneError,
    FileNotReadyError,
)
from understudy.teacher.chunks import Chunk, open_chunks
from understudy.teacher.errors import EndpointError
from understudy.teacher.live import DRAIN_SECONDS
from understudy.teacher.outage import Outage
from understudy.teacher.requests import Request, teacher_identity
from understudy.teacher.results import Results
from understudy.teacher.retries import RefusalError, RetryableError, RowError, backoff
from understudy.teacher.run_context import RunContext

QUEUE_FULL = "token_limit_exceeded"
EMBEDDED_POLL_SECONDS = 0.1
LOOKS = 2
"""Number of look-ups before a batch counts as never made, and a file of results as gone."""
LATE_LOOKS = 20
"""Number of looks at a file that is being processed, or at an end without results."""
LOOKS_A_TRY = 4
"""Number of looks after which a batch is tried, whatever the state of its file."""

T = TypeVar("T")


class BatchRun:
    """One stage's batches."""

    def __init__(self, run: RunContext) -> None:
        self._run, self._api = run, BatchApi(run.endpoint, run.params)
        self._teacher = teacher_identity(run.params)
        self._outage = Outage(run)
        self._open: list[Chunk] = []
        self._rounds, self._late = Counter[str](), Counter[str]()
        self._size = run.params.batch.requests
        self._queue_full = False
        self._sole: Chunk | None = None
        embedded = run.params.base_url == EMBEDDED
        self._poll = EMBEDDED_POLL_SECONDS if embedded else run.params.batch.poll_seconds

    async def run(self, missing: set[str]) -> None:
        """Works until every request is answered or given up, or the run is stopped.

        The keys of those that get an answer, or are given up, are taken out of `missing`.
        """
        work = asyncio.create_task(self._work(missing))
        stopped = asyncio.create_task(self._run.stop.wait())
        hurry = asyncio.create_task(self._run.stop.wait_hurry())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(
            {work, hurry}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        tasks = (work, stopped, hurry)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                self._run.stop.now(result)

    async def _work(self, missing: set[str]) -> None:
        await self._take_up(missing)
        while not self._run.stop:
            waiting = missing - {key for chunk in self._open for key in chunk.keys}
            is_held = self._open and (self._queue_full or self._run.is_useless)
            if waiting and not is_held:
                await self._submit_all(waiting)
            if not self._open:
                return
            await self._pause(self._poll)
            for chunk in list(self._open):
                if not self._run.stop:
                    await self._look_after(chunk, missing)

    async def _take_up(self, missing: set[str]) -> None:
        """Resumes open chunks, those of other stages too; one without a batch is given up."""
        self._open = open_chunks(self._run.journal.ledger, self._teacher)
        sent = missing & {key for chunk in self._open for key in chunk.keys}
        for request in self._run.requests(sent):
            counted = bool(self._run.journal.ledger.unanswered(request.key))
            self._run.budget.reopen(request, counted)
        for chunk in list(self._open):
            if chunk.batch is not None or self._run.stop:
                continue
            chunk.batch = await self._find(chunk)
            if chunk.batch is not None:
                await self._run.journal.add(chunk.submitted())
            elif not self._run.stop:
                await self._give_up(chunk, missing, "never made")

    async def _find(self, chunk: Chunk) -> str | None:
        """Looks for a chunk's batch; one that was just made may be seen a moment later."""
        for look in range(LOOKS):
            batch = await self._steadily(lambda: self._api.find(chunk.file))
            if batch is not None or self._run.stop:
                return batch
            if look + 1 < LOOKS:
                await self._pause(self._poll)
        return None

    async def _submit_all(self, waiting: set[str]) -> None:
        """Submits as many chunks as the budget and the endpoint's queue allow."""
        requests = self._run.requests(set(waiting))
        self._queue_full = False
        while not self._run.stop:
            some = list(self._take(requests))
            if not some:
                return
            file, state = await self._steadily(lambda some=some: self._api.upload(some))  # type: ignore[misc]
            chunk = Chunk(self._teacher, file, [request.key for request in some])
            self._run.journal.add(chunk.uploaded())
            for request in some:
                self._run.journal.add(lines.sent(request.key, request.canonical, self._run.stage))
            await self._run.journal.flush()
            self._sole = self._sole if self._open else chunk
            self._open.append(chunk)
            await self._submit(chunk, state)

    def _take(self, requests: Iterator[Request]) -> Iterator[Request]:
        """Yields the requests of the next chunk, within its limits and the budget."""
        size = 0
        for count, request in enumerate(requests, start=1):
            if not self._run.budget.try_reserve(request):
                if count == 1 and not self._open:
                    self._run.stop_over_budget(request)
                return
            yield request
            size += len(self._api.line(request))
            if count == self._size or size > MOST_BYTES:
                return

    async def _submit(self, chunk: Chunk, state: str) -> None:
        """Makes a batch of a chunk; after an unclear failure it is looked for first."""
        for attempt in range(1, self._run.params.max_retries + 2):
            if chunk.batch is None and self._run.stop:
                return
            try:
                chunk.batch = chunk.batch or await self._make(chunk, state)
            except RetryableError as error:
                if self._run.heed(error):
                    return
                await self._pause(backoff(attempt, error.pause))
                chunk.batch = await self._find(chunk)
                reason = error.reason
            except (EndpointError, RowError, RefusalError) as error:  # surely, no batch was made
                await self._give_up(chunk, set(), "refused")
                raise EndpointError(f"no batch could be made: {error}") from None
            if chunk.batch is not None:
                await self._run.journal.add(chunk.submitted())
                return
        if not self._run.stop:
            raise EndpointError(f"no batch could be made: {reason}")

    async def _make(self, chunk: Chunk, state: str) -> str | None:
        """Makes a batch as soon as the endpoint has processed its file; None if the run stops."""
        about = {"understudy": chunk.name, "stage": self._run.stage}
        for look in range(LATE_LOOKS):
            # some endpoints never tell that it is ready, and a refusal costs nothing
            if state not in PROCESSING or look % LOOKS_A_TRY == LOOKS_A_TRY - 1:
                try:
                    return await self._api.submit(chunk.file, about)
                except FileNotReadyError:
                    pass
            self._run.meter.note = f"file {chunk.file} is being processed"
            self._run.show()
            await self._pause(self._poll)
            if self._run.stop:
                return None
            state = await self._steadily(lambda: self._api.file_state(chunk.file))
        raise EndpointError(
            f"the endpoint has not processed the file {chunk.file} ({state}) after {LATE_LOOKS} "
            "looks; start again later"
        )

    async def _look_after(self, chunk: Chunk, missing: set[str]) -> None:
        if chunk.batch is None:
            return
        name = chunk.batch
        batch = await self._steadily(lambda: self._api.look(name))
        if batch is None:
            await self._end_unknown(chunk, missing)
        elif batch.status in ENDED and not self._expects_file(batch):
            await self._end(chunk, batch, missing)
        else:
            counts = batch.request_counts
            done = f"{counts.completed} of {counts.total}" if counts else "0"
            self._run.meter.note = f"batch {name} {batch.status}: {done}"
            self._run.show()

    def _expects_file(self, batch: Any) -> bool:
        """Whether an ended batch is about to name its results; some tell their end before them.

        Raises:
            EndpointError: it has not named them in LATE_LOOKS; its requests are not asked again.
        """
        counts, files = batch.request_counts, (batch.output_file_id, batch.error_file_id)
        if batch.output_file_id or not (_may_have_answers(batch) or batch.status == "completed"):
            return False
        if not _may_have_answers(batch) and any(files):
            return False
        self._late[batch.id] += 1
        if self._late[batch.id] < LATE_LOOKS:
            return True
        if not _may_have_answers(batch):
            return False
        done = f"{counts.completed} of {counts.total} requests" if counts else "its requests"
        raise EndpointError(
            f"batch {batch.id} is {batch.status} with {done} done, but names no result file after "
            f"{LATE_LOOKS} looks; {_give_up_hint(batch.id)}"
        )

    async def _end(self, chunk: Chunk, batch: Any, missing: set[str]) -> None:
        """Keeps the results of a chunk."""
        if batch.status == "cancelled":
            self._run.stop.now(EndpointError(f"{batch.id} was cancelled at the endpoint"))
        results = Results(self._run, chunk, self._rounds, missing)
        gone = [
            file
            for file in (batch.output_file_id, batch.error_file_id)
            if file and not await self._read(results, file)
        ]
        if batch.output_file_id in gone and _may_have_answers(batch):
            raise EndpointError(
                f"batch {batch.id}: its result file {batch.output_file_id} is gone at the "
                f"endpoint; {_give_up_hint(batch.id)}"
            )
        problem = batch.errors.data[0] if batch.errors and batch.errors.data else None
        code = problem and (problem.code or "unknown")
        self._queue_full = code == QUEUE_FULL
        await results.close(f"batch {batch.status}", counts=code is None)
        await self._run.journal.add(chunk.ended(batch.status))
        self._open.remove(chunk)
        self._run.meter.note = ""
        if self._queue_full and chunk is self._sole:  # else it was one too many, not too large
            self._size = max(1, len(chunk.keys) // 2)
        elif batch.status == "failed" and not self._queue_full:
            said = " ".join(((problem.message if problem else None) or "").split())[:300]
            self._run.stop.now(EndpointError(f"the endpoint refuses a batch ({code}): {said}"))

    async def _read(self, results: Results, file: str) -> bool:
        """Reads a file of results, unless the endpoint does not have it, at a second look either.

        Returns:
            Whether the endpoint has it.
        """
        for look in range(LOOKS):
            try:
                await self._steadily(lambda: results.read(self._api.results(file)))
            except FileGoneError:
                if look + 1 < LOOKS:
                    await self._pause(self._poll)
            else:
                return True
        return False

    async def _end_unknown(self, chunk: Chunk, missing: set[str]) -> None:
        """The embedded teacher forgets its batches when it ends; nobody else may."""
        if self._run.params.base_url != EMBEDDED:
            problem = (
                f"the endpoint does not know {chunk.batch} any more, which this ledger has "
                "submitted; use the account that it was made with, or give it up by "
                f"`understudy ledger forget {chunk.batch}`"
            )
            self._run.stop.now(EndpointError(problem))
            return
        await self._give_up(chunk, missing, "gone")

    async def _give_up(self, chunk: Chunk, missing: set[str], why: str) -> None:
        """Ends a chunk that will bring nothing."""
        results = Results(self._run, chunk, self._rounds, missing)
        await results.close(f"the batch is {why}", counts=False)
        await self._run.journal.add(chunk.ended(why))
        self._open.remove(chunk)

    async def _steadily(self, call: Callable[[], Awaitable[T]]) -> T:
        """Makes a call that may be repeated, until it works or no retry is left."""
        attempt, clock = 1, asyncio.get_running_loop().time
        while True:
            started = clock()
            try:
                result = await call()
            except (RowError, RefusalError) as error:
                raise EndpointError(f"the Batch API: {error.reason}") from None
            except RetryableError as error:
                verdict = self._outage.judge(error, f"{started}", started, math.inf)
                if self._run.heed(error) or verdict == "over" or self._run.stop:
                    raise self._run.stop.error or self._outage.error(error) from None
                if verdict == "there" and attempt > self._run.params.max_retries:
                    raise EndpointError(f"the Batch API: {error.reason}") from None
                if verdict == "there":
                    await self._pause(backoff(attempt, error.pause))
                    attempt += 1
            else:
                self._outage.heard(started)
                return result
            finally:
                self._outage.tried()
            await self._outage.rest()

    async def _pause(self, seconds: float) -> None:
        """Waits, unless the run is stopped meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                await self._run.stop.wait()
        except TimeoutError:
            return


def _may_have_answers(batch: Any) -> bool:
    """Whether some requests of an ended batch were answered, by its own counts if it has them."""
    counts = batch.request_counts
    return batch.status != "failed" and (counts is None or bool(counts.completed))


def _give_up_hint(batch: str) -> str:
    """What to do about results that were billed, perhaps, and cannot be had."""
    return (
        "its requests may be billed and stay booked at their worst case; start again to look once "
        f"more, or give it up by `understudy ledger forget {batch}`: they are then paid for again"
    )
