"""Words of a text, as all figures on lengths, copying and novelty count them."""

import re
from collections.abc import Sequence

WORD = re.compile(r"\w+(?:[.,:'’/-]\w+)*")


def split_words(text: str) -> list[str]:
    """The words in lower case; numbers such as 1,250.5 and names such as O'Neil are one each."""
    return WORD.findall(text.casefold())


def list_grams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """Every run of so many words, in order; none of a text that has fewer."""
    return list(zip(*(words[start:] for start in range(size)), strict=False))


def count_words(text: str) -> int:
    """How many words there are; lone punctuation is none."""
    return len(WORD.findall(text))
