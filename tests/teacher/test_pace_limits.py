"""The pace at endpoints that take few calls at once, or ask for pauses."""

import asyncio

import pytest

from tests.teacher.pacing import PROMPT, Server, Sliding, now, params, simulate
from tests.teacher.test_pace import AtOnce, Outage
from tests.virtual_time import virtual
from understudy.teacher.pace import Pace

# Calls at once


@pytest.mark.parametrize("pause", [None, 0.2])
@pytest.mark.parametrize("most", [1, 2, 5, 16, 40])
def test_the_window_finds_how_many_calls_are_taken_at_once(most: int, pause: float | None) -> None:
    server = AtOnce(most, 1.0, pause)
    pace = simulate(server, minutes=7)
    assert 0.75 * most <= pace.window <= 1.25 * most + 1
    assert server.refused_share < 0.05
    assert len(server.accepted) >= 0.95 * most * 420
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


@virtual
async def test_a_pause_that_one_call_is_asked_for_holds_back_all() -> None:
    pace = Pace(params())
    tickets = [await pace.admit(PROMPT) for _ in range(3)]
    pace.refused(tickets.pop(), 20.0)
    begun = now()
    for ticket in tickets:
        pace.answered(ticket, 500)
    await asyncio.gather(*(pace.admit(PROMPT) for _ in range(2)))
    assert now() - begun == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize(
    ("limit", "reset", "is_known", "wait"),
    [
        ("60", "1m0s", True, 1.0),  # for one more
        ("1000", "23h59m0s", False, 0.0),  # a limit a day is none a minute
        *((text, "soon", False, 0.0) for text in ("", "unlimited", "-1", "0", "nan", "inf")),
    ],
)
@virtual
async def test_nothing_left_by_headers_that_tell_a_limit_a_minute_waits_for_one_more(
    limit: str, reset: str, is_known: bool, wait: float
) -> None:
    pace = Pace(params())
    told = {"limit": limit, "remaining": "0", "reset": reset}
    pace.observe({f"x-ratelimit-{name}-requests": text for name, text in told.items()})
    await pace.admit(PROMPT)
    assert pace.requests.known == is_known
    assert now() == pytest.approx(wait, abs=0.01)


@virtual
async def test_calls_are_admitted_in_the_order_in_which_they_come() -> None:
    pace, order = Pace(params(concurrency=2)), []

    async def call(number: int) -> None:
        ticket = await pace.admit(PROMPT)
        order.append(number)
        await asyncio.sleep(1 / (number + 1))
        pace.answered(ticket, 500)

    await asyncio.gather(*(call(number) for number in range(20)))
    assert order == list(range(20))


@virtual
async def test_a_cancelled_call_leaves_its_place_to_the_next() -> None:
    pace = Pace(params(concurrency=1))
    ticket = await pace.admit(PROMPT)
    waiting = [asyncio.create_task(pace.admit(PROMPT)) for _ in range(2)]
    await asyncio.sleep(1)
    waiting[0].cancel()
    await asyncio.sleep(1)
    pace.answered(ticket, 500)
    await waiting[1]
    assert pace.in_flight == 1


@virtual
async def test_only_the_last_minute_of_calls_is_remembered() -> None:
    pace = Pace(params())
    for _ in range(20_000):
        ticket = await pace.admit(PROMPT)
        await asyncio.sleep(0.01)
        pace.answered(ticket, 500)
    assert len(pace.requests._sent) <= 100 * 65
