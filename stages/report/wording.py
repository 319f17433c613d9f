"""Figures and names as the report shows them."""

from collections.abc import Sequence

from understudy.rendering.figures import TINY, signed

MEASURES = {"recall": "recall", "precision": "precision", "f1": "F1"}


def signed_interval(low: float, high: float) -> str:
    """The bounds of a difference's interval, signed."""
    return f"{signed(low)} to {signed(high)}"


def p_value(p: float) -> str:
    """Three decimals, or `<0.001`."""
    return f"<{TINY}" if p < TINY else f"{p:.3f}"


def enumerate_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
