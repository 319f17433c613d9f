"""The alarm of the shadow: bets by hand, false alarms, delays, and going on after a restart."""

import itertools
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.errors import DataError
from understudy.serving.drift import ODDS, DriftTest


def run(requests: Iterable[bool], rate: float = 0.1, alpha: float = 0.05) -> DriftTest:
    test = DriftTest(rate, alpha)
    for bad in requests:
        test.add(bad)
    return test


def count_until_alarm(requests: Iterable[bool], rate: float = 0.1) -> int | None:
    test = DriftTest(rate)
    for count, bad in enumerate(requests, start=1):
        test.add(bad)
        if test.alarmed:
            return count
    return None


def test_the_first_bad_request_by_hand() -> None:
    assert (run([]).e_value, run([]).alarmed) == (1, False)
    # a moving bet has no past to follow; of the fixed half, a share is placed and multiplied
    placed = 1 - 1 / math.log(math.e + 1)
    gains = [odds * 0.1 / (0.9 + odds * 0.1) / 0.1 for odds in ODDS]
    fixed = placed * sum(gains) / len(gains) + 1 - placed
    assert run([True]).e_value == pytest.approx((fixed + 1) / 2)


@given(st.lists(st.booleans(), max_size=30), st.floats(0.01, 0.99))
def test_at_the_rate_no_request_is_expected_to_add_evidence(past: list[bool], rate: float) -> None:
    before, bad, good = (run([*past, *more], rate) for more in ([], [True], [False]))
    expected = rate * bad.e_value + (1 - rate) * good.e_value
    assert expected == pytest.approx(before.e_value, rel=1e-9)
    assert bad.e_value >= good.e_value


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_over_all_streams_the_evidence_is_one_on_average(rate: float) -> None:
    total = 0.0
    for stream in itertools.product([True, False], repeat=8):
        total += rate ** sum(stream) * (1 - rate) ** (8 - sum(stream)) * run(stream, rate).e_value
    assert total == pytest.approx(1)


def test_good_requests_never_alarm_and_bad_ones_do() -> None:
    assert count_until_alarm([False] * 5000) is None
    assert count_until_alarm([True] * 10) is not None
    test = run([True] * 3000)
    assert math.isfinite(test.e_value)
    assert (test.requests, test.bad) == (3000, 3000)


def test_an_alarm_stays() -> None:
    test = run([*[True] * 10, *[False] * 3000])
    assert test.alarmed
    assert test.e_value < 20
    assert test.peak >= 20


@pytest.mark.parametrize("rate", [0.02, 0.2])
def test_at_the_rate_few_streams_alarm(rate: float) -> None:
    rng = np.random.default_rng(round(100 * rate))
    alarmed = [run(rng.uniform(size=1000) < rate, rate).alarmed for _ in range(60)]
    assert sum(alarmed) <= 6  # 3 expected at most; 7 or more with a probability of 3%


@pytest.mark.parametrize(("calm", "most"), [(0, 150), (3000, 250)])
def test_a_rate_twice_as_high_is_noticed_even_after_a_long_calm(calm: int, most: int) -> None:
    rng = np.random.default_rng(5)
    delays = []
    for _ in range(15):
        stream = [*(rng.uniform(size=calm) < 0.05), *(rng.uniform(size=2000) < 0.2)]
        found = count_until_alarm(stream)
        assert found is not None
        assert found > calm
        delays.append(found - calm)
    assert np.median(delays) <= most


def test_after_a_restart_it_goes_on_where_it_stood() -> None:
    stream = np.random.default_rng(8).uniform(size=200) < 0.15
    whole, half = run(stream), run(stream[:100])
    resumed = DriftTest.from_record(json.loads(json.dumps(half.to_record())))
    for bad in stream[100:]:
        resumed.add(bad)
    assert resumed.to_record() == whole.to_record()


@pytest.mark.parametrize(
    "change",
    [{"fixed": [1.0]}, {"moving": [-1.0] * 3}, {"peak": "high"}, {"averages": None}],
)
def test_a_record_of_another_form_is_refused(change: Mapping[str, Any]) -> None:
    for record in ({**run([True]).to_record(), **change}, {}):
        with pytest.raises(DataError, match="the test starts anew"):
            DriftTest.from_record(record)


@pytest.mark.parametrize(("rate", "alpha"), [(0, 0.05), (1, 0.05), (0.1, 0), (0.1, 5)])
def test_a_rate_that_cannot_be_exceeded_or_an_alpha_that_is_no_share_is_refused(
    rate: float, alpha: float
) -> None:
    with pytest.raises(DataError, match="expected a share above 0 and below 1"):
        DriftTest(rate, alpha)
