"""Verdicts in words."""

from understudy.contract.evaluation import Difference
from understudy.contract.verdicts import Verdict, split_pair
from understudy.rendering.figures import count, signed


def describe_verdict(verdict: Verdict, articles_needed: float | None = None) -> str:
    """The verdict, with the number of test articles that would decide where it is open."""
    if verdict != "undecided" or articles_needed is None:
        return verdict
    return f"{verdict}, would need about {count(round_count(articles_needed))} test articles"


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
        "undecided": f"{first} against {second} is "
        f"{describe_verdict('undecided', found.articles_needed)}",
    }
    interval = f"{signed(found.f1_low)} to {signed(found.f1_high)}"
    return f"{openings[found.verdict]}: {signed(found.f1)} ({interval})"


def round_count(number: float) -> int:
    """A count to two leading digits, as estimates are given."""
    return int(float(f"{number:.1e}"))
