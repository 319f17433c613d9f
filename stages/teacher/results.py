"""What came of a batch, line by line."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

from stages.teacher import lines
from stages.teacher.answers import read_completion
from stages.teacher.chunks import Chunk
from stages.teacher.errors import EndpointError
from stages.teacher.job import Job
from stages.teacher.money import cost_usd
from stages.teacher.retries import RefusalError, RetryableError, RowError, classify_status


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
        self._left = set(chunk.keys)

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
        ledger = self._job.journal.ledger
        if (known := ledger.answer(key)) is not None:  # an earlier run died while it collected
            self._settle(key, cost_usd(known, self._job.params.prices))
            return
        response = result.get("response") or {}
        status, body = response.get("status_code"), response.get("body")
        try:
            if status == 200:
                await self._keep(key, body)
            elif status is None:
                error = result.get("error") or {}
                await self._fail(key, f"{error.get('code')}: {error.get('message')}", counts=True)
            else:
                raise classify_status(int(status), body, {}, self._job.params.model)
        except RefusalError as refusal:
            self._settle(key, 0.0)
            await self._job.keep_refusal(key, refusal)
        except RowError as trouble:
            self._rounds[key] = self._job.params.max_retries
            await self._fail(key, trouble.reason, counts=True)
        except (RetryableError, ValueError) as trouble:
            await self._fail(key, str(trouble), counts=True)
        except EndpointError as error:
            await self._fail(key, str(error), counts=False)
            self._job.stop.now(error)

    async def _keep(self, key: str, completion: Any) -> None:
        answer = read_completion(key, completion, batch=True)
        self._settle(key, cost_usd(answer, self._job.params.prices))
        self._missing.discard(key)
        await self._job.keep(key, completion, seconds=0.0)

    async def _fail(self, key: str, reason: str, counts: bool) -> None:
        """No answer this time: the next batch has it, unless it has had its share of them."""
        self._settle(key, 0.0)
        self._rounds[key] += counts
        if self._rounds[key] > self._job.params.max_retries:
            self._missing.discard(key)
            self._job.count_failure(reason)
            await self._job.keep_failure(key, reason)
        else:
            self._job.journal.add(lines.failed(key, reason))

    def _settle(self, key: str, cost: float) -> None:
        self._left.discard(key)
        self._job.budget.settle(self._worst.get(key, 0.0), cost)
