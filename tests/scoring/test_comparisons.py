"""Tests of difference and equivalence: planted cases, and simulated ones that are alike."""

import numpy as np
import pytest

from understudy.scoring.bootstrap import Figures, bounds, resample_means
from understudy.scoring.comparisons import compare_all, correct_holm, count_needed

MARGIN, RESAMPLES = 1.0, 1000


def draw_differences(articles: int, mean: float, spread: float, seed: int) -> Figures:
    """One pair's differences, such as two summarizers have on the same articles."""
    return np.random.default_rng(seed).normal(mean, spread, size=(articles, 1))


def test_equal_systems_are_equivalent_and_may_be_better_by_less_than_the_margin() -> None:
    (found,) = compare_all(draw_differences(2000, 0.0, 8.0, seed=1), MARGIN, RESAMPLES, seed=1)
    assert (found.equivalent, found.better, found.articles_needed) == (True, 0, None)
    (same,) = compare_all(np.zeros((50, 1)), MARGIN, RESAMPLES, seed=1)
    assert (same.equivalent, same.better, same.p) == (True, 0, 1.0)
    (found,) = compare_all(draw_differences(5000, 0.4, 6.0, seed=4), MARGIN, RESAMPLES, seed=1)
    assert (found.better, found.equivalent) == (1, True)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_shift_by_three_points_is_found_with_its_direction(sign: int) -> None:
    differences = sign * draw_differences(500, 3.0, 10.0, seed=2)
    (found,) = compare_all(differences, MARGIN, RESAMPLES, seed=1)
    assert (found.better, found.equivalent, found.articles_needed) == (sign, False, None)
    assert found.p == round(
        1 / (RESAMPLES + 1), 4
    )  # the least that so many random samples can show
    assert found.p_equivalent > 0.5


def test_few_rows_leave_it_undecided_and_one_tells_no_number() -> None:
    (found,) = compare_all(draw_differences(20, 0.0, 8.0, seed=3), MARGIN, RESAMPLES, seed=1)
    assert (found.better, found.equivalent) == (0, False)
    assert found.articles_needed is not None
    assert found.articles_needed > 200
    (found,) = compare_all(np.array([[12.0]]), MARGIN, RESAMPLES, seed=1)
    assert (found.better, found.articles_needed) == (0, None)


def test_the_number_needed_decides() -> None:
    seen = draw_differences(60, 0.4, 9.0, seed=7)
    needed = count_needed(seen, MARGIN, pairs=1)
    assert needed is not None
    mean, spread = float(seen.mean()), float(seen.std(ddof=1))
    decided = sum(
        bool(found.better or found.equivalent)
        for seed in range(40)
        for found in compare_all(draw_differences(needed, mean, spread, seed), MARGIN, 400, seed)
    )
    assert 0.65 * 40 <= decided <= 0.98 * 40  # for a power of 80%


def test_wider_margins_and_fewer_pairs_make_it_easier() -> None:
    differences = draw_differences(300, 1.5, 5.0, seed=5)
    narrow, wide = (compare_all(differences, m, RESAMPLES, seed=1)[0] for m in (1.0, 3.0))
    assert (narrow.equivalent, wide.equivalent) == (False, True)
    one = draw_differences(120, 2.2, 10.0, seed=14)
    many = np.concatenate([one, *(draw_differences(120, 0, 10.0, s) for s in range(12))], axis=1)
    alone, among = (compare_all(values, MARGIN, RESAMPLES, seed=1)[0] for values in (one, many))
    assert alone.p < 0.05 < among.p


def test_equal_seeds_give_equal_p_values() -> None:
    differences = draw_differences(40, 0.5, 5.0, seed=8)
    first, again, other = (compare_all(differences, MARGIN, 200, seed) for seed in (1, 1, 2))
    assert first == again != other


def test_holms_correction_by_hand() -> None:
    # smallest times 4, next times 3, …, never below the one before, never above 1
    assert correct_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert correct_holm([0.9, 0.5]) == [1.0, 1.0]
    assert correct_holm([]) == []


def test_simulated_equal_systems_are_covered_and_seldom_told_apart() -> None:
    """200 times 5 pairs of systems that are alike: 80 articles, scores skewed as ROUGE's are."""
    covered, rejected, pairs, trials = 0, 0, 5, 200
    for trial in range(trials):
        generator = np.random.default_rng(1000 + trial)
        scores = 100 * generator.beta(2.0, 4.0, size=(80, pairs, 2))
        differences = scores[:, :, 0] - scores[:, :, 1]
        low, high = bounds(resample_means(differences, 400, seed=trial))
        covered += int(((low <= 0) & (high >= 0)).sum())
        found = compare_all(differences, MARGIN, 400, seed=trial)
        rejected += any(comparison.better for comparison in found)
    assert 0.92 <= covered / (trials * pairs) <= 0.98
    assert rejected / trials < 0.06
