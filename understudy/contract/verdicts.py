"""The verdict on two systems, and how a pair of them is named."""

from typing import Literal

Verdict = Literal["equivalent", "better", "worse", "undecided"]
MINUS = "-minus-"


def find_verdict(better: float, equivalent: float) -> Verdict:
    """The verdict on the first of two systems.

    Systems that are shown to differ by less than the margin are equivalent, even if they are
    shown to differ by something.

    Args:
        better: positive if the first system is shown to be better, negative if worse, else 0.
        equivalent: not 0 if they are shown to differ by less than the margin.
    """
    if equivalent:
        return "equivalent"
    if better:
        return "better" if better > 0 else "worse"
    return "undecided"


def name_pair(first: str, second: str) -> str:
    """A pair's key in metrics/gap.json, the first system minus the second."""
    return f"{first}{MINUS}{second}"


def split_pair(name: str) -> tuple[str, str]:
    """The two systems of a pair's key."""
    first, _, second = name.partition(MINUS)
    return first, second
