"""Batches are what waits while the engine is busy; queues are bounded, and let go of clients."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from understudy.serving.batching import Batch, Batcher, Limits
from understudy.students.decoding.hypotheses import Hypothesis

LIMITS = Limits(max_queue=10, timeout_seconds=20.0, tokens_per_batch=100)


class Engine:
    """Writes as many ids as it read; waits until it may."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go, self.started = threading.Event(), threading.Semaphore(0)
        self.error: Exception | None = None

    def encode(self, size: int) -> list[int]:
        return [size] * size

    def decode(self, encoded: Sequence[list[int]]) -> list[Hypothesis]:
        self.batches.append([len(ids) for ids in encoded])
        self.started.release()
        assert self.may_go.wait(20)
        if self.error:
            raise self.error
        return [Hypothesis(list(ids), -1 / len(ids), len(ids)) for ids in encoded]


def batcher_of(engine: Engine, limits: Limits = LIMITS, **more: object) -> Batcher[int]:
    return Batcher(engine.encode, engine.decode, limits, **more)  # type: ignore[arg-type]


async def queued(batcher: Batcher[int], count: int) -> None:
    """Waits until so many wait for the engine, encoded or not."""
    while batcher.queued != count:
        await asyncio.sleep(0)


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


def plays(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Makes a test of a coroutine."""

    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


@plays
async def test_a_lone_text_starts_at_once_and_those_that_wait_are_one_batch() -> None:
    engine = Engine()
    batcher = batcher_of(engine)
    tasks = [await hold(batcher, engine), *await ask(batcher, 5, 4, 6)]
    engine.may_go.set()
    await asyncio.gather(*tasks)
    assert engine.batches == [[1], [5, 4, 6]]
    batcher.close()


@plays
async def test_answers_go_to_those_who_asked() -> None:
    engine = Engine()
    engine.may_go.set()
    batcher = batcher_of(engine, replace(LIMITS, max_queue=100, slots=3))
    answers = await asyncio.gather(*(batcher.answer(size) for size in range(1, 41)))
    assert [one.written for one in answers] == [[size] * size for size in range(1, 41)]
    assert all(one.read == one.written and 1 <= one.batch <= 40 for one in answers)
    assert [one.hypothesis.margin for one in answers] == list(range(1, 41))
    assert batcher.queued == 0
    batcher.close()


@plays
async def test_a_batch_takes_the_oldest_and_its_like_and_has_no_more_tokens_than_it_may() -> None:
    engine = Engine()
    batcher = batcher_of(engine)
    tasks = [await hold(batcher, engine), *await ask(batcher, 30, 90, 31, 32, 33, 80)]
    engine.may_go.set()
    await asyncio.gather(*tasks)
    assert engine.batches == [[1], [30, 31, 32], [90], [33], [80]]
    batcher.close()


@plays
async def test_idle_slots_share_what_waits() -> None:
    engine = Engine()
    batcher = batcher_of(engine, replace(LIMITS, slots=2))
    tasks = [await hold(batcher, engine), await hold(batcher, engine)]
    tasks += await ask(batcher, 5, 6, 7, 8)
    engine.may_go.set()
    await asyncio.gather(*tasks)
    assert engine.batches[:2] == [[1], [1]]
    assert sorted(size for batch in engine.batches[2:] for size in batch) == [5, 6, 7, 8]
    batcher.close()


@plays
async def test_each_batch_is_observed() -> None:
    engine, seen = Engine(), list[Batch]()
    engine.may_go.set()
    batcher = batcher_of(engine, observe=seen.append)
    await batcher.answer(7)
    assert [(one.size, one.tokens) for one in seen] == [(1, 7)]
    assert seen[0].seconds >= 0
    batcher.close()
