"""Prices by hand, the most that a call can cost, and a cap that nothing exceeds."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles.teacher import settings
from tests.teacher.asking import requests
from tests.virtual_time import run, virtual
from understudy.contract.answers import Answer
from understudy.contract.params.teacher import Prices, TeacherParams
from understudy.teacher.budget import Budget
from understudy.teacher.money import cost_usd, price_usd, worst_case_usd
from understudy.teacher.requests import Question, Request

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


def test_a_batch_without_a_discount_and_a_cached_token_without_a_price_cost_as_much() -> None:
    prices = Prices(**{**PRICES, "batch_factor": 1.0})
    both = [price_usd(10, 0, 5, prices=prices, batch=batch) for batch in (True, False)]
    assert both[0] == both[1] > 0
    prices = Prices(input=2.0, output=8.0)
    assert cost_usd(answer(1_000_000, 600_000, 0), prices) == 2.0
    assert worst_case_usd(1000, params(prices=prices)) == pytest.approx((2 * 1000 + 8 * 100) / 1e6)
    free = Prices(input=2.0, cached_input=0.0, output=8.0)
    assert cost_usd(answer(1_000_000, 600_000, 0), free) == pytest.approx(0.8)


@pytest.mark.parametrize("name", ["input", "output"])
def test_one_price_without_the_other_is_an_error_so_that_no_cap_counts_0(name: str) -> None:
    with pytest.raises(ValueError, match=f"only {name} is given; give input and output"):
        Prices(**{name: 1.0})


@pytest.mark.parametrize("price", ["input", "cached_input", "output"])
def test_prices_are_free_if_each_of_them_is_0(price: str) -> None:
    none = {"input": 0.0, "cached_input": 0.0, "output": 0.0}
    assert Prices(**none).are_free
    assert not Prices(**{**none, price: 0.1}).are_free


# The worst case


@pytest.mark.parametrize("mode", ["live", "batch"])
@pytest.mark.parametrize("cached_price", [0.1, 1.25, 5.0])
def test_no_answer_costs_more_than_the_worst_case(mode: str, cached_price: float) -> None:
    chance = random.Random(1)
    settled = params(mode=mode, prices={**PRICES, "cached_input": cached_price})
    alphabet = 'ab cd .,\n"\\éß漢🦀\u200d\ud800'
    for _ in range(300):
        prompt = "".join(chance.choices(alphabet, k=chance.randrange(200)))
        (request,) = requests([prompt], settled)
        used = chance.randint(0, len(prompt.encode("utf-8", "replace")) + 10)
        tokens = (used, chance.randint(0, used), chance.randint(0, 100))
        assert cost_usd(answer(*tokens, batch=mode == "batch"), settled.prices) <= request.worst_usd


def test_the_worst_case_is_by_hand_the_bytes_and_the_longest_answer() -> None:
    assert worst_case_usd(1000, params()) == pytest.approx((1000 * 2.5 + 100 * 10) / 1e6)
    assert worst_case_usd(1000, params(mode="batch")) == pytest.approx(0.5 * 3500 / 1e6)


def test_nothing_bounds_the_cost_of_an_answer_without_a_longest_length() -> None:
    assert worst_case_usd(1, params(request={})) == float("inf")
    free = {**PRICES, "output": 0.0}
    assert worst_case_usd(4, params(request={}, prices=free)) == pytest.approx(1e-5)


# The budget


def budget(cap: float | None, spent: float = 0.0) -> Budget:
    """A budget where a token of output costs a millionth of a dollar."""
    prices = {**dict.fromkeys(PRICES, 0.0), "output": 1.0}
    return Budget(params(max_cost_usd=cap, prices=prices), spent)


def call(worst: float, key: str = "sha256:1") -> Request:
    return Request(Question.of(""), {}, b"", key, worst)


def costing(key: str, dollars: float) -> Answer:
    return Answer(key, "text", "stop", "", "m", 0, 0, max(1, round(dollars * 1e6)))


async def spend(money: Budget, seed: int, tasks: int = 64, lost: float = 0.0) -> list[float]:
    """Calls of unequal cost until the budget says no; returns what was really spent over time."""
    chance, history, total = random.Random(seed), [0.0], 0.0
    numbers = itertools.count()

    def pay(amount: float) -> None:
        nonlocal total
        total += amount
        history.append(total)

    async def ask_on() -> None:
        while await money.reserve(request := call(1.0, f"sha256:{next(numbers)}")):
            await asyncio.sleep(chance.expovariate(1))
            while chance.random() < lost:
                pay(chance.choice((0.0, 1.0)))  # nobody knows whether it was billed
                money.lose(request.key)
                if not await money.reserve(request):
                    return
                await asyncio.sleep(chance.expovariate(1))
            answer = costing(request.key, chance.betavariate(1, 4))
            pay(answer.completion_tokens / 1e6)
            money.charge(answer)

    await asyncio.gather(*(ask_on() for _ in range(tasks)))
    return history


@pytest.mark.parametrize("lost", [0.0, 0.2])
@pytest.mark.parametrize("cap", [20.0, 64.0, 500.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_cap_is_used_up_and_never_exceeded(seed: int, cap: float, lost: float) -> None:
    money = budget(cap)
    history = run(spend(money, seed, lost=lost))
    assert max(history) <= cap + 1e-9
    assert money.spent <= cap + 1e-9
    assert money.spent >= 0.9 * cap
    assert lost or history[-1] == pytest.approx(money.spent)


def test_what_was_spent_before_counts() -> None:
    money = budget(100.0, 40.0)
    assert max(run(spend(money, 1))) <= 60 + 1e-9
    assert 95 <= money.spent <= 100


def test_each_way_to_end_a_call_books_what_it_says() -> None:
    money = budget(10.0)
    ends: list[tuple[Callable[[], None], float]] = [
        (lambda: money.charge(costing("sha256:1", 0.25)), 0.25),
        (lambda: money.release("sha256:1"), 0.25),
        (lambda: money.lose("sha256:1"), 2.25),
        (lambda: money.charge(answer(0, 0, 0)), 4.25),  # no usage reported: its worst case
    ]
    for end, spent in ends:
        assert money.try_reserve(call(2.0))
        assert money.holds("sha256:1")
        end()
        assert not money.holds("sha256:1")
        assert money.spent == pytest.approx(spent)


def test_a_call_that_nobody_reserved_cannot_be_booked() -> None:
    with pytest.raises(KeyError):
        budget(10.0).release("sha256:1")


def test_a_call_of_an_earlier_run_is_reserved_again_and_not_counted_twice() -> None:
    money = budget(10.0, spent=6.0)
    money.reopen(call(6.0), counted=True)
    assert money.spent == 0.0
    assert not money.try_reserve(call(4.5, "sha256:2"))
    money.lose("sha256:1")
    assert money.spent == 6.0


@virtual
async def test_a_call_that_waits_starts_as_soon_as_money_is_free() -> None:
    money = budget(10.0)
    assert money.try_reserve(call(8.0))
    waiting = asyncio.create_task(money.reserve(call(5.0, "sha256:2")))
    await asyncio.sleep(3)
    assert not waiting.done()
    money.charge(costing("sha256:1", 1.0))
    assert await waiting
    assert asyncio.get_running_loop().time() == 3


@virtual
async def test_all_that_wait_give_up_when_nothing_in_flight_can_free_money() -> None:
    money = budget(10.0)
    assert money.try_reserve(call(8.0))
    waiting = [asyncio.create_task(money.reserve(call(5.0, f"{n}"))) for n in range(64)]
    await asyncio.sleep(1)
    money.lose("sha256:1")
    assert await asyncio.gather(*waiting) == [False] * 64


@virtual
async def test_calls_that_are_all_lost_at_once_do_not_wait_for_each_other() -> None:
    money = budget(64.0)
    calls = [call(1.0, f"sha256:{number}") for number in range(64)]
    assert all(money.try_reserve(one) for one in calls)

    async def lose(one: Request) -> bool:
        money.lose(one.key)
        return await money.reserve(one)

    assert await asyncio.gather(*map(lose, calls)) == [False] * 64
    assert money.spent == 64.0


@virtual
async def test_too_large_a_call_is_refused_at_once() -> None:
    assert not await budget(1.0).reserve(call(1.5))
    assert not await budget(1.0, 1.0).reserve(call(1e-6))
    assert await budget(1.0, 0.5).reserve(call(0.5))


@virtual
async def test_a_cancelled_wait_reserves_nothing() -> None:
    money = budget(1.0)
    assert money.try_reserve(call(1.0))
    waiting = asyncio.create_task(money.reserve(call(1.0, "sha256:2")))
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.sleep(1)
    money.release("sha256:1")
    assert money.try_reserve(call(1.0, "sha256:3"))


@virtual
async def test_without_a_cap_anything_goes_at_once() -> None:
    money, begun = budget(None, 3.0), time.process_time()
    for number in range(20_000):
        assert await money.reserve(call(float("inf"), str(number)))
    for number in range(0, 20_000, 2):
        money.charge(costing(str(number), 0.00001))
        money.lose(str(number + 1))
    assert money.spent == pytest.approx(3.1)
    assert time.process_time() - begun < 1
