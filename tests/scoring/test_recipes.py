"""Verdicts on recipes: by hand, unmoved by order and shift, and simulated where alike."""

import numpy as np
import pytest

from understudy.scoring import recipes
from understudy.scoring.bootstrap import Figures
from understudy.scoring.comparisons import compare_all
from understudy.scoring.noise import Noise, measure_noise
from understudy.scoring.recipes import compare_recipes, summarize_seeds

MARGIN = 1.0
PAIR = [("a", "b")]


def draw_scores(seeds: int, articles: int, seed: int, sd: float = 1.5) -> Figures:
    rng = np.random.default_rng(seed)
    effects = sd * rng.standard_normal((seeds, 1)) + 8 * rng.standard_normal((1, articles))
    return 50 + effects + 10 * rng.standard_normal((seeds, articles))


def make_noise(seeds: tuple[int, ...], sd: float, articles: int) -> Noise:
    residual = np.full(len(seeds), 100.0)
    by_seed = sd**2 + residual / articles
    return Noise(np.array(seeds, dtype=np.float64), by_seed, residual, np.array(80.0), articles)


def test_variance_components_by_hand() -> None:
    first = np.array([[1.0, 3.0, 5.0], [3.0, 9.0, 3.0]])  # means of seeds 3, 5; of articles 2, 6, 4
    second = np.array([[0.0, 0.0, 0.0], [2.0, 4.0, 0.0]])  # 0, 2; and 1, 2, 0
    noise = measure_noise([first, second], [True, True])
    assert noise.by_seed == pytest.approx([2.0, 2.0])
    # residuals of the first: ∓(0, 2, -2), squared and summed 16, over (2 - 1)(3 - 1)
    assert noise.residual == pytest.approx([8.0, 2.0])
    # differences by article 1, 4, 4: variance 3, less 8/2 + 2/2 of the residual: none is left
    assert noise.by_article == 0
    assert noise.error == pytest.approx(np.sqrt(2 / 2 + 2 / 2))
    shifted = measure_noise([first + np.array([0, 0, 9]), second], [True, True])
    # differences by article 1, 4, 13: variance 39, less 5
    assert shifted.by_article == pytest.approx(34.0)
    assert shifted.error == pytest.approx(np.sqrt(2 + 34 / 3))


def test_seeds_alone_are_judged_by_a_t_test_of_their_means() -> None:
    """One trained system, no noise of articles: the t distribution of any statistics table."""
    scores = np.array([[4.0] * 9, [5.0] * 9, [9.0] * 9])
    (found,) = compare_recipes({"a": scores, "b": np.zeros((1, 9))}, PAIR, {"a"}, MARGIN)
    half = 4.3027 * np.sqrt(7.0 / 3)  # 2 degrees of freedom
    assert found.f1 == 6.0
    assert found.f1_low == pytest.approx(6 - half, abs=1e-3)
    assert found.p == pytest.approx(0.0591, abs=1e-4)  # t = 3.928; 1 - t / sqrt(t² + 2)
    assert found.p_equivalent == pytest.approx(0.9591, abs=1e-3)  # t = 3.273 beyond the margin


def test_systems_that_are_not_trained_are_judged_by_a_paired_t_test() -> None:
    differences = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    scores = {"a": differences, "b": np.zeros((1, 5))}
    (found,) = compare_recipes(scores, PAIR, (), margin=5.0)
    half = 2.7764 * np.sqrt(2.5 / 5)  # 4 degrees of freedom
    assert found.known == 1
    assert found.f1_low == pytest.approx(3 - half, abs=1e-3)
    assert found.f1_high == pytest.approx(3 + half, abs=1e-3)
    assert found.p == pytest.approx(0.0132, abs=1e-4)  # t = 4.243
    assert found.p_equivalent == pytest.approx(0.0236, abs=2e-4)  # t = 2.828, one-sided


def test_a_p_value_is_the_level_at_which_the_interval_ends_at_nothing() -> None:
    noise = make_noise((2, 5), 1.5, 200)
    for level in (0.3, 0.05, 0.01, 1e-4):
        assert float(noise.p_value(noise.reach(level))) == pytest.approx(level, rel=1e-3)
    levels = [float(noise.reach(level)) for level in (0.5, 0.16, 0.1, 0.05, 0.01, 1e-6)]
    assert levels == sorted(levels)


def test_direction_order_and_a_common_shift_change_nothing_but_signs() -> None:
    scores = {"a": draw_scores(3, 80, 1), "b": draw_scores(2, 80, 2) + 3}
    there, back = compare_recipes(scores, [("a", "b"), ("b", "a")], scores, MARGIN)
    assert there.f1_low is not None
    assert there.f1_high is not None
    assert (back.f1, back.f1_high, back.f1_low) == (-there.f1, -there.f1_low, -there.f1_high)
    assert (there.p, there.p_equivalent) == (back.p, back.p_equivalent)
    a, b = draw_scores(3, 80, 1), draw_scores(4, 80, 2)
    found = compare_recipes({"a": a, "b": b}, PAIR, ("a", "b"), MARGIN)
    order = np.random.default_rng(3).permutation(80)
    moved = {"a": a[[2, 0, 1]][:, order] + 7, "b": b[[3, 1, 0, 2]][:, order] + 7}
    assert compare_recipes(moved, PAIR, ("a", "b"), MARGIN) == found


def test_one_seed_is_never_a_guess() -> None:
    scores = {"a": draw_scores(1, 80, 1) + 30, "b": draw_scores(3, 80, 2)}
    (found,) = compare_recipes(scores, PAIR, ("a", "b"), MARGIN)
    assert found.verdict == "unknown"
    given = found.model_dump(exclude_defaults=True, exclude_none=True)
    assert given == {"f1": found.f1, "known": 0}


