"""Words of a text, as counted for lengths, copying and novelty."""

import re
from collections.abc import Sequence

WORD = re.compile(r"\w+(?:[.,:'’/-]\w+)*")


def split_words(text: str) -> list[str]:
    """The words in lower case; numbers such as 1,250.5 and names such as O'Neil are one each."""
    return WORD.findall(text.casefold())


def list_grams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """Every run of `size` words, in order; none of a text with fewer."""
    return list(zip(*(words[start:] for start in range(size)), strict=False))


def count_words(text: str) -> int:
    """How many words there are; lone punctuation does not count."""
    return len(WORD.findall(text))
