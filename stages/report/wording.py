"""Figures and names as the report shows them."""

from collections.abc import Sequence

from understudy.contract.evaluation import F1Difference
from understudy.rendering.figures import TINY, signed

MEASURES = {"recall": "recall", "precision": "precision", "f1": "F1"}


def signed_interval(found: F1Difference) -> str:
    """The bounds of the interval of a difference in F1."""
    return f"{signed(found.f1_low)} to {signed(found.f1_high)}"


def p_value(p: float) -> str:
    """Three decimals, or `<0.001`."""
    return f"<{TINY}" if p < TINY else f"{p:.3f}"


def enumerate_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
