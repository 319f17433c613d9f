"""Whether recipes differ, or are equivalent: what holds if their systems are trained again.

Where `comparisons.py` judges one model by its noise on the articles, this judges the recipe that
made it, by several models trained with different seeds: see `noise.py` for the model. A system that
is not trained (the teacher, lead-3) counts as it is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from understudy.contract.recipes import RecipeDifference, SeedScores
from understudy.scoring.bootstrap import LEVEL, Figures
from understudy.scoring.comparisons import ALPHA, POWER, correct_holm
from understudy.scoring.noise import Noise, measure_noise

POINTS = 100.0
ROUNDING = 1e-9
"""Differences of this many points are none: sums of floats in another order."""
MOST_ARTICLES = 1_000_000
MOST_SEEDS = 1000


@dataclass(frozen=True)
class _Pair:
    """A pair whose noise is known."""

    mean: float
    noise: Noise
    p: float
    p_equivalent: float


def compare_recipes(
    scores: Mapping[str, Figures],
    pairs: Sequence[tuple[str, str]],
    trained: Collection[str],
    margin: float,
) -> list[RecipeDifference]:
    """Compares recipes pair by pair, the first minus the second, on the same articles.

    Equivalence is tested by two one-sided tests (Schuirmann 1987). Both kinds of p-values are
    corrected for the number of pairs whose noise is known (Holm 1979); intervals are not.

    Args:
        scores: (seeds, articles) of each system, in points; numbers of seeds may differ.
        pairs: which systems to compare.
        trained: the systems that were trained with seeds; others have one row.
        margin: points within which two recipes are equivalent.

    Returns:
        A difference for each pair; one with a trained system of one seed is not known.
    """
    means = [float(scores[first].mean() - scores[second].mean()) for first, second in pairs]
    known = {
        at: _judge([scores[name] for name in pair], [name in trained for name in pair], margin)
        for at, pair in enumerate(pairs)
        if all(name not in trained or len(scores[name]) > 1 for name in pair)
    }
    different = correct_holm([pair.p for pair in known.values()])
    equivalent = correct_holm([pair.p_equivalent for pair in known.values()])
    found = [RecipeDifference(f1=mean, known=0) for mean in means]
    for (at, pair), p, p_equivalent in zip(known.items(), different, equivalent, strict=True):
        differs, same = p <= ALPHA, p_equivalent <= ALPHA
        undecided = not differs and not same
        low, high = _bounds(pair.mean, pair.noise, -POINTS)
        needs = (pair.mean, pair.noise, margin, ALPHA / len(known))
        found[at] = RecipeDifference(
            f1=pair.mean,
            f1_low=low,
            f1_high=high,
            p=p,
            p_equivalent=p_equivalent,
            better=(1 if pair.mean > 0 else -1) if differs else 0,
            equivalent=1 if same else 0,
            known=1,
            articles_needed=count_articles(*needs) if undecided else None,
            seeds_needed=count_seeds(*needs) if undecided else None,
        )
    return found


def summarize_seeds(scores: Figures, seeds: Sequence[int]) -> SeedScores:
    """A trained system's mean, its interval for other seeds and articles, and each seed's mean.

    Args:
        scores: (seeds, articles), in points.
        seeds: which seed each row is of.
    """
    by_seed = {str(seed): float(row.mean()) for seed, row in zip(seeds, scores, strict=True)}
    mean = float(scores.mean())
    if len(seeds) < 2:
        return SeedScores(f1=mean, by_seed=by_seed)
    low, high = _bounds(mean, measure_noise([scores], [True]), 0.0)
    sd = float(np.std(list(by_seed.values()), ddof=1))
    return SeedScores(f1=mean, f1_low=low, f1_high=high, sd=sd, by_seed=by_seed)


def count_articles(mean: float, noise: Noise, margin: float, level: float) -> int | None:
    """About how many articles, with these seeds, would decide on a difference like the one seen.

    With a power of POWER at `level`; None if MOST_ARTICLES would not.
    """
    if noise.articles < 2:
        return None
    return _search(
        lambda count: noise.project(articles=count).power(abs(mean), level, margin),
        noise.articles + 1,
        MOST_ARTICLES,
    )


def count_seeds(mean: float, noise: Noise, margin: float, level: float) -> int | None:
    """The same in seeds of each trained system, on these articles; None if MOST_SEEDS would not."""
    if not len(noise.counts) or noise.articles < 2:
        return None
    return _search(
        lambda count: noise.project(seeds=count).power(abs(mean), level, margin),
        int(noise.counts.min()) + 1,
        MOST_SEEDS,
    )


def _judge(scores: Sequence[Figures], trained: Sequence[bool], margin: float) -> _Pair:
    """Tests one pair; the p-values are not corrected yet."""
    noise = measure_noise(scores, trained)
    mean = float(scores[0].mean() - scores[1].mean())
    distance = abs(mean) if abs(mean) > ROUNDING else 0.0
    p, one_sided = (
        float(noise.p_value(np.array(far))) for far in (distance, abs(margin - distance))
    )
    # of the two one-sided tests, the one against the nearer end of the margin has the larger p
    p_equivalent = one_sided / 2 if distance < margin else 1 - one_sided / 2
    return _Pair(mean, noise, p, p_equivalent)


def _bounds(mean: float, noise: Noise, least: float) -> tuple[float, float]:
    """The 95% interval, within what points can be."""
    reach = float(noise.reach(1 - LEVEL))
    return max(least, mean - reach), min(POINTS, mean + reach)


def _search(power: Callable[[int], float], least: int, most: int) -> int | None:
    """The smallest count from `least` to `most` with enough power, which grows with it."""
    if least > most or power(most) < POWER:
        return None
    while least < most:
        middle = (least + most) // 2
        least, most = (least, middle) if power(middle) >= POWER else (middle + 1, most)
    return least
