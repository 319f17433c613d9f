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
    """An article and its highlights."""

    id: str
    article: Text
    highlights: Text


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yields a file's pairs one by one; highlights that there are none of are empty.

    Raises:
        DataError: the file cannot be read.
    """
    for row in iterate_table(path, this_kind().columns):
        yield Pair(row["id"], as_text(row["article"]), as_text(row["highlights"] or ""))


def as_text(raw: str) -> Text:
    """Splits a text into its words."""
    return Text(raw, split_words(raw))
