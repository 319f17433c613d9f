"""Figures as people read them, in every page, card and table of the project."""

from collections.abc import Sequence

TINY = 0.001


def count(number: float) -> str:
    """A whole number with commas between the thousands: `1,234`."""
    return _with_minus(f"{number:,.0f}")


def points(figure: float) -> str:
    """One decimal: `41.3`."""
    return _with_minus(f"{figure:.1f}")


def signed(figure: float) -> str:
    """One decimal with its sign: `+1.2`."""
    return _with_minus(f"{figure:+.1f}")


def percent(figure: float) -> str:
    """A figure of 0 to 100 with one decimal: `41.3%`."""
    return f"{points(figure)}%"


def dollars(amount: float) -> str:
    """US dollars: cents from a dollar on, more digits below it, so that no price shows as zero."""
    if amount == 0 or amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if amount >= TINY else f"${amount:.6f}"


def p_value(p: float) -> str:
    """Three decimals, or `<0.001`."""
    return f"<{TINY}" if p < TINY else f"{p:.3f}"


def enumerate_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _with_minus(text: str) -> str:
    return text.replace("-", "−")
