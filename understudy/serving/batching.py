"""Decodes concurrent requests together: what waits while the engine is busy is its next batch.

There is no window in which the first request waits for others: it starts at once when the engine is
idle, and under load the time that a batch takes is the window of the next one.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from time import perf_counter
from typing import Generic, TypeVar

from understudy.serving.rejections import engine_failed, queue_full, stopping, timed_out
from understudy.serving.signals import Hypothesis

Ids = list[int]
Given = TypeVar("Given")
"""An input, before it is encoded."""
SMOOTHING = 0.2
"""Weight of the last batch in the seconds an answer takes, from which `retry-after` is told."""


@dataclass(frozen=True)
class Limits:
    """How much waits, for how long, and how much is decoded at once."""

    max_queue: int
    timeout_seconds: float
    tokens_per_batch: int
    """Padding included."""
    slots: int = 1
    """Batches that the engine decodes side by side."""


@dataclass(frozen=True)
class Batch:
    """What was decoded together, for metrics."""

    size: int
    tokens: int
    seconds: float


@dataclass(frozen=True)
class Decoded:
    """One text's way through the engine."""

    read: Ids
    """The text's token ids, as far as the student reads."""
    hypothesis: Hypothesis
    """Its answer, and how sure the student was of it."""
    waited_seconds: float
    batch: int
    """How many texts were decoded with it, itself included."""

    @property
    def written(self) -> Ids:
        """The answer's token ids."""
        return self.hypothesis.ids


@dataclass(eq=False)
class _Waiting(Generic[Given]):
    given: Given
    future: "asyncio.Future[Decoded]"
    ids: Ids = field(default_factory=list)
    since: float = field(default_factory=perf_counter)


class Batcher(Generic[Given]):
    """A bounded queue before an engine; belongs to one event loop."""

    def __init__(
        self,
        encode: Callable[[Given], Ids],
        decode: Callable[[Sequence[Ids]], Sequence[Hypothesis]],
        limits: Limits,
        observe: Callable[[Batch], None] = lambda _: None,
        report: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        """Takes an engine.

        Args:
            encode: an input's token ids; is called by one thread only.
            decode: the answers to a batch in its order; is called by `limits.slots` threads.
            limits: of the queue.
            observe: is told of each batch that was decoded.
            report: is told of each failure of the engine.
        """
        self._encode, self._decode, self._limits = encode, decode, limits
        self._observe, self._report = observe, report
        self._encoder = ThreadPoolExecutor(1, "encode")
        self._decoders = ThreadPoolExecutor(limits.slots, "decode")
        self._arrived: list[_Waiting[Given]] = []
        self._encoding: list[_Waiting[Given]] = []
        self._waiting: list[_Waiting[Given]] = []
        self._free, self._seconds = limits.slots, 0.0
        self._stopping = False

    @property
    def queued(self) -> int:
        """Requests that wait for the engine."""
        return len(self._arrived) + len(self._encoding) + len(self._waiting)

    async def answer(self, given: Given) -> Decoded:
        """Decodes an input, together with others that wait.

        A caller that is cancelled leaves the queue; if its input is being decoded, that goes on.

        Raises:
            RejectedError: the queue is full or closed, time is up, or the engine failed.
        """
        if self._stopping:
            raise stopping()
        if self.queued >= self._limits.max_queue:
            raise queue_full(max(1, ceil(self.queued * self._seconds)))
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                return await self._queue(given)
        except TimeoutError:
            raise timed_out(self._limits.timeout_seconds) from None

    async def _queue(self, given: Given) -> Decoded:
        one = _Waiting(given, asyncio.get_running_loop().create_future())
        self._arrived.append(one)
        self._encode_next()
        try:
            return await one.future
        finally:
            for queue in (self._arrived, self._encoding, self._waiting):
                if one in queue:
                    queue.remove(one)

    def _encode_next(self) -> None:
        """Encodes what has arrived, all in one go: a way to a thread and back costs as much."""
        if self._encoding or not self._arrived:
            return
        taken = self._encoding = self._arrived
        self._arrived = []
        running = asyncio.get_running_loop().run_in_executor(
            self._encoder, self._encode_all, [one.given for one in taken]
        )
        running.add_done_callback(partial(self._keep, list(taken)))

    def _encode_all(self, given: Sequence[Given]) -> list[Ids | Exception]:
        encoded = list[Ids | Exception]()
        for one in given:
            try:
                encoded.append(self._encode(one))
            except Exception as error:  # noqa: BLE001 - each is its own request's
                encoded.append(error)
        return encoded

    def _keep(
        self, taken: list[_Waiting[Given]], running: "asyncio.Future[list[Ids | Exception]]"
    ) -> None:
        """Lets what was encoded wait for the engine."""
        self._encoding = []
        if running.cancelled():  # by `close`
            return
        for one, ids in zip(taken, running.result(), strict=True):
            if one.future.done():  # its client is gone
                continue
            if isinstance(ids, Exception):
                one.future.set_exception(ids)
            else:
                one.ids = ids
                self._waiting.append(one)
        self._encode_next()
        self._start()

    def _start(self) -> None:
        """Gives every idle slot a batch; not where more texts are nearly encoded than are there."""
        while self._free and len(self._waiting) > len(self._encoding):
            batch = self._take()
            self._free -= 1
            encoded = [one.ids for one in batch]
            running = asyncio.get_running_loop().run_in_executor(
                self._decoders, self._decode, encoded
            )
            running.add_done_callback(partial(self._finish, batch, perf_counter()))

    def _take(self) -> list[_Waiting[Given]]:
        """The oldest text and those nearest to its length, which cost the least padding."""
        oldest = self._waiting[0]
        share = ceil(len(self._waiting) / self._free)
        batch, longest = list[_Waiting[Given]](), 0
        for one in sorted(self._waiting, key=lambda one: abs(len(one.ids) - len(oldest.ids))):
            longest = max(longest, len(one.ids))
            if batch and (
                len(batch) == share or longest * (len(batch) + 1) > self._limits.tokens_per_batch
            ):
                break
            batch.append(one)
        taken = set(batch)
        self._waiting = [one for one in self._waiting if one not in taken]
        return batch

    def _finish(
        self,
        batch: list[_Waiting[Given]],
        start: float,
        running: "asyncio.Future[Sequence[Hypothesis]]",
    ) -> None:
        self._free += 1
        if running.cancelled():
            return
        seconds = perf_counter() - start
        if (error := running.exception()) is not None:
            self._report(error)
            for one in batch:
                if not one.future.done():
                    one.future.set_exception(engine_failed())
        else:
            self._learn(batch, seconds)
            for one, found in zip(batch, running.result(), strict=True):
                if not one.future.done():  # its client may be gone
                    waited = start - one.since
                    one.future.set_result(Decoded(one.ids, found, waited, len(batch)))
        self._start()

    def _learn(self, batch: list[_Waiting[Given]], seconds: float) -> None:
        each = seconds / len(batch) / self._limits.slots
        self._seconds += SMOOTHING * (each - self._seconds)
        self._observe(Batch(len(batch), sum(len(one.ids) for one in batch), seconds))

    def stop(self) -> None:
        """Takes no more texts; those that wait are still answered."""
        self._stopping = True

    def close(self) -> None:
        """Ends the threads, after what they are doing."""
        self.stop()
        self._encoder.shutdown(cancel_futures=True)
        self._decoders.shutdown(cancel_futures=True)
