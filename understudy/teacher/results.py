"""Takes the results of a batch, line by line."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from understudy.contract.answers import UNREADABLE, Answer
from understudy.teacher import lines
from understudy.teacher.chunks import Chunk
from understudy.teacher.completion import (
    as_object,
    find_unpaid,
    is_no_answer,
    keep_text,
    read_completion,
)
from understudy.teacher.errors import EndpointError
from understudy.teacher.retries import RefusalError, RetryableError, RowError
from understudy.teacher.run_context import RunContext
from understudy.teacher.waits import LONGEST_ASKED

REFUSED_STATUS = re.compile(r"\s*([45]\d\d)\b")
"""An HTTP status of 400 or more; some endpoints write it as text."""


class Results:
    """The result files of one chunk; each of its requests ends exactly once."""

    def __init__(
        self, run: RunContext, chunk: Chunk, rounds: Counter[str], missing: set[str]
    ) -> None:
        self._run, self._rounds, self._missing = run, rounds, missing
        known = run.journal.ledger.answer  # an earlier run may have died while it collected
        self._left = {key for key in chunk.keys if known(key) is None}

    async def read(self, results: AsyncIterator[Any]) -> None:
        """Reads a file of results, as often as need be."""
        async for result in results:
            key = str(result.get("custom_id")) if isinstance(result, dict) else ""
            if key in self._left:
                await self._take(key, result)
        await self._run.journal.flush()

    async def close(self, reason: str, counts: bool) -> None:
        """Ends the requests that no file spoke of; `counts` makes that one of their attempts."""
        for key in list(self._left):
            self._fail(key, reason, counts)
        await self._run.journal.flush()
        self._run.stop_if_useless()
        self._run.show()

    async def _take(self, key: str, result: dict[str, Any]) -> None:
        response = as_object(result.get("response"))
        try:
            if isinstance(body := response.get("body"), str):
                kept = None if is_no_answer(body) else keep_text(body)
                response = {**response, "body": kept, "said": body}
            answer = self._read(key, response, as_object(result.get("error")))
            self._keep(answer, response["body"])
        except RefusalError as refusal:
            self._left.discard(key)
            self._missing.discard(key)
            if self._run.budget.holds(key):
                self._run.budget.release(key)
            await self._run.keep_refusal(key, refusal)
        except RowError as row_error:
            self._rounds[key] = self._run.params.max_retries
            self._fail(key, row_error.reason, counts=True)
        except RetryableError as retryable:
            if (retryable.pause or 0) > LONGEST_ASKED:
                self._run.heed(retryable)
            self._fail(key, retryable.reason, counts=True, billed=retryable.maybe_billed)
        except EndpointError as fatal:
            self._fail(key, str(fatal), counts=False)
            self._run.stop.now(fatal)

    def _read(self, key: str, response: dict[str, Any], error: dict[str, Any]) -> Answer:
        """Reads a result; a body that is a completion is an answer, whatever its status."""
        status, body = response.get("status_code"), response.get("body")
        answer, endpoint = read_completion(key, body, batch=True), self._run.endpoint
        if answer.reading != UNREADABLE:
            return answer
        if status is None:
            raise RetryableError(f"{error.get('code')}: {error.get('message')}")
        if code := REFUSED_STATUS.match(str(status)):
            raise endpoint.classify(int(code[1]), response.get("said", body), {})
        if (unpaid := find_unpaid(body)) is not None:
            raise endpoint.classify_unpaid(unpaid, {})
        if not body:
            raise RetryableError("not a readable answer: no body", maybe_billed=True)
        return answer

    def _keep(self, answer: Answer, completion: Any) -> None:
        key = answer.request
        self._left.discard(key)
        self._missing.discard(key)
        self._run.fingerprints.take(completion)
        written = self._run.journal.add(lines.answered(key, completion, 0.0, batch=True))
        if self._run.budget.holds(key):  # else another stage has asked for it
            self._run.budget.charge(answer)
            self._run.tally.add(answer)
            written.add_done_callback(self._count)

    def _count(self, written: "asyncio.Future[None]") -> None:
        """One more answer is durable; many of them share one write to the disk."""
        if not written.cancelled() and written.exception() is None:
            self._run.meter.answered()
            self._run.check_disk()

    def _fail(self, key: str, reason: str, counts: bool, billed: bool = False) -> None:
        """No answer this time: the next batch has it, unless it has had its share of them."""
        if billed:
            self._run.journal.add(lines.lost(key, reason))
        self._left.discard(key)
        self._rounds[key] += counts
        is_ours = self._run.budget.holds(key)  # what another stage has asked for does not count
        if is_ours:
            (self._run.budget.lose if billed else self._run.budget.release)(key)
        if is_ours and self._rounds[key] > self._run.params.max_retries:
            self._missing.discard(key)
            self._run.count_failure(reason)
        self._run.journal.add(lines.failed(key, reason))
