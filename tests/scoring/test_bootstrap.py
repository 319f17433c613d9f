"""Bootstrap intervals: seeded, in order, as wide as they should be."""

import numpy as np
import pytest

from understudy.scoring.bootstrap import interval


def draw(count: int, seed: int = 0) -> list[float]:
    generator = np.random.default_rng(seed)
    return [float(figure) for figure in generator.gamma(2.0, 10.0, size=count)]


def test_equal_seeds_give_equal_bounds_and_equal_values_none_of_width() -> None:
    values = draw(40)
    assert interval(values, 500, seed=1) == interval(values, 500, seed=1)
    assert interval(values, 500, seed=1) != interval(values, 500, seed=2)
    assert interval([7.5] * 10, 300, seed=1) == (7.5, 7.5)
    assert interval([4.0], 100, seed=1) == (4.0, 4.0)
    low, high = interval(values, 500, seed=5)
    assert interval([v + 10 for v in values], 500, 5) == pytest.approx((low + 10, high + 10))
    assert interval([-v for v in values], 500, 5) == pytest.approx((-high, -low))


@pytest.mark.parametrize("resamples", [100, 256, 257, 1000])
def test_the_bounds_are_in_order_around_the_mean(resamples: int) -> None:
    values = draw(60)
    low, high = interval(values, resamples, seed=3)
    assert min(values) < low < np.mean(values) < high < max(values)


def test_more_rows_give_a_narrower_interval() -> None:
    widths = []
    for count in (20, 80, 320):
        low, high = interval(draw(count), 1000, seed=3)
        widths.append(high - low)
    assert widths[0] > 1.5 * widths[1] > 1.5**2 * widths[2]


def test_with_many_rows_it_is_the_interval_of_the_normal_distribution() -> None:
    values = draw(2000)
    low, high = interval(values, 4000, seed=3)
    error = np.std(values) / np.sqrt(len(values))
    assert low == pytest.approx(np.mean(values) - 1.96 * error, abs=0.12 * error)
    assert high == pytest.approx(np.mean(values) + 1.96 * error, abs=0.12 * error)


def test_it_covers_the_truth_in_about_nineteen_of_twenty_samples() -> None:
    truth, trials = 20.0, 400
    covered = 0
    for trial in range(trials):
        low, high = interval(draw(80, seed=1000 + trial), 400, seed=trial)
        covered += low <= truth <= high
    assert 0.92 <= covered / trials <= 0.975
