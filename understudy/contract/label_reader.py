"""Reads a label out of what a chat model answers, or a file has in its place; guesses none."""

import unicodedata
from collections.abc import Mapping, Sequence

QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "„": "“", "«": "»", "»": "«"}
"""Marks around a label, by the one that opens it."""


class LabelReader:
    """Knows every label and its synonyms."""

    def __init__(self, labels: Sequence[str], synonyms: Mapping[str, str]) -> None:
        """Takes task.labels and task.synonyms."""
        self._plain = {plain(word): label for word, label in synonyms.items()}
        self._plain |= {plain(label): label for label in labels}

    @classmethod
    def of(cls, labels: Sequence[str], synonyms: Mapping[str, str]) -> "LabelReader | None":
        """A reader, or None for a task without labels, whose outputs are texts."""
        return cls(labels, synonyms) if labels else None

    def read(self, text: str) -> str | None:
        """The label that a text is, or None: a text that only has one in it is none.

        Case, white space, a full stop at the end and one pair of quotes around it don't matter,
        unless a label or a synonym has them itself.
        """
        whole = plain(text)
        bare = _unquoted(whole.removesuffix(".").rstrip()).removesuffix(".").strip()
        found = (self._plain.get(one) for one in (whole, _unquoted(whole), bare))
        return next((label for label in found if label is not None), None)


def plain(text: str) -> str:
    """A text as labels are compared: one form of each letter, no case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and QUOTES.get(text[0]) == text[-1]
    return text[1:-1].strip() if is_quoted else text
