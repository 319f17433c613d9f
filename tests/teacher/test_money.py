"""Prices by hand, the most that a call can cost, and a cap that nothing exceeds."""

import asyncio
import random
import time
from typing import Any

import pytest

from tests.doubles.teacher import settings
from tests.virtual_time import run
from understudy.contract.answers import Answer
from understudy.contract.params.teacher import Prices, TeacherParams
from understudy.teacher.money import Budget, cost_usd, price_usd, worst_case_usd
from understudy.teacher.requests import build_requests, canonical

PRICES = {"input": 2.5, "cached_input": 1.25, "output": 10.0, "batch_factor": 0.5}


def params(**changes: Any) -> TeacherParams:
    request = {"max_completion_tokens": 100}
    return TeacherParams(
        **settings("http://h/v1", **{"prices": PRICES, "request": request} | changes)
    )


def answer(prompt: int, cached: int, completion: int, *, batch: bool = False) -> Answer:
    return Answer("sha256:1", "text", "stop", "", "m", prompt, cached, completion, batch)


# Prices


@pytest.mark.parametrize(
    ("tokens", "batch", "dollars"),
    [
        ((1_000_000, 0, 0), False, 2.5),
        ((1_000_000, 1_000_000, 0), False, 1.25),
        ((0, 0, 1_000_000), False, 10.0),
        ((1000, 400, 200), False, (600 * 2.5 + 400 * 1.25 + 200 * 10) / 1e6),
        ((1000, 400, 200), True, (600 * 2.5 + 400 * 1.25 + 200 * 10) / 2e6),
        ((0, 0, 0), False, 0.0),
        ((100, 300, 0), False, 100 * 1.25 / 1e6),  # more cached ones than there are is a slip
    ],
)
def test_an_answer_costs_its_tokens_times_their_prices(
    tokens: tuple[int, int, int], batch: bool, dollars: float
) -> None:
    assert cost_usd(answer(*tokens, batch=batch), Prices(**PRICES)) == pytest.approx(dollars)


def test_without_a_discount_a_batch_costs_as_much() -> None:
    prices = Prices(**{**PRICES, "batch_factor": 1.0})
    both = [price_usd(10, 0, 5, prices=prices, batch=batch) for batch in (True, False)]
    assert both[0] == both[1] > 0


# The worst case


@pytest.mark.parametrize("mode", ["live", "batch"])
@pytest.mark.parametrize("cached_price", [0.1, 1.25, 5.0])
def test_no_answer_costs_more_than_the_worst_case(mode: str, cached_price: float) -> None:
    chance = random.Random(1)
    settled = params(mode=mode, prices={**PRICES, "cached_input": cached_price})
    alphabet = 'ab cd .,\n"\\éß漢🦀\u200d\ud800'
    for _ in range(300):
        prompt = "".join(chance.choices(alphabet, k=chance.randrange(200)))
        (request,) = build_requests([prompt], settled)
        most = worst_case_usd(len(canonical(request)), settled)
        used = chance.randint(0, len(prompt.encode("utf-8", "replace")) + 10)
        tokens = (used, chance.randint(0, used), chance.randint(0, 100))
        assert cost_usd(answer(*tokens, batch=mode == "batch"), settled.prices) <= most


def test_the_worst_case_is_by_hand_the_bytes_and_the_longest_answer() -> None:
    assert worst_case_usd(1000, params()) == pytest.approx((1000 * 2.5 + 100 * 10) / 1e6)
    assert worst_case_usd(1000, params(mode="batch")) == pytest.approx(0.5 * 3500 / 1e6)


def test_nothing_bounds_the_cost_of_an_answer_without_a_longest_length() -> None:
    assert worst_case_usd(1, params(request={})) == float("inf")
    free = {**PRICES, "output": 0.0}
    assert worst_case_usd(4, params(request={}, prices=free)) == pytest.approx(1e-5)


# The budget