def test_holms_correction_counts_known_pairs_only() -> None:
    scores = {
        "a": draw_scores(5, 80, 1),
        "b": draw_scores(5, 80, 2) + 2,
        "c": draw_scores(1, 80, 3),
    }
    alone = compare_recipes(scores, PAIR, scores, MARGIN)
    unknown = [("a", "c"), *PAIR, ("c", "b")]
    assert compare_recipes(scores, unknown, scores, MARGIN)[1] == alone[0]
    twice = compare_recipes(scores, PAIR * 2, scores, MARGIN)
    assert alone[0].p is not None
    assert twice[0].p == pytest.approx(min(1.0, 2 * alone[0].p), abs=2e-4)
    assert (twice[0].f1_low, twice[0].f1_high) == (alone[0].f1_low, alone[0].f1_high)


@pytest.mark.parametrize("articles", [1, 2, 30])
@pytest.mark.parametrize("value", [0.0, 5.0])
def test_systems_without_any_noise_are_judged_too(articles: int, value: float) -> None:
    scores = {"a": np.full((2, articles), value), "b": np.zeros((2, articles))}
    same, other = compare_recipes(scores, [("a", "a"), *PAIR], scores, MARGIN)
    if articles == 1:  # nothing is known of other articles
        assert (same.verdict, same.f1_low, same.f1_high) == ("undecided", -100, 100)
        assert (same.articles_needed, same.seeds_needed) == (None, None)
        return
    assert (same.verdict, same.f1_low, same.f1_high) == ("equivalent", 0, 0)
    assert other.verdict == ("better" if value else "equivalent")


def test_a_clear_difference_and_a_clear_equivalence_are_shown() -> None:
    scores = {name: draw_scores(5, 2000, seed, sd=0.2) for seed, name in enumerate("abc")}
    scores["c"] += 4
    found = compare_recipes(scores, [("c", "a"), ("a", "c"), ("a", "b")], scores, MARGIN)
    assert [pair.verdict for pair in found] == ["better", "worse", "equivalent"]
    assert {(pair.articles_needed, pair.seeds_needed) for pair in found} == {(None, None)}


def test_where_seeds_vary_articles_do_not_help_and_more_pairs_need_more_seeds() -> None:
    scores = {"a": draw_scores(3, 2000, 1, sd=4), "b": draw_scores(3, 2000, 2, sd=4)}
    (found,) = compare_recipes(scores, PAIR, scores, MARGIN)
    assert (found.verdict, found.articles_needed) == ("undecided", None)
    assert found.seeds_needed is not None
    assert found.seeds_needed > 3
    needed = [
        compare_recipes(scores, PAIR * pairs, scores, MARGIN)[0].seeds_needed for pairs in (1, 13)
    ]
    noise, mean = (
        measure_noise(list(scores.values()), [True, True]),
        scores["a"] - scores["b"].mean(),
    )
    levels = (0.05, 0.05 / 13)
    assert needed == [recipes.count_seeds(float(mean.mean()), noise, 1.0, at) for at in levels]
    assert needed[0] is not None
    assert needed[1] is not None
    assert needed[0] < needed[1]


def test_the_summary_of_seeds_holds_their_means_and_spread() -> None:
    scores = np.array([[1.0, 3.0], [4.0, 6.0], [8.0, 8.0]])
    found = summarize_seeds(scores, [13, 14, 15])
    assert (found.f1, found.by_seed) == (5.0, {"13": 2.0, "14": 5.0, "15": 8.0})
    assert found.sd == 3.0
    assert found.f1_low == 0  # points have an end
    alone = summarize_seeds(scores[:1], [13])
    assert (alone.f1, alone.f1_low, alone.f1_high, alone.sd) == (2.0, None, None, None)


@pytest.mark.parametrize("by", ["articles", "seeds"])
def test_the_number_named_decides_in_four_cases_of_five(by: str) -> None:
    noise, mean, rng = make_noise((3, 3), 0.3, 60), 4.0, np.random.default_rng(5)
    needed = getattr(recipes, f"count_{by}")(mean, noise, MARGIN, 0.05)
    assert needed is not None
    seeds, articles = (3, needed) if by == "articles" else (needed, 60)
    shape = (400, seeds, articles)
    first, second = (
        0.3 * rng.standard_normal((400, seeds, 1))
        + np.sqrt(40) * rng.standard_normal((400, 1, articles))
        + 10 * rng.standard_normal(shape)
        for _ in range(2)
    )
    reach = measure_noise([first, second], [True, True]).reach(0.05)
    shown = np.abs(mean + (first - second).mean(axis=(1, 2))) > reach
    assert 0.65 <= shown.mean() <= 0.95


def test_recipes_that_are_alike_are_called_different_about_as_rarely_as_promised() -> None:
    rng = np.random.default_rng(11)
    called, one_checkpoint, covered = 0, 0, 0
    for _ in range(300):
        seeds = {name: 2 * rng.standard_normal((3, 1)) for name in "ab"}
        scores = {n: 50 + seeds[n] + 10 * rng.standard_normal((3, 200)) for n in seeds}
        noise = measure_noise(list(scores.values()), [True, True])
        mean = float(scores["a"].mean() - scores["b"].mean())
        called += float(noise.p_value(np.array(abs(mean)))) <= 0.05
        covered += abs(mean) <= float(noise.reach(0.05))
        models = (scores["a"][0] - scores["b"][0])[:, np.newaxis]
        one_checkpoint += compare_all(models, MARGIN, 200, seed=1)[0].better != 0
    assert called <= 0.08 * 300
    assert 0.92 * 300 <= covered <= 0.99 * 300
    assert one_checkpoint > 0.3 * 300  # what the recipe's test is there to mend
