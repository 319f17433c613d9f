"""Extractive fragments: runs of words that a summary shares with its article.

Grusky, Naaman and Artzi 2018, Newsroom: A Dataset of 1.3 Million Summaries with Diverse Extractive
Strategies, section 4: the greedy search of figure 3, coverage and density.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fragments:
    """The shared runs of words, in the summary's order."""

    spans: tuple[tuple[int, int], ...]
    """Start of each run in the summary, and its length, in words."""
    words: int
    """Words of the summary."""

    @property
    def coverage(self) -> float:
        """Share of the summary's words that are in a run; 0 for an empty summary."""
        return sum(length for _, length in self.spans) / max(1, self.words)

    @property
    def density(self) -> float:
        """Mean length, in words, of the run that a word of the summary is in."""
        return sum(length * length for _, length in self.spans) / max(1, self.words)

    @property
    def longest(self) -> int:
        """Words of the longest run."""
        return max((length for _, length in self.spans), default=0)


def find_fragments(article: Sequence[str], summary: Sequence[str]) -> Fragments:
    """Finds the longest runs shared by both, greedily from the summary's first word on.

    Args:
        article: its words.
        summary: its words.
    """
    offsets: defaultdict[str, list[int]] = defaultdict(list)
    for offset, word in enumerate(article):
        offsets[word].append(offset)
    spans, start = [], 0
    while start < len(summary):
        length = max(
            (_count_equal(article, summary, at, start) for at in offsets.get(summary[start], ())),
            default=0,
        )
        if length:
            spans.append((start, length))
        start += max(1, length)
    return Fragments(tuple(spans), len(summary))


def _count_equal(article: Sequence[str], summary: Sequence[str], at: int, start: int) -> int:
    """How many words are equal from these offsets on."""
    most = min(len(article) - at, len(summary) - start)
    length = 0
    while length < most and article[at + length] == summary[start + length]:
        length += 1
    return length