async def spend(budget: Budget, seed: int, tasks: int = 64, lost: float = 0.0) -> list[float]:
    """Calls of unequal cost until the budget says no; returns what was really spent over time."""
    chance, history, total = random.Random(seed), [0.0], 0.0
    worst = 1.0

    def pay(amount: float) -> None:
        nonlocal total
        total += amount
        history.append(total)

    async def ask_on() -> None:
        while await budget.reserve(worst):
            await asyncio.sleep(chance.expovariate(1))
            while chance.random() < lost:
                pay(chance.choice((0.0, worst)))  # nobody knows whether it was billed
                budget.settle(worst, worst)
                if not await budget.reserve(worst):
                    return
                await asyncio.sleep(chance.expovariate(1))
            actual = worst * chance.betavariate(1, 4)
            pay(actual)
            budget.settle(worst, actual)

    await asyncio.gather(*(ask_on() for _ in range(tasks)))
    return history


@pytest.mark.parametrize("lost", [0.0, 0.2])
@pytest.mark.parametrize("cap", [20.0, 64.0, 500.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_cap_is_used_up_and_never_exceeded(seed: int, cap: float, lost: float) -> None:
    budget = Budget(cap, 0.0)
    history = run(spend(budget, seed, lost=lost))
    assert max(history) <= cap + 1e-9
    assert budget.spent <= cap + 1e-9
    assert budget.spent >= 0.9 * cap
    assert lost or history[-1] == pytest.approx(budget.spent)


def test_what_was_spent_before_counts() -> None:
    budget = Budget(100.0, 40.0)
    assert max(run(spend(budget, 1))) <= 60 + 1e-9
    assert 95 <= budget.spent <= 100


def test_a_call_that_waits_starts_as_soon_as_money_is_free() -> None:
    async def main() -> float:
        budget = Budget(10.0, 0.0)
        budget.take(8.0)
        waiting = asyncio.create_task(budget.reserve(5.0))
        await asyncio.sleep(3)
        assert not waiting.done()
        budget.settle(8.0, 1.0)
        assert await waiting
        return asyncio.get_running_loop().time()

    assert run(main()) == 3


def test_all_that_wait_give_up_when_nothing_in_flight_can_free_money() -> None:
    async def main() -> list[bool]:
        budget = Budget(10.0, 0.0)
        budget.take(8.0)
        waiting = [asyncio.create_task(budget.reserve(5.0)) for _ in range(64)]
        await asyncio.sleep(1)
        budget.settle(8.0, 8.0)
        return await asyncio.gather(*waiting)

    assert run(main()) == [False] * 64


def test_calls_that_are_all_lost_at_once_do_not_wait_for_each_other() -> None:
    async def main() -> tuple[list[bool], float]:
        budget = Budget(64.0, 0.0)
        for _ in range(64):
            budget.take(1.0)

        async def lose() -> bool:
            budget.settle(1.0, 1.0)
            return await budget.reserve(1.0)

        return await asyncio.gather(*(lose() for _ in range(64))), budget.spent

    assert run(main()) == ([False] * 64, 64.0)


def test_too_large_a_call_is_refused_at_once() -> None:
    assert not run(Budget(1.0, 0.0).reserve(1.5))
    assert not run(Budget(1.0, 1.0).reserve(1e-6))
    assert run(Budget(1.0, 0.5).reserve(0.5))


def test_a_cancelled_wait_reserves_nothing() -> None:
    async def main() -> bool:
        budget = Budget(1.0, 0.0)
        budget.take(1.0)
        waiting = asyncio.create_task(budget.reserve(1.0))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.sleep(1)
        budget.settle(1.0, 0.0)
        return budget.fits(1.0)

    assert run(main())


def test_without_a_cap_anything_goes_at_once() -> None:
    async def main() -> Budget:
        budget = Budget(None, 3.0)
        for _ in range(100_000):
            assert await budget.reserve(float("inf"))
        for _ in range(50_000):
            budget.settle(float("inf"), 0.00001)
            budget.settle(float("inf"), float("inf"))
        return budget

    begun = time.process_time()
    assert run(main()).spent == pytest.approx(3.5)
    assert time.process_time() - begun < 5
