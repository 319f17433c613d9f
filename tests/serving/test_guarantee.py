"""The promise of a cascade: tails by hand, laws, and how often it is broken in simulation."""

import itertools
import math
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.errors import DataError
from understudy.serving.guarantee import (
    Promise,
    calibrate,
    p_values,
    p_values_ahead,
    rows_needed,
    upper_bounds,
)

NAN = float("nan")
TENTH = Promise(epsilon=0.1, delta=5.0)


def binomial_tail(bad: int, rows: int, epsilon: Fraction) -> Fraction:
    return sum(
        (math.comb(rows, k) * epsilon**k * (1 - epsilon) ** (rows - k) for k in range(bad + 1)),
        Fraction(0),
    )


def hypergeometric_tail(bad: int, rows: int, ahead: int, together: int) -> Fraction:
    ways = sum(
        math.comb(together, k) * math.comb(rows + ahead - together, rows - k)
        for k in range(bad + 1)
    )
    return Fraction(ways, math.comb(rows + ahead, rows))


@pytest.mark.parametrize(("bad", "rows"), [(0, 1), (0, 29), (1, 10), (4, 90), (10, 10), (37, 400)])
def test_a_p_value_is_the_binomial_tail(bad: int, rows: int) -> None:
    exact = binomial_tail(bad, rows, Fraction(1, 10))
    assert p_values(bad, rows, 0.1) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize(
    ("bad", "rows", "ahead"), [(0, 10, 10), (2, 30, 20), (4, 90, 90), (1, 5, 100)]
)
def test_a_p_value_of_requests_to_come_is_the_hypergeometric_tail(
    bad: int, rows: int, ahead: int
) -> None:
    exact = hypergeometric_tail(bad, rows, ahead, bad + ahead // 10 + 1)
    assert p_values_ahead(bad, rows, 0.1, ahead) == pytest.approx(float(exact), rel=1e-9)


def test_far_ahead_the_share_is_the_rate() -> None:
    far = p_values_ahead(3, 100, 0.1, 10_000_000)
    assert far == pytest.approx(float(p_values(3, 100, 0.1)), rel=1e-4)


def test_p_values_and_bounds_by_hand() -> None:
    assert p_values([0, 1], 3, 0.5) == pytest.approx([0.125, 0.5])
    # 3 rows, 2 requests of which none may be bad: the one bad of five is a request in 2 of 5 cases
    assert p_values_ahead(0, 3, 0.1, 2) == pytest.approx(0.4)
    assert p_values_ahead([0, 5], 5, 0.9999999999, 4).tolist() == [0, 0]  # cannot be exceeded
    assert upper_bounds(0, 29, 0.95) == pytest.approx(1 - 0.05 ** (1 / 29))
    assert upper_bounds([7, 1], 7, 0.95)[0] == 1


@given(
    st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    st.floats(0.5, 0.999),
)
def test_a_bound_is_the_rate_at_which_so_few_have_the_probability_of_an_error(
    counts: tuple[int, int], confidence: float
) -> None:
    rows, bad = counts
    bound = float(upper_bounds(bad, rows, confidence))
    assert bad / rows <= bound <= 1
    if bad < rows:
        assert p_values(bad, rows, bound) == pytest.approx(1 - confidence, rel=1e-6)


@given(st.integers(1, 400), st.floats(0.001, 0.999), st.sampled_from([None, 1, 10, 500]))
def test_more_bad_rows_never_strengthen_a_promise(
    rows: int, epsilon: float, horizon: int | None
) -> None:
    tested = Promise(epsilon, 0, horizon=horizon).p_values(np.arange(rows + 1), rows)
    assert (np.diff(tested) >= -1e-12).all()
    assert (np.diff(upper_bounds(np.arange(rows + 1), rows, 0.95)) > 0).all()


@given(st.integers(1, 100).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_more_rows_at_the_same_rate_never_weaken_a_bound(counts: tuple[int, int]) -> None:
    rows, bad = counts
    limits = [float(upper_bounds(times * bad, times * rows, 0.95)) for times in (1, 2, 5, 20)]
    assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(limits))


@pytest.mark.parametrize(
    ("promise", "rows"),
    [
        (Promise(0.1, 0), 29),  # 0.9 ** 29 = 0.047, 0.9 ** 28 = 0.052
        (Promise(0.05, 0), 59),
        (Promise(0.5, 0, 0.9), 4),
        (Promise(0.5, 0, 0.4), 1),
        (Promise(0.1, 0, horizon=1), 19),  # the one bad of 20 is the request in 1 of 20 cases
    ],
)
def test_the_fewest_rows_are_those_that_suffice_when_none_is_bad(
    promise: Promise, rows: int
) -> None:
    assert rows_needed(promise) == rows
    assert calibrate([0.5] * rows, [0.0] * rows, promise).certified is not None
    if rows > 1:
        assert calibrate([0.5] * (rows - 1), [0.0] * (rows - 1), promise).certified is None


def test_the_loosest_threshold_that_passes_is_taken() -> None:
    # 60 rows; at epsilon 0.1 two bad ones pass (0.053 does not: one does), by hand below
    assert (
        binomial_tail(1, 60, Fraction(1, 10))
        < Fraction(1, 20)
        < binomial_tail(2, 60, Fraction(1, 10))
    )
    confidences = [row / 60 for row in range(60)]
    shortfalls = [9.0 if row in (50, 20, 40) else 0.0 for row in range(60)]
    found = calibrate(confidences, shortfalls, TENTH).certified
    assert found is not None
    assert (found.threshold, found.local, found.bad, found.rows) == (41 / 60, 19, 1, 60)
    assert found.share_local == 19 / 60
    assert found.risk == 1 / 60
    assert found.bound <= 0.1


def test_a_threshold_behind_a_failure_is_not_reached() -> None:
    found = calibrate([0.9] * 5 + [0.1] * 5, [9.0] * 5 + [0.0] * 5, Promise(0.5, 0.0))
    assert found.certified is None
    assert [point.bad for point in found.points] == [5, 5, 5]


def test_equal_confidences_are_answered_together() -> None:
    found = calibrate([0.5] * 30, [5.0] * 29 + [9.0], TENTH)  # by delta itself is not worse
    assert [(point.threshold, point.bad) for point in found.points] == [(0.5, 1), (0, 1)]
    assert found.certified is None


def test_where_all_rows_are_good_every_request_is_answered_locally() -> None:
    found = calibrate([(1 + row) / 40 for row in range(40)], [-1.0] * 40, TENTH).certified
    assert found is not None
    assert (found.threshold, found.share_local) == (0, 1)


def test_of_bad_rows_alone_fewer_than_epsilon_are_answered_locally() -> None:
    # the promise is about all requests: it is kept by handing over nearly all of them
    found = calibrate([row / 400 for row in range(400)], [9.0] * 400, TENTH)
    assert found.certified is not None
    assert (found.certified.local, found.certified.bad) == (29, 29)
    assert found.certified.share_local < 0.1
    assert found.points[found.passed - 1] == found.certified
    assert all(point.p_value <= 0.05 for point in found.points[: found.passed])


@pytest.mark.parametrize(
    ("confidences", "shortfall"),
    [([row / 40 for row in range(40)], 9.0), ([0.5] * 400, 9.0), ([1.0], 0.0), ([NAN] * 50, 0.0)],
)
def test_few_or_tied_bad_rows_a_single_one_or_no_confidence_promise_nothing(
    confidences: list[float], shortfall: float
) -> None:
    found = calibrate(confidences, [shortfall] * len(confidences), TENTH)
    assert found.certified is None
    assert (found.points == ()) == math.isnan(confidences[0])


def test_a_row_without_a_confidence_is_never_local_but_counts_as_a_request() -> None:
    found = calibrate([0.0] * 40 + [NAN] * 10, [0.0] * 40 + [9.0] * 10, TENTH).certified
    assert found is not None
    assert (found.local, found.bad, found.rows) == (40, 0, 50)


def test_given_thresholds_are_tested_from_the_strictest() -> None:
    confidences = [row / 100 for row in range(100)]
    found = calibrate(confidences, [0.0] * 100, TENTH, [0.5, 0.99, 0.9, 0.9])
    assert [point.threshold for point in found.points] == [0.99, 0.9, 0.5]
    assert found.certified == found.points[-1]


ROWS = st.lists(
    st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9, NAN]), st.sampled_from([0.0, 9.0])),
    min_size=1,
    max_size=80,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[tuple[float, float]], random: Random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = (
        calibrate([score for score, _ in order], [loss for _, loss in order], TENTH)
        for order in (rows, shuffled)
    )
    assert first == second


