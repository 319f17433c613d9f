"""Systems that nobody trains: the label of most, and a rule of a few words for each label."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

from understudy.texts.words import split_words

LEARNED = 10
"""Words of a label that are learned."""


def choose_majority(labels: Sequence[str], order: Sequence[str]) -> str:
    """The most frequent label; the first in `order` of several, or of none."""
    counts = Counter(labels)
    return max(order, key=lambda label: counts[label])


def learn_keywords(texts: Sequence[str], labels: Sequence[str]) -> dict[str, list[str]]:
    """The words that speak most for each label, LEARNED at most.

    By the logarithm of the share of its texts that have a word over the share of all others, in
    standard errors (after Monroe, Colaresi and Quinn 2008): each share counts one more text that
    has the word as often as all texts have. Words of less than one standard error are no keywords.
    """
    having: dict[str, Counter[str]] = {}
    everywhere: Counter[str] = Counter()
    for text, label in zip(texts, labels, strict=True):
        words = set(split_words(text))
        having.setdefault(label, Counter()).update(words)
        everywhere.update(words)
    sizes = Counter(labels)
    found = {}
    for label, counts in having.items():
        rated = []
        for word, count in counts.items():
            prior = everywhere[word] / len(labels)
            own, other = count + prior, everywhere[word] - count + prior
            ratio = own / (sizes[label] + 1) / (other / (len(labels) - sizes[label] + 1))
            rated.append((-math.log(ratio) / math.sqrt(1 / own + 1 / other), word))
        found[label] = [word for rate, word in sorted(rated)[:LEARNED] if rate <= -1]
    return found


def answer_by_keywords(
    texts: Sequence[str], keywords: Mapping[str, Sequence[str]], otherwise: str
) -> list[str]:
    """The label with the most keywords in each text, whole words whatever their case.

    Args:
        texts: to be answered.
        keywords: words, or phrases of words, of each label.
        otherwise: the label of a text in which none, or several alike, have the most.
    """
    words: dict[str, set[str]] = {}
    phrases: dict[str, set[str]] = {}
    for label, own in keywords.items():
        for parts in map(split_words, own):
            known = words if len(parts) == 1 else phrases
            known.setdefault(" ".join(parts), set()).add(label)
    answers = []
    for text in texts:
        given = split_words(text)
        hits = Counter(chain.from_iterable(words.get(word, ()) for word in set(given)))
        spelled = f" {' '.join(given)} "
        for phrase in phrases:
            if phrase and f" {phrase} " in spelled:
                hits.update(phrases[phrase])
        most = max(hits.values(), default=0)
        best = [label for label, count in hits.items() if count == most]
        answers.append(best[0] if len(best) == 1 else otherwise)
    return answers
