"""Words of a text, as counted for lengths, copying and novelty.

Marks that combine with a letter (accents, the vowels of Hindi or Arabic) belong to its word. In
scripts that set no spaces between words, each letter counts as a word.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import regex

SPACELESS = (
    r"[[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&\p{L}]"
)
"""Letters of scripts without spaces between words; Korean has them."""
SPACED = rf"[[\p{{L}}\p{{N}}]--{SPACELESS}]"
JOINERS = r"\u200c\u200d"
"""Invisible, between letters of one word in Persian and in the scripts of India."""
LETTER = rf"{SPACELESS}\p{{M}}*"
RUN = rf"{SPACED}[{SPACED}\p{{M}}{JOINERS}]*"
WORD = regex.compile(rf"(?V1){LETTER}|(?:_|{RUN})+(?:[.,:'’/-](?:_|{RUN})+)*")
LATIN = re.compile(r"\w+(?:[.,:'’/-]\w+)*")
"""Finds the same words in Latin text, several times faster."""
OTHER = re.compile("[\u0300-\u1fff\u2c00-\U0010ffff]")
"""What LATIN may not split: all but Latin letters, punctuation and symbols."""


def find_words(text: str) -> Iterator[Any]:
    """Yields a match for each word, in order."""
    return (WORD if OTHER.search(text) else LATIN).finditer(text)


def split_words(text: str) -> list[str]:
    """The words in lower case; numbers such as 1,250.5 and names such as O'Neil are one each."""
    folded = unicodedata.normalize("NFC", text.casefold())
    return [found[0] for found in find_words(folded)]


def list_grams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """Every run of `size` words, in order; none of a text with fewer."""
    return list(zip(*(words[start:] for start in range(size)), strict=False))


def count_words(text: str) -> int:
    """How many words there are; lone punctuation does not count."""
    return sum(1 for _ in find_words(text))
