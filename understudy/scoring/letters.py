"""Whether English words leave enough of some texts to compare."""

import sys
from collections.abc import Mapping, Sequence

from understudy.contract.params.evaluate import Words
from understudy.core.errors import DataError, one_line

MOST_LOST, NOTED = 0.5, 0.05
"""Shares of letters: texts that lose more cannot be scored; above the second, a warning."""
SHOWN = 40
"""Characters of an example."""


def check_letters(texts: Mapping[str, Sequence[str]], words: Words, hint: str) -> None:
    """Refuses texts that lose most of their letters, such as those in Cyrillic or Chinese.

    A warning on stderr names the texts that lose most, if they lose more than a few.

    Args:
        texts: by what they are called in the message.
        words: nothing is lost unless they are `english`.
        hint: what sets other words.

    Raises:
        DataError: English words lack over half of the letters of some texts, taken together.
    """
    if words != "english":
        return
    shares = {name: share_lost(some) for name, some in texts.items()}
    name = max(shares, key=shares.__getitem__)
    if shares[name] <= NOTED:
        return
    problem = f"{name}: ROUGE's English words lose {shares[name]:.0%} of the letters"
    example = f"such as those of {_choose_example(texts[name])!r}"
    if shares[name] > MOST_LOST:
        raise DataError(f"{problem}, {example}, so scores would mean nothing; {hint}")
    print(f"warning: {problem}, {example}; to keep them, {hint}", file=sys.stderr)


def share_lost(texts: Sequence[str]) -> float:
    """The share of the letters of all texts that are not a to z; 0 if there are none."""
    all_letters = lost = 0
    for text in texts:
        letters = "".join(filter(str.isalpha, text.lower()))
        all_letters += len(letters)
        lost += 0 if letters.isascii() else sum(not letter.isascii() for letter in letters)
    return lost / max(1, all_letters)


def _choose_example(texts: Sequence[str]) -> str:
    """The beginning of the word from which the text that loses most loses its first letter."""
    text = one_line(max(texts, key=lambda one: share_lost([one])))
    first = next(at for at, letter in enumerate(text) if letter.isalpha() and not letter.isascii())
    start = text.rfind(" ", 0, first) + 1
    return text[start : start + SHOWN]
