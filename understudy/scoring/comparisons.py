"""Whether two systems differ, or are equivalent, by their scores on the same test articles.

The difference is tested by randomization: under the null hypothesis that the systems are alike,
the sign of each article's difference is a coin toss (Noreen 1989; Dror et al. 2018 recommend such
tests for ROUGE). Equivalence is tested by two one-sided tests against a margin (Schuirmann 1987):
the bootstrapped mean difference has to lie within it. Both kinds of p-values are corrected for the
number of comparisons (Holm 1979).
"""

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist

import numpy as np

from understudy.contract.evaluation import Comparison, Moot
from understudy.scoring.bootstrap import Figures, resample_means
from understudy.texts.words import count_words, split_words

ALPHA = 0.05
POWER = 0.8
CHUNK = 256


def compare_all(differences: Figures, margin: float, resamples: int, seed: int) -> list[Comparison]:
    """Compares systems pair by pair, and corrects for the number of pairs.

    Args:
        differences: (articles, pairs), the first system's score minus the second's, in points.
        margin: points within which two systems are equivalent.
        resamples: random samples behind each p-value.
        seed: equal seeds draw equal samples.

    Returns:
        A comparison for each pair.
    """
    means = differences.mean(axis=0)
    drawn = resample_means(differences, resamples, seed)
    different = correct_holm(_test_difference(differences, resamples, seed))
    # two one-sided tests on bootstrapped means; the larger of both p-values counts
    outside = np.maximum((drawn >= margin).sum(axis=0), (drawn <= -margin).sum(axis=0))
    equivalent = correct_holm((1 + outside) / (len(drawn) + 1))
    found = []
    for pair, mean in enumerate(means):
        differs, same = different[pair] <= ALPHA, equivalent[pair] <= ALPHA
        rows = differences[:, pair]
        one = Comparison(
            p=different[pair],
            p_equivalent=equivalent[pair],
            better=(1 if mean > 0 else -1) if differs else 0,
            equivalent=1 if same else 0,
            articles_needed=None if differs or same else count_needed(rows, margin, len(means)),
        )
        found.append(one)
    return found


def find_moot(first: Sequence[str], second: Sequence[str]) -> Moot | None:
    """Why there is little to compare between two systems' texts on the same articles, if so.

    Texts without a word are empty; those of equal words are identical.
    """
    if silent := find_silent(first, second):
        return silent
    same = (a == b or split_words(a) == split_words(b) for a, b in zip(first, second, strict=True))
    return "identical" if all(same) else None


def find_silent(first: Iterable[str], second: Iterable[str]) -> Moot | None:
    """Which of two systems wrote no word at all, if any."""
    silent = [not any(map(count_words, texts)) for texts in (first, second)]
    if any(silent):
        return "both_empty" if all(silent) else "first_empty" if silent[0] else "second_empty"
    return None


def correct_holm(p_values: Sequence[float] | Figures) -> list[float]:
    """P-values that keep the chance of any false rejection among them (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    corrected, largest = [1.0] * len(order), 0.0
    for rank, pair in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * float(p_values[pair])))
        corrected[pair] = largest
    return corrected


def count_needed(differences: Figures, margin: float, pairs: int) -> int | None:
    """About how many test articles would show a difference, or equivalence, like the one seen.

    By the normal approximation, with a power of 80% and the strictest level of Holm's correction.

    Args:
        differences: (articles,), of one pair, in points.
        margin: points within which two systems are equivalent.
        pairs: how many pairs are compared.
    """
    if len(differences) < 2:
        return None
    mean, spread = abs(float(differences.mean())), float(differences.std(ddof=1))
    quantile = NormalDist().inv_cdf
    level, power = ALPHA / pairs, quantile(POWER)
    needed = []
    if mean > 0:
        needed.append(((quantile(1 - level / 2) + power) * spread / mean) ** 2)
    if mean < margin:
        needed.append(((quantile(1 - level) + power) * spread / (margin - mean)) ** 2)
    return max(math.ceil(min(needed)), len(differences) + 1) if needed else None


def _test_difference(differences: Figures, resamples: int, seed: int) -> Figures:
    """Share of random signs under which the mean differs from 0 as much as it does."""
    rows = len(differences)
    generator = np.random.default_rng([seed, 1])
    seen = np.abs(differences.sum(axis=0))
    slack = 1e-9 * np.abs(differences).sum(axis=0)
    as_large = np.ones(differences.shape[1])
    for start in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - start)
        signs = 2.0 * generator.integers(2, size=(size, rows), dtype=np.int8) - 1.0
        as_large += (np.abs(signs @ differences) >= seen - slack).sum(axis=0)
    return as_large / (resamples + 1)
