"""Verdicts of metrics/gap.json in words."""

from collections.abc import Mapping
from typing import Literal

Word = Literal["equivalent", "better", "worse", "undecided"]
MINUS = "-minus-"


def find_word(figures: Mapping[str, float]) -> Word:
    """The verdict on the first of two systems, from one ROUGE type of a pair in metrics/gap.json.

    Systems that are shown to differ by less than the margin are equivalent, even if they are
    shown to differ by something.
    """
    if figures["equivalent"]:
        return "equivalent"
    if figures["better"]:
        return "better" if figures["better"] > 0 else "worse"
    return "undecided"


def describe(figures: Mapping[str, float]) -> str:
    """The same with the number of test articles that would decide, where it is open."""
    word = find_word(figures)
    needed = figures.get("articles_needed")
    if word != "undecided" or needed is None:
        return word
    return f"{word}, would need about {round_count(needed):,} test articles"


def tell(name: str, figures: Mapping[str, float]) -> str:
    """One sentence in Markdown on a pair's F1: the verdict, the difference and its interval."""
    first, second = (f"`{system}`" for system in split_pair(name))
    openings = {
        "better": f"{first} is better than {second}",
        "worse": f"{first} is worse than {second}",
        "equivalent": f"{first} and {second} are equivalent",
        "undecided": f"{first} against {second} is {describe(figures)}",
    }
    low, high = (show_signed(figures[f"f1_{end}"]) for end in ("low", "high"))
    difference = f"{show_signed(figures['f1'])} ({low} to {high})"
    return f"{openings[find_word(figures)]}: {difference}"


def show_signed(figure: float) -> str:
    """Points with a sign and one decimal."""
    return f"{figure:+.1f}".replace("-", "−")


def round_count(count: float) -> int:
    """A count to two leading digits, as estimates are told."""
    return int(float(f"{count:.1e}"))


def split_pair(name: str) -> tuple[str, str]:
    """The two systems of a pair's key in metrics/gap.json, the first minus the second."""
    first, _, second = name.partition(MINUS)
    return first, second
