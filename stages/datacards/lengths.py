"""How long texts are: a few figures, and a histogram whose bins all sources share."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stages.datacards.pairs import Text

BINS = 25
"""About so many, up to the length that 99.5% of texts do not exceed; the last takes the rest."""
NICE = (1, 2, 5)


@dataclass(frozen=True)
class Lengths:
    """Of some texts, in words or in characters."""

    mean: float
    p5: float
    """What 5% of the texts do not exceed."""
    median: float
    p95: float
    max: int


@dataclass(frozen=True)
class TextLengths:
    """The same texts, measured twice."""

    words: Lengths
    characters: Lengths


class LengthCounter:
    """Collects the lengths of texts."""

    def __init__(self) -> None:
        self.words, self.characters = array("l"), array("l")

    def add(self, text: Text) -> None:
        """Counts one text."""
        self.words.append(len(text.words))
        self.characters.append(len(text.raw))

    def describe(self) -> TextLengths:
        """The figures of at least one text."""
        return TextLengths(describe_lengths(self.words), describe_lengths(self.characters))


def describe_lengths(lengths: Sequence[int]) -> Lengths:
    """Mean, quantiles and the longest of at least one length."""
    values = np.asarray(lengths)
    p5, median, p95 = (float(share) for share in np.quantile(values, (0.05, 0.5, 0.95)))
    return Lengths(float(values.mean()), p5, median, p95, int(values.max()))


def bin_lengths(lengths: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, int, int, int]]:
    """Counts texts by length.

    Args:
        lengths: of each source's texts, at least one in all.

    Yields:
        Source, from (inclusive), to (exclusive), and how many texts; empty bins too.
    """
    edges = choose_edges([length for values in lengths.values() for length in values])
    for source, values in lengths.items():
        counts = Counter(bisect_right(edges, length) - 1 for length in values)
        for number, (low, high) in enumerate(pairwise(edges)):
            yield source, low, high, counts[number]


def choose_edges(lengths: Iterable[int]) -> list[int]:
    """Edges of bins of a width such as 10, 20 or 50; the last bin is wider where outliers are."""
    values = np.array(list(lengths))
    usual = int(np.quantile(values, 0.995))
    width = _choose_width(usual // BINS + 1)
    edges = list(range(0, usual + width + 1, width))
    return [*edges[:-1], max(edges[-1], int(values.max()) + 1)]


def _choose_width(least: int) -> int:
    scale = 1
    while True:
        for step in NICE:
            if step * scale >= least:
                return step * scale
        scale *= 10
