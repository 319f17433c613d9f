"""Figures and names as the report shows them."""

from collections.abc import Sequence

from understudy.contract.verdicts import show_signed

TINY = 0.001


def count(number: float) -> str:
    """A whole number with commas between the thousands."""
    return f"{number:,.0f}"


def points(figure: float) -> str:
    """One decimal."""
    return f"{figure:.1f}".replace("-", "−")


def percent(figure: float) -> str:
    """A figure of 0 to 100, in percent."""
    return f"{points(figure)}%"


def signed_interval(low: float, high: float) -> str:
    """The bounds of a difference's interval."""
    return f"{show_signed(low)} to {show_signed(high)}"


def p_value(p: float) -> str:
    """Three decimals; what is smaller is said to be."""
    return f"<{TINY}" if p < TINY else f"{p:.3f}"


def dollars(amount: float) -> str:
    """US dollars; cents only where there are dollars, more digits for less than a dollar."""
    if amount == 0 or amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if amount >= TINY else f"${amount:.6f}"


def enumerate_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
