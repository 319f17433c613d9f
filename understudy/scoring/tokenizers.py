"""The words that ROUGE compares: those of `rouge_score`, which are English, or of all scripts."""

import functools
import unicodedata
from collections.abc import Mapping

import regex
from nltk.stem.porter import PorterStemmer
from rouge_score.tokenize import tokenize
from rouge_score.tokenizers import Tokenizer

from understudy.contract.params.evaluate import Words
from understudy.texts.words import LETTER, RUN

WORD = regex.compile(rf"(?V1){LETTER}|{RUN}")
INVISIBLE = regex.compile(r"(?V1)[\p{Cf}--\u200b]")
"""Marks of direction, joiners and soft hyphens, without the space of zero width."""
UNSTEMMED = 3
"""Words up to this length are compared as they are (rouge_score.tokenize)."""


class EnglishWords(Tokenizer):  # type: ignore[misc]
    """The words of `rouge_score`, each stemmed once: any letter but a to z separates words."""

    def __init__(self, stemmer: bool) -> None:
        self._stemmer = self if stemmer else None
        self.stem = functools.cache(PorterStemmer().stem)

    def tokenize(self, text: str) -> list[str]:
        """The words in lower case, or their stems."""
        words: list[str] = tokenize(text, self._stemmer)
        return words


class UnicodeWords(Tokenizer):  # type: ignore[misc]
    """Words of all scripts, by letter where a script has no spaces; equal on ASCII text."""

    def __init__(self, stemmer: bool) -> None:
        self._stem = functools.cache(PorterStemmer().stem) if stemmer else None

    def tokenize(self, text: str) -> list[str]:
        """The words as `fold` leaves them, those in a to z by their stems."""
        words: list[str] = WORD.findall(fold(text))
        if self._stem is None:
            return words
        return [
            self._stem(word) if len(word) > UNSTEMMED and word.isascii() else word for word in words
        ]


def fold(text: str) -> str:
    """The same for texts that differ in case, width, invisible marks or how accents are encoded."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", folded))


TOKENIZERS: Mapping[Words, type[EnglishWords | UnicodeWords]] = {
    "english": EnglishWords,
    "unicode": UnicodeWords,
}
