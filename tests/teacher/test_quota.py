"""Units a minute, at times that the tests make up."""

import random
import time

import pytest

from understudy.teacher.quota import CATCH_UP, MINUTE, Note, Quota, parse_duration


def send(quota: Quota, now: float, units: float = 1) -> tuple[Note, float]:
    """Sends as soon as it may be; returns when that was."""
    while (delay := quota.delay(units, now)) > 1e-9:
        now += delay
    return quota.spend(units, now), now


def most_in_a_minute(sent: list[tuple[float, float]]) -> float:
    return max(sum(units for at, units in sent if 0 <= at - start < MINUTE) for start, _ in sent)


@pytest.mark.parametrize("limit", [1, 2, 7, 60, 500])
def test_no_minute_has_more_than_the_limit_and_all_together_nearly_as_many(limit: int) -> None:
    quota, now = Quota(limit), 0.0
    sent = []
    while now < 5 * MINUTE:
        _, now = send(quota, now)
        sent.append((now, 1.0))
    assert most_in_a_minute(sent) <= limit
    assert len(sent) >= 0.95 * 5 * limit


@pytest.mark.parametrize("seed", range(5))
def test_unequal_units_that_are_corrected_keep_the_limit_too(seed: int) -> None:
    quota, now, chance = Quota(10_000), 0.0, random.Random(seed)
    sent = []
    while now < 5 * MINUTE:
        note, now = send(quota, now, 600)
        quota.correct(note, units := chance.randint(1, 600))
        sent.append((now, float(units)))
    assert most_in_a_minute(sent) <= 10_000
    assert sum(units for _, units in sent) >= 0.9 * 5 * 10_000


def test_units_are_spread_and_a_short_gap_is_made_up_for() -> None:
    quota = Quota(600)
    times = []
    now = 0.0
    for _ in range(100):
        _, now = send(quota, now)
        times.append(now)
    burst = sum(1 for at in times if at == 0)
    assert burst <= 600 / MINUTE * CATCH_UP * 1.5
    assert 7 <= times[-1] <= 10


def test_without_a_limit_nothing_waits_and_little_is_kept() -> None:
    quota, begun = Quota(), time.process_time()
    for number in range(20_000):
        now = number / 100
        assert quota.delay(1, now) == 0
        quota.correct(quota.spend(1, now), 2)
    assert time.process_time() - begun < 1
    assert len(quota._sent) <= 100 * 65


def test_what_is_larger_than_the_limit_goes_when_all_else_is_a_minute_old() -> None:
    quota = Quota(10)
    _, first = send(quota, 0.0, 25)
    _, second = send(quota, first, 25)
    assert first == 0
    assert second == pytest.approx(MINUTE + quota.margin)


def test_what_the_endpoint_tells_counts_unless_params_say_less() -> None:
    quota = Quota(100)
    quota.told(500)
    assert quota.limit == 100
    quota.told(50)
    assert quota.limit == 50
    quota.told(200)
    assert quota.limit == 100
    unset = Quota()
    assert not unset.known
    unset.told(200)
    assert unset.limit == 200


def test_a_correction_of_what_is_long_past_changes_nothing() -> None:
    quota = Quota(10)
    note = quota.spend(5, 0.0)
    assert quota.delay(10, 100.0) == 0
    quota.correct(note, 1000)
    assert quota.delay(10, 100.0) == 0


# Refusals


def filled(quota: Quota, calls: int, seconds: float) -> float:
    """Answered calls, evenly in so many seconds; returns the time."""
    for number in range(calls):
        at = seconds * number / calls
        quota.spend(1, at).ended = at + 0.1
    return seconds


@pytest.mark.parametrize(
    ("calls", "pause", "crowded", "limit"),
    [
        (40, MINUTE - 10, True, 40),  # until the oldest call is a minute old
        (3, MINUTE - 10, False, None),
        *((40, pause, False, None) for pause in (None, 0.2, 5.0, 30.0, 70.0)),
    ],
)
def test_a_pause_until_the_oldest_of_many_calls_is_a_minute_old_teaches_the_limit(
    calls: int, pause: float | None, crowded: bool, limit: int | None
) -> None:
    quota = Quota()
    now = filled(quota, calls, 10.0)
    assert quota.refuse(quota.spend(1, now), pause, now, crowded=crowded) == (limit is not None)
    assert (quota.limit if quota.known else None) == limit


def test_a_short_pause_teaches_nothing_where_too_many_calls_at_once_may_be_why() -> None:
    quota = Quota()
    now = filled(quota, 600, 59.9)
    assert not quota.refuse(quota.spend(1, now), 0.2, now, crowded=True)
    assert not quota.known
    assert quota.refuse(quota.spend(1, now), 0.2, now, crowded=False)
    assert quota.limit == 600


def test_calls_on_their_way_when_a_limit_was_learned_were_too_many_if_they_are_refused() -> None:
    quota = Quota()
    now = filled(quota, 40, 10.0)
    on_their_way = [quota.spend(1, now) for _ in range(5)]
    for note in on_their_way[:4]:
        quota.refuse(note, MINUTE - 10, now + 0.1, crowded=True)
    assert quota.limit == 41


def test_a_refusal_near_the_limit_keeps_us_further_from_it_once_for_all_together() -> None:
    quota = Quota(60)
    margin = quota.margin
    notes = [send(quota, 0.0)[0] for _ in range(60)]
    for note in notes[-3:]:
        assert quota.refuse(note, None, MINUTE, crowded=True)
    assert margin < quota.margin <= 2 * margin


def test_a_refusal_far_from_the_limit_is_not_put_down_to_it() -> None:
    quota = Quota(600)
    now = filled(quota, 40, 10.0)
    assert not quota.refuse(quota.spend(1, now), None, now, crowded=True)
    assert quota.limit == 600


def test_a_learned_limit_is_tried_after_a_while_and_falls_back_when_refused() -> None:
    quota = Quota()
    now = filled(quota, 40, 10.0)
    quota.refuse(quota.spend(1, now), MINUTE - 10, now, crowded=True)
    while quota.limit == 40:
        _, now = send(quota, now)
    assert now > 300
    assert 40 < quota.limit < 45
    for _ in range(60):
        note, now = send(quota, now)
    assert quota.refuse(note, 0.5, now, crowded=True)
    assert quota.limit == 40


# Durations


DURATIONS: dict[str, float] = {
    "1s": 1,
    "0s": 0,
    "2.5s": 2.5,
    "17ms": 0.017,
    "1.5ms": 0.0015,
    "6m0s": 360,
    "1m": 60,
    "1m2.5s": 62.5,
    "1h": 3600,
    "1h2m3.5s": 3723.5,
    "23h59m59.9s": 86399.9,
    "2m59.56s": 179.56,
    "1s500ms": 1.5,
    " 1s ": 1,
    "12": 12,
    "0.5": 0.5,
    "-3": -3,
}
NONE = ["", " ", "soon", "1d", "s", "ms", "nan", "inf", "-inf", "1e999"]


@pytest.mark.parametrize("text", [*DURATIONS, *NONE, "Fri, 31 Jan 2020 10:00:00 GMT"])
def test_durations_are_read_as_apis_word_them(text: str) -> None:
    found, seconds = parse_duration(text), DURATIONS.get(text)
    assert found == (seconds if seconds is None else pytest.approx(seconds))
