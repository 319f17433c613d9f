"""How long texts are: a few figures, and a histogram."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, pairwise

import numpy as np

from stages.datacards.pairs import Text
from understudy.contract.survey import LengthBin, Lengths, TextLengths

BINS = 25
"""About how many bins the shortest 99.5% of texts get; the last bin takes the rest."""
NICE = (1, 2, 5)


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
        return TextLengths(
            words=describe_lengths(self.words), characters=describe_lengths(self.characters)
        )


def describe_lengths(lengths: Sequence[int]) -> Lengths:
    """Mean, quantiles and the longest of at least one length."""
    values = np.asarray(lengths)
    p5, median, p95 = (float(share) for share in np.quantile(values, (0.05, 0.5, 0.95)))
    return Lengths(mean=float(values.mean()), p5=p5, median=median, p95=p95, max=int(values.max()))


def bin_lengths(
    source: str, text: str, lengths: Sequence[int], edges: Sequence[int]
) -> Iterator[LengthBin]:
    """Counts texts by length.

    Args:
        source: whose texts.
        text: what is counted, `article` or `highlights`.
        lengths: words of each text.
        edges: of the bins; longer texts are counted in the last one.

    Yields:
        The bins from 0 on, empty ones too.
    """
    last = len(edges) - 2
    counts = Counter(min(bisect_right(edges, length) - 1, last) for length in lengths)
    longest = max([*lengths, edges[-1] - 1]) + 1
    for number, (low, high) in enumerate(pairwise([*edges[:-1], longest])):
        yield LengthBin(
            source=source, text=text, words_from=low, words_to=high, pairs=counts[number]
        )


def choose_edges(lengths: Iterable[int]) -> list[int]:
    """Edges of bins of a width such as 10, 20 or 50; the last bin is wider where outliers are."""
    values = np.array(list(lengths))
    usual = int(np.quantile(values, 0.995))
    width = next(
        step * 10**zeros for zeros in count() for step in NICE if step * 10**zeros > usual // BINS
    )
    edges = list(range(0, usual + width + 1, width))
    return [*edges[:-1], max(edges[-1], int(values.max()) + 1)]
