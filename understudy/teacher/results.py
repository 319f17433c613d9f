"""What came of a batch, line by line."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

from understudy.teacher import lines
from understudy.teacher.chunks import Chunk
from understudy.teacher.completion import read_completion
from understudy.teacher.errors import EndpointError
from understudy.teacher.money import charge_usd
from understudy.teacher.retries import RefusalError, RetryableError, RowError, classify_status
from understudy.teacher.run_context import Job


class Results:
    """Takes the result files of one chunk; each request of it ends just once."""

    def __init__(
        self,
        job: Job,
        chunk: Chunk,
        worst: Mapping[str, float],
        rounds: Counter[str],
        missing: set[str],
    ) -> None:
        self._job, self._worst, self._rounds, self._missing = job, worst, rounds, missing
        known = job.journal.ledger.answer  # an earlier run may have died while it collected
        self._left = {key for key in chunk.keys if known(key) is None}

    async def read(self, results: AsyncIterator[Any]) -> None:
        """Reads a file of results, as often as need be."""
        async for result in results:
            key = str(result.get("custom_id")) if isinstance(result, dict) else ""
            if key in self._left:
                await self._take(key, result)
        await self._job.journal.flush()

    async def close(self, reason: str, counts: bool) -> None:
        """Ends the requests that no file spoke of.

        Args:
            reason: why they have no answer.
            counts: whether that was one of their attempts.
        """
        for key in list(self._left):
            await self._fail(key, reason, counts)
        await self._job.journal.flush()
        self._job.meter.show(self._job.budget.spent, 0)

    async def _take(self, key: str, result: dict[str, Any]) -> None:
        response, error = _object(result, "response"), _object(result, "error")
        status, body = response.get("status_code"), response.get("body")
        try:
            if status == 200:
                self._keep(key, body)
            elif status is None:
                await self._fail(key, f"{error.get('code')}: {error.get('message')}", counts=True)
            else:
                raise classify_status(int(status), body, {}, self._job.params.model)
        except RefusalError as refusal:
            self._settle(key, 0.0)
            self._missing.discard(key)
            await self._job.keep_refusal(key, refusal)
        except RowError as trouble:
            self._rounds[key] = self._job.params.max_retries
            await self._fail(key, trouble.reason, counts=True)
        except RetryableError as trouble:
            await self._fail(key, trouble.reason, counts=True, billed=trouble.maybe_billed)
        except EndpointError as fatal:
            await self._fail(key, str(fatal), counts=False)
            self._job.stop.now(fatal)

    def _keep(self, key: str, completion: Any) -> None:
        try:
            answer = read_completion(key, completion, batch=True)
        except ValueError as error:
            raise RetryableError(f"not a readable answer: {error}", maybe_billed=True) from None
        worst = self._worst.get(key, 0.0)
        self._settle(key, charge_usd(answer, worst, self._job.params.prices))
        self._missing.discard(key)
        written = self._job.journal.add(lines.answered(key, completion, 0.0, batch=True))
        if self._is_ours(key):
            written.add_done_callback(self._count)

    def _count(self, written: "asyncio.Future[None]") -> None:
        """One more answer is durable; many of them share one write to the disk."""
        if not written.cancelled() and written.exception() is None:
            self._job.meter.answered()
            self._job.check_disk()

    async def _fail(self, key: str, reason: str, counts: bool, billed: bool = False) -> None:
        """No answer this time: the next batch has it, unless it has had its share of them."""
        if billed:
            self._job.journal.add(lines.lost(key, reason))
        self._settle(key, self._worst.get(key, 0.0) if billed else 0.0)
        self._rounds[key] += counts
        if self._is_ours(key) and self._rounds[key] > self._job.params.max_retries:
            self._missing.discard(key)
            self._job.count_failure(reason)
            await self._job.keep_failure(key, reason)
        else:
            self._job.journal.add(lines.failed(key, reason))

    def _settle(self, key: str, cost: float) -> None:
        self._left.discard(key)
        if self._is_ours(key):
            self._job.budget.settle(self._worst[key], cost)

    def _is_ours(self, key: str) -> bool:
        """Whether this run wants the answer; one for another stage is kept, and not counted."""
        return key in self._worst


def _object(result: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of a result that ought to be an object."""
    part = result.get(name)
    return part if isinstance(part, dict) else {}
