"""Batches are what waits while the engine is busy; queues are bounded, and let go of clients."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from understudy.serving.batching import Batcher, Limits
from understudy.serving.rejections import RejectedError
from understudy.students.decoding.hypotheses import Hypothesis

pytestmark = pytest.mark.anyio
LIMITS = Limits(max_queue=100, timeout_seconds=20.0, tokens_per_batch=100)


class Engine:
    """Writes as many ids as it read; waits until it may."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go, self.started = threading.Event(), threading.Semaphore(0)

    def encode(self, size: int) -> list[int]:
        return [size] * size

    def decode(self, encoded: Sequence[list[int]]) -> list[Hypothesis]:
        self.batches.append([len(ids) for ids in encoded])
        self.started.release()
        assert self.may_go.wait(20)
        return [Hypothesis(list(ids), -1 / len(ids), len(ids)) for ids in encoded]


@asynccontextmanager
async def batching(**limits: float) -> AsyncIterator[tuple[Batcher[int], Engine]]:
    """A batcher, closed at the end, and its engine."""
    engine = Engine()
    batcher = Batcher[int](engine.encode, engine.decode, replace(LIMITS, **limits))  # type: ignore[arg-type]
    yield batcher, engine
    batcher.close()


async def ask(batcher: Batcher[int], *sizes: int) -> "list[asyncio.Task[object]]":
    """Asks, and waits until all are in the queue."""
    tasks: list[asyncio.Task[object]] = []
    for size in sizes:
        tasks.append(asyncio.create_task(batcher.answer(size)))
        while not any(len(one.ids) == size for one in batcher._waiting):
            await asyncio.sleep(0)
    return tasks


async def hold(batcher: Batcher[int], engine: Engine) -> "asyncio.Task[object]":
    """A text that keeps the engine busy."""
    first: asyncio.Task[object] = asyncio.create_task(batcher.answer(1))
    await asyncio.to_thread(engine.started.acquire)
    return first


async def test_a_lone_text_starts_at_once_and_those_that_wait_are_one_batch() -> None:
    async with batching() as (batcher, engine):
        tasks = [await hold(batcher, engine), *await ask(batcher, 5, 4, 6)]
        engine.may_go.set()
        await asyncio.gather(*tasks)
        assert engine.batches == [[1], [5, 4, 6]]


async def test_answers_go_to_those_who_asked() -> None:
    async with batching(slots=3) as (batcher, engine):
        engine.may_go.set()
        answers = await asyncio.gather(*(batcher.answer(size) for size in range(1, 41)))
        assert [one.written for one in answers] == [[size] * size for size in range(1, 41)]
        assert all(one.read == one.written and 1 <= one.batch <= 40 for one in answers)
        assert [one.hypothesis.margin for one in answers] == list(range(1, 41))
        assert batcher.queued == 0


async def test_a_batch_takes_the_oldest_and_its_like_and_has_no_more_tokens_than_it_may() -> None:
    async with batching() as (batcher, engine):
        tasks = [await hold(batcher, engine), *await ask(batcher, 30, 90, 31, 32, 33, 80)]
        engine.may_go.set()
        await asyncio.gather(*tasks)
        assert engine.batches == [[1], [30, 31, 32], [90], [33], [80]]


async def test_idle_slots_share_what_waits() -> None:
    async with batching(slots=2) as (batcher, engine):
        tasks = [await hold(batcher, engine), await hold(batcher, engine)]
        tasks += await ask(batcher, 5, 6, 7, 8)
        engine.may_go.set()
        await asyncio.gather(*tasks)
        assert engine.batches[:2] == [[1], [1]]
        assert sorted(size for batch in engine.batches[2:] for size in batch) == [5, 6, 7, 8]


async def test_time_that_is_up_is_a_504_and_leaves_the_queue() -> None:
    async with batching(timeout_seconds=0.05) as (batcher, engine):
        tasks = [asyncio.create_task(batcher.answer(size)) for size in (1, 2)]
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [one.status for one in done if isinstance(one, RejectedError)] == [504, 504]
        assert batcher.queued == 0
        engine.may_go.set()


async def test_what_waits_when_it_stops_is_answered_and_nothing_new_is_taken() -> None:
    async with batching() as (batcher, engine):
        tasks = [await hold(batcher, engine), *await ask(batcher, 2)]
        batcher.stop()
        with pytest.raises(RejectedError) as caught:
            await batcher.answer(3)
        assert caught.value.status == 503
        engine.may_go.set()
        await asyncio.gather(*tasks)
