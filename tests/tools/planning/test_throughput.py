"""The pace of earlier runs, by when their answers came and how long each took."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from understudy.tools.planning.throughput import measure_throughput

START = datetime(2026, 1, 1, tzinfo=UTC)


def calls(count: int, in_flight: int, seconds: float, begins: float = 0) -> list[tuple[str, float]]:
    """So many answers, each slot's one after another."""
    chance, found = random.Random(1), []
    for _ in range(in_flight):
        at = begins
        for _ in range(count // in_flight):
            took = seconds * chance.uniform(0.8, 1.2)
            at += took
            found.append(((START + timedelta(seconds=at)).isoformat(), took))
    return found


@pytest.mark.parametrize(("in_flight", "seconds"), [(1, 3.4), (4, 20.0), (16, 0.5)])
def test_the_pace_is_what_was_measured_whatever_concurrency_allows(
    in_flight: int, seconds: float
) -> None:
    found = measure_throughput(calls(400, in_flight, seconds), 1, 64)
    assert found == pytest.approx(60 * in_flight / seconds, rel=0.2)


def test_a_sample_stands_for_all_answers_and_fewer_in_flight_are_slower() -> None:
    assert measure_throughput([], 1, 16) is None
    assert measure_throughput(calls(400, 8, 1.0), 1, 2) == pytest.approx(120, rel=0.2)
    sample = random.Random(2).sample(calls(4000, 4, 10.0), 400)
    assert measure_throughput(sample, 10, 16) == pytest.approx(24, rel=0.2)


def test_only_the_last_runs_count_and_pauses_between_them_do_not() -> None:
    found = [*calls(400, 8, 1.0), *calls(400, 2, 1.0, begins=9000)]
    assert measure_throughput(found, 1, 16) == pytest.approx(120, rel=0.2)
