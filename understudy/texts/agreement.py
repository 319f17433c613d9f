"""How much texts agree with one another, by the words that they share."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from understudy.texts.words import split_words


def token_f1(first: Sequence[str], second: Sequence[str]) -> float:
    """F1 of the words that two texts share, in any order (Rajpurkar et al. 2016, SQuAD, 6.1).

    Returns:
        From 0 to 1; 1 for two texts without words, 0 where only one has any.
    """
    if not first or not second:
        return float(not first and not second)
    shared = (Counter(first) & Counter(second)).total()
    return 2 * shared / (len(first) + len(second))


def choose_medoid(texts: Sequence[str]) -> tuple[int, float]:
    """The text that agrees most with the others, and how much any two of them agree.

    Args:
        texts: at least one.

    Returns:
        The index, the first where several agree as much; and the mean F1 of all pairs, 0 to 1. One
        text agrees with itself.
    """
    words = [split_words(text) for text in texts]
    if len(words) == 1:
        return 0, 1.0
    totals, scores = [0.0] * len(words), []
    for one, other in combinations(range(len(words)), 2):
        score = token_f1(words[one], words[other])
        scores.append(score)
        totals[one] += score
        totals[other] += score
    # sums of equal scores in another order may differ in their last digits
    best = max(round(total, 9) for total in totals)
    return next(at for at, total in enumerate(totals) if round(total, 9) == best), fmean(scores)


def choose_majority(labels: Sequence[str]) -> tuple[int, float]:
    """The most frequent label, and how much any two agree: in full, or not at all.

    Args:
        labels: at least one.

    Returns:
        The index of the first of those that no other outnumbers, and the share of all pairs that
        are equal, 0 to 1. One label agrees with itself.
    """
    counts, pairs = Counter(labels), len(labels) * (len(labels) - 1)
    best = max(counts.values())
    equal = sum(count * (count - 1) for count in counts.values())
    first = next(at for at, label in enumerate(labels) if counts[label] == best)
    return first, equal / pairs if pairs else 1.0
