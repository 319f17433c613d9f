"""The verdict on two systems, and how a pair of them is named."""

from typing import Literal

Verdict = Literal["equivalent", "better", "worse", "undecided"]
MINUS = "-minus-"


def name_pair(first: str, second: str) -> str:
    """A pair's key in metrics/gap.json, the first system minus the second."""
    return f"{first}{MINUS}{second}"


def split_pair(name: str) -> tuple[str, str]:
    """The two systems of a pair's key."""
    first, _, second = name.partition(MINUS)
    return first, second
