"""Finds the names of a list in a text: whole words, in any case; as fast for thousands as for one.

A name in a script without spaces between words is found inside of a run of letters too.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import regex

from understudy.texts.words import OTHER, SPACELESS

WORD = regex.compile(rf"(?V1){SPACELESS}\p{{M}}*|[[\w\p{{M}}]--{SPACELESS}]+")
LATIN = re.compile(r"\w+")
"""Finds the same words in Latin text, several times faster."""
PARAGRAPH = 2
"""Line feeds that end a paragraph, and with it a name."""
APOSTROPHES = str.maketrans("’ʼ`´", "''''")
Parts = tuple[str, ...]
"""Words in even places, and what stands between them in odd ones, each in its normal form."""


class NameFinder:
    """Looks names up by their first word."""

    def __init__(self, names: Iterable[str]) -> None:
        """Takes the names; one without a letter or digit is left out."""
        found: defaultdict[str, set[Parts]] = defaultdict(set)
        for name in names:
            if parts := _split(name, _find_words(name)):
                found[parts[0]].add(parts)
        self._names = {
            word: sorted(all_parts, key=lambda parts: (-len(parts), parts))
            for word, all_parts in found.items()
        }

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yields start and end of each name from left to right, the longest where several begin."""
        words = _find_words(text)
        at = 0
        while at < len(words):
            length = self._match(text, words, at)
            if length:
                yield words[at].start(), words[at + length - 1].end()
            at += max(1, length)

    def _match(self, text: str, words: list[Any], at: int) -> int:
        """How many words the longest name has that begins with a word; 0 for none."""
        for parts in self._names.get(_fold(words[at][0]), ()):
            length = (len(parts) + 1) // 2
            if _split(text, words[at : at + length]) == parts:
                return length
        return 0


def _find_words(text: str) -> list[Any]:
    """A match for each word."""
    return list((WORD if OTHER.search(text) else LATIN).finditer(text))


def _split(text: str, words: list[Any]) -> Parts:
    """Words and what stands between them."""
    parts = [_fold(words[0][0])] if words else []
    for before, word in pairwise(words):
        between = text[before.end() : word.start()].translate(APOSTROPHES)
        is_space = between.isspace() and between.count("\n") < PARAGRAPH
        parts += [" " if is_space else between, _fold(word[0])]
    return tuple(parts)


def _fold(word: str) -> str:
    return unicodedata.normalize("NFC", word.casefold())
