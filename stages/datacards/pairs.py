"""Pairs with both texts split into words, once for everything that is counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from understudy.contract.kind import this_kind
from understudy.core.tables import iterate_table
from understudy.texts.words import split_words


@dataclass(frozen=True)
class Text:
    """A text and its words."""

    raw: str
    words: list[str]

    @property
    def normal(self) -> str:
        """Equal for texts that differ only in case, punctuation or white space."""
        return " ".join(self.words)


@dataclass(frozen=True)
class Pair:
    """An input, here called article, and its output: highlights, or a label."""

    id: str
    article: Text
    highlights: Text


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yields a file's pairs one by one; an output that there is none of is empty.

    Raises:
        DataError: the file cannot be read.
    """
    kind = this_kind()
    for row in iterate_table(path, kind.columns):
        yield Pair(row["id"], as_text(row[kind.input]), as_text(row[kind.output] or ""))


def as_text(raw: str) -> Text:
    """Splits a text into its words."""
    return Text(raw, split_words(raw))
