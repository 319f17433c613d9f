"""Words of a text, as all figures on lengths, copying and novelty count them."""

import re

WORD = re.compile(r"\w+(?:[.,:'’/-]\w+)*")


def split_words(text: str) -> list[str]:
    """The words in lower case; numbers such as 1,250.5 and names such as O'Neil are one each."""
    return WORD.findall(text.casefold())


def count_words(text: str) -> int:
    """How many words there are; lone punctuation is none."""
    return len(WORD.findall(text))