@given(ROWS, st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_own_confidences_as_thresholds_never_answer_less(
    rows: list[tuple[float, float]], grid: list[float]
) -> None:
    confidences, shortfalls = map(list, zip(*rows, strict=True))
    own = calibrate(confidences, shortfalls, Promise(0.3, 0.0)).certified
    fixed = calibrate(confidences, shortfalls, Promise(0.3, 0.0), grid).certified
    assert (fixed.local if fixed else 0) <= (own.local if own else 0)


@given(ROWS)
def test_a_row_that_turns_bad_never_adds_local_answers(rows: list[tuple[float, float]]) -> None:
    confidences, shortfalls = map(list, zip(*rows, strict=True))
    before = calibrate(confidences, shortfalls, Promise(0.3, 0.0)).certified
    after = calibrate(confidences, [9.0, *shortfalls[1:]], Promise(0.3, 0.0)).certified
    assert (after.local if after else 0) <= (before.local if before else 0)


def draw(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Confidences in tenths; 0.48 (1 - confidence) are bad: of all rows, 10.1% from 0.4 on."""
    confidences = np.round(rng.uniform(size=rows), 1)
    return confidences, 9.0 * (rng.uniform(size=rows) < 0.48 * (1 - confidences))


def test_a_promise_of_the_rate_is_broken_at_most_as_often_as_said() -> None:
    rng = np.random.default_rng(15)
    weights = np.array([0.05, *[0.1] * 9, 0.05])
    tenths = np.arange(11) / 10
    risk = np.cumsum((weights * 0.48 * (1 - tenths))[::-1])[::-1]
    broken = served = 0
    for _ in range(2000):
        found = calibrate(*draw(rng, 120), TENTH).certified
        if found is not None:
            served += 1
            broken += bool(risk[round(10 * found.threshold)] > TENTH.epsilon)
    assert served > 1900
    assert 0.02 < broken / 2000 <= 0.05 + 3 * 0.005


def test_a_promise_of_requests_to_come_is_broken_at_most_as_often_as_said() -> None:
    rng = np.random.default_rng(16)
    promise = Promise(0.1, 5.0, horizon=80)
    broken = 0
    for _ in range(2000):
        found = calibrate(*draw(rng, 120), promise).certified
        if found is not None:
            confidences, shortfalls = draw(rng, 80)
            bad = (confidences >= found.threshold) & (shortfalls > 5)
            broken += bool(np.mean(bad) > 0.1)
    assert broken / 2000 <= 0.05 + 3 * 0.005


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"epsilon": 0.0}, "epsilon is 0.0"),
        ({"epsilon": 1.0}, "epsilon is 1.0"),
        ({"epsilon": NAN}, "epsilon is nan"),
        ({"confidence": 95.0}, "confidence is 95.0"),
        ({"delta": -1.0}, "delta is -1.0"),
        ({"delta": NAN}, "delta is nan"),
        ({"horizon": 0}, "horizon is 0"),
    ],
)
def test_an_impossible_promise_is_refused(values: dict[str, float], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Promise(**{"epsilon": 0.1, "delta": 5.0, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("confidences", "shortfalls", "said"),
    [
        ([], [], "0 confidences and 0 shortfalls"),
        ([0.1], [0.1, 0.2], "1 confidences and 2 shortfalls"),
        ([0.1, 0.1], [0.0, NAN], "row 1 of the calibration"),
    ],
)
def test_rows_that_say_nothing_are_refused(
    confidences: list[float], shortfalls: list[float], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        calibrate(confidences, shortfalls, TENTH)


@pytest.mark.parametrize("thresholds", [[], [0.5, NAN]])
def test_thresholds_that_are_none_are_refused(thresholds: list[float]) -> None:
    with pytest.raises(DataError, match="expected one number or more"):
        calibrate([0.1], [0.0], TENTH, thresholds)
