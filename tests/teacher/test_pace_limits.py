"""The pace at endpoints that take few calls at once, or ask for pauses."""

import asyncio

import pytest

from tests.teacher.pacing import PROMPT, Server, Sliding, now, params, simulate
from tests.teacher.test_pace import AtOnce, Outage
from tests.virtual_time import run
from understudy.teacher.pace import Pace

# Calls at once


@pytest.mark.parametrize("pause", [None, 0.2])
@pytest.mark.parametrize("most", [1, 2, 5, 16, 40])
def test_the_window_finds_how_many_calls_are_taken_at_once(most: int, pause: float | None) -> None:
    server = AtOnce(most, 1.0, pause)
    pace = simulate(server)
    assert 0.75 * most <= pace.window <= 1.25 * most + 1
    assert server.refused_share < 0.05
    assert len(server.accepted) >= 0.95 * most * 600
    assert not pace.requests.known


@pytest.mark.parametrize("concurrency", [1, 3, 64])
def test_calls_in_flight_never_exceed_concurrency_and_reach_it(concurrency: int) -> None:
    server = Server(1.0, late=False)
    simulate(server, minutes=5, concurrency=concurrency)
    assert server.most_in_flight == concurrency
    assert len(server.accepted) >= 0.8 * concurrency * 300


def test_one_call_after_another_keeps_a_limit_too() -> None:
    server = Sliding(60, 0.5)
    simulate(server, concurrency=1)
    assert server.used(60) >= 0.95
    assert server.refused_share < 0.01


@pytest.mark.parametrize("pause", [None, 1.0])
@pytest.mark.parametrize("begins", [5.0, 30.0, 120.0])
def test_full_speed_returns_after_ten_seconds_of_overload(
    begins: float, pause: float | None
) -> None:
    server, calm = Outage(pause, begins), Server(0.5, late=False)
    for one in (server, calm):
        simulate(one, minutes=5, concurrency=16)
    last_minutes = [sum(1 for at, _ in one.accepted if at > 180) for one in (server, calm)]
    assert last_minutes[0] >= 0.95 * last_minutes[1]


# Pauses


def test_a_pause_that_one_call_is_asked_for_holds_back_all() -> None:
    async def main() -> tuple[float, float]:
        pace = Pace(params())
        tickets = [await pace.admit(PROMPT) for _ in range(3)]
        pace.refused(tickets.pop(), 20.0)
        begun = now()
        for ticket in tickets:
            pace.answered(ticket, 500)
        await asyncio.gather(*(pace.admit(PROMPT) for _ in range(2)))
        return begun, now()

    begun, admitted = run(main())
    assert admitted - begun == pytest.approx(20.0, abs=0.01)


def test_nothing_left_by_the_headers_waits_for_one_more() -> None:
    async def main() -> float:
        pace = Pace(params())
        told = {"limit": "60", "remaining": "0", "reset": "1m0s"}
        pace.observe({f"x-ratelimit-{name}-requests": text for name, text in told.items()})
        await pace.admit(PROMPT)
        return now()

    assert run(main()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("text", ["", "unlimited", "-1", "0", "nan", "inf"])
def test_headers_that_tell_no_limit_change_nothing(text: str) -> None:
    async def main() -> bool:
        pace = Pace(params())
        pace.observe({"x-ratelimit-limit-requests": text, "x-ratelimit-reset-requests": "soon"})
        return pace.requests.known

    assert not run(main())


def test_a_limit_a_day_is_no_limit_a_minute() -> None:
    async def main() -> bool:
        pace = Pace(params())
        told = {"limit": "1000", "remaining": "0", "reset": "23h59m0s"}
        pace.observe({f"x-ratelimit-{name}-requests": text for name, text in told.items()})
        await pace.admit(PROMPT)
        return pace.requests.known or now() > 0

    assert not run(main())


def test_calls_are_admitted_in_the_order_in_which_they_come() -> None:
    async def main() -> list[int]:
        pace, order = Pace(params(concurrency=2)), []

        async def call(number: int) -> None:
            ticket = await pace.admit(PROMPT)
            order.append(number)
            await asyncio.sleep(1 / (number + 1))
            pace.answered(ticket, 500)

        await asyncio.gather(*(call(number) for number in range(20)))
        return order

    assert run(main()) == list(range(20))


def test_a_cancelled_call_leaves_its_place_to_the_next() -> None:
    async def main() -> int:
        pace = Pace(params(concurrency=1))
        ticket = await pace.admit(PROMPT)
        waiting = [asyncio.create_task(pace.admit(PROMPT)) for _ in range(2)]
        await asyncio.sleep(1)
        waiting[0].cancel()
        await asyncio.sleep(1)
        pace.answered(ticket, 500)
        await waiting[1]
        return pace.in_flight

    assert run(main()) == 1


def test_only_the_last_minute_of_calls_is_remembered() -> None:
    async def main() -> int:
        pace = Pace(params())
        for _ in range(100_000):
            ticket = await pace.admit(PROMPT)
            await asyncio.sleep(0.01)
            pace.answered(ticket, 500)
        return len(pace.requests._sent)

    assert run(main()) <= 100 * 65
