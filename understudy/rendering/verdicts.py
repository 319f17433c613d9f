"""Verdicts in words."""

from understudy.contract.evaluation import Difference, Moot
from understudy.contract.names import split_pair
from understudy.rendering.figures import count, signed

MOOT: dict[Moot, str] = {
    "identical": "word for word",
    "both_empty": "both are empty",
    "first_empty": "the first is empty",
    "second_empty": "the second is empty",
    "no_overlap": "both score 0",
}


def name_verdict(found: Difference) -> str:
    """The verdict, with what makes the comparison moot, if anything does."""
    return f"{found.verdict}, {MOOT[found.moot]}" if found.moot else found.verdict


def describe_verdict(found: Difference) -> str:
    """The verdict, with the number of test articles that would decide where it is open."""
    if found.verdict != "undecided" or found.articles_needed is None:
        return name_verdict(found)
    needed = count(round_count(found.articles_needed))
    return f"{found.verdict}, would need about {needed} test articles"


def describe_pair(name: str, found: Difference) -> str:
    """One sentence in Markdown on a pair's F1: the verdict, the difference and its interval.

    Args:
        name: the pair's key in metrics/gap.json.
        found: the pair in one ROUGE type.
    """
    first, second = (f"`{system}`" for system in split_pair(name))
    openings = {
        "better": f"{first} is better than {second}",
        "worse": f"{first} is worse than {second}",
        "equivalent": f"{first} and {second} are equivalent",
        "undecided": f"{first} against {second} is {describe_verdict(found)}",
        "identical": f"{first} and {second} are identical",
        "void": f"{first} against {second} is void",
    }
    moot = f", {MOOT[found.moot]}" if found.moot else ""
    interval = f"{signed(found.f1_low)} to {signed(found.f1_high)}"
    return f"{openings[found.verdict]}{moot}: {signed(found.f1)} ({interval})"


def round_count(number: float) -> int:
    """A count to two leading digits, as estimates are given."""
    return int(float(f"{number:.1e}"))
