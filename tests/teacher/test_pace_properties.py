"""The quota and the pace under any order of events, in virtual time."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.teacher.pacing import Sliding, now, params, simulate
from tests.teacher.properties import quick, slow
from tests.teacher.test_quota import most_in_a_minute, send
from tests.virtual_time import run
from understudy.teacher.pace import LONGEST_PAUSE, Pace
from understudy.teacher.quota import MINUTE, Quota

SHARES = st.floats(0.001, 1)
GAPS = st.floats(0, 90)
CALLS = st.lists(st.tuples(GAPS, SHARES, SHARES), min_size=1, max_size=60)


@quick
@given(limit=st.integers(1, 5000), calls=CALLS)
def test_no_minute_has_more_units_than_the_limit_whenever_they_come(
    limit: int, calls: list[tuple[float, float, float]]
) -> None:
    quota, time, sent = Quota(limit), 0.0, []
    for gap, expected, used in calls:
        note, time = send(quota, time + gap, expected * limit)
        quota.correct(note, used * expected * limit)
        sent.append((time, note.units))
    assert most_in_a_minute(sent) <= limit * (1 + 1e-9)


@quick
@given(limit=st.integers(1, 5000), units=SHARES, count=st.integers(1, 50))
def test_whoever_waits_for_units_waits_no_longer_than_for_all_the_room(
    limit: int, units: float, count: int
) -> None:
    quota, time = Quota(limit), 0.0
    for _ in range(count):
        assert quota.delay(units * limit, time) <= MINUTE + quota.margin + 1e-6
        _, time = send(quota, time, units * limit)


PAUSES = st.none() | st.floats(0, 400)
REFUSALS = st.lists(st.tuples(GAPS, PAUSES, st.booleans(), st.booleans()), max_size=60)


@quick
@given(limit=st.none() | st.integers(1, 500), events=REFUSALS)
def test_what_refusals_teach_never_exceeds_what_params_set_and_never_stops_the_run(
    limit: int | None, events: list[tuple[float, float | None, bool, bool]]
) -> None:
    quota, time = Quota(limit), 0.0
    for gap, pause, crowded, is_refused in events:
        note, time = send(quota, time + gap)
        if is_refused:
            quota.refuse(note, pause, time, crowded=crowded)
        else:
            note.ended = time
        assert limit is None or quota.limit <= limit
        assert quota.limit >= 1
        assert quota.delay(1, time) <= MINUTE + quota.margin + 1e-6


OUTCOMES = st.lists(
    st.tuples(st.sampled_from(["answered", "refused", "failed"]), st.floats(0, 20), PAUSES),
    max_size=60,
)


@quick
@given(concurrency=st.integers(1, 64), outcomes=OUTCOMES)
def test_any_outcomes_leave_room_for_at_least_one_call_and_at_most_concurrency(
    concurrency: int, outcomes: list[tuple[str, float, float | None]]
) -> None:
    async def main() -> None:
        pace = Pace(params(concurrency=concurrency))
        for outcome, seconds, pause in outcomes:
            asked = now()
            ticket = await pace.admit(200)
            assert now() - asked <= LONGEST_PAUSE + 2 * MINUTE
            await asyncio.sleep(seconds)
            if outcome == "answered":
                pace.answered(ticket, 500)
            elif outcome == "refused":
                pace.refused(ticket, pause)
            else:
                pace.failed()
            assert pace.in_flight == 0
            assert 1 <= pace.window <= concurrency

    run(main())


@slow
@given(
    limit=st.integers(20, 300),
    latency=st.floats(0.1, 5),
    concurrency=st.integers(1, 48),
    told=st.sampled_from(["params", "headers", "refusals"]),
)
def test_a_server_with_a_limit_never_sees_more_calls_at_once_or_a_minute_than_it_was_promised(
    limit: int, latency: float, concurrency: int, told: str
) -> None:
    server = Sliding(limit, latency, headers=told == "headers")
    changes: dict[str, Any] = {"requests_per_minute": limit} if told == "params" else {}
    simulate(server, 3, concurrency=concurrency, **changes)
    assert server.most_in_flight <= concurrency
    if told == "params":
        assert not server.refused
    assert server.accepted
