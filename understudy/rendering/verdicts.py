"""Verdicts in words: on the models that ship, and on the recipes that made them."""

from dataclasses import dataclass
from typing import TypeVar

from understudy.contract.evaluation import Difference, LabelDifference, Moot, WithIntervals
from understudy.contract.kind import KINDS, Kind
from understudy.contract.names import Verdict, split_pair
from understudy.contract.recipes import RecipeFinding, SeedFigures
from understudy.rendering.figures import count, points, signed

MODEL, RECIPE = "this model", "this recipe"
UNKNOWN = "not known: one seed"
FIND_OUT = "seeds: [13, 14, 15]"
"""What to write in params.yaml, for each student, so that recipes are judged."""
MOOT: dict[Moot, str] = {
    "identical": "word for word",
    "both_empty": "both are empty",
    "first_empty": "the first is empty",
    "second_empty": "the second is empty",
    "no_overlap": "both score 0",
}
Finding = Difference | LabelDifference | RecipeFinding
"""A difference with its verdict, of two models or of two recipes."""
R = TypeVar("R", bound=RecipeFinding)


def name_covered(kind: Kind) -> dict[str, str]:
    """What verdicts on models and on recipes speak of."""
    return {
        MODEL: f"these weights, on {kind.inputs} like these",
        RECIPE: f"trained again, on {kind.inputs} like these",
    }


@dataclass(frozen=True)
class Costs:
    """What one more test article and one more seed cost, and how many there are."""

    articles: int
    seeds: int
    article_usd: float
    seed_usd: float
    """Of one more model of each trained system of the pair."""


def choose_cheaper(
    articles: int | None, seeds: int | None, costs: Costs
) -> tuple[int | None, int | None]:
    """Which of two ways to a decision to name: with more test articles, or with more seeds.

    Args:
        articles: how many test articles would decide in all; None where none would.
        seeds: the same of seeds.
        costs: where both cost the same, both are named.

    Returns:
        Both, with None for one that is dearer.
    """
    if articles is None or seeds is None:
        return articles, seeds
    by_articles = (articles - costs.articles) * costs.article_usd
    by_seeds = (seeds - costs.seeds) * costs.seed_usd
    return articles if by_articles <= by_seeds else None, seeds if by_seeds <= by_articles else None


def keep_cheaper(found: R, costs: Costs) -> R:
    """A difference that names the cheaper way to a decision alone."""
    articles, seeds = choose_cheaper(found.articles_needed, found.seeds_needed, costs)
    return found.model_copy(update={"articles_needed": articles, "seeds_needed": seeds})


def name_verdict(found: Finding) -> str:
    """The verdict, with what makes the comparison moot, if anything does."""
    if found.verdict == "unknown":
        return UNKNOWN
    return f"{found.verdict}, {MOOT[found.moot]}" if found.moot else found.verdict


def describe_verdict(found: Finding) -> str:
    """The verdict; where it is open, with how many test articles or seeds would decide in all."""
    if found.verdict != "undecided":
        return name_verdict(found)
    seeds = found.seeds_needed if isinstance(found, RecipeFinding) else None
    rows = next(kind.inputs for kind in KINDS.values() if kind.judged == found.JUDGED)
    ways = [
        f"{count(round_count(number))} {name}"
        for number, name in ((found.articles_needed, f"test {rows}"), (seeds, "seeds"))
        if number is not None
    ]
    needed = f", would need about {' or '.join(ways)}" if ways else ""
    return f"{found.verdict}{needed}"


def describe_pair(name: str, found: Finding) -> str:
    """One sentence in Markdown on a pair: the verdict, the difference and its interval.

    Args:
        name: the pair's key in metrics/gap.json or metrics/recipes.json.
        found: the pair in one type of scores.
    """
    first, second = (f"`{system}`" for system in split_pair(name))
    openings: dict[Verdict, str] = {
        "better": f"{first} is better than {second}",
        "worse": f"{first} is worse than {second}",
        "equivalent": f"{first} and {second} are equivalent",
        "undecided": f"{first} against {second} is {describe_verdict(found)}",
        "identical": f"{first} and {second} are identical",
        "void": f"{first} against {second} is void",
        "unknown": f"{first} against {second} is {UNKNOWN}",
    }
    moot = f", {MOOT[found.moot]}" if found.moot and found.verdict != "unknown" else ""
    figures = (
        f": {signed(found.judged)} ({signed_interval(found)})" if signed_interval(found) else ""
    )
    return f"{openings[found.verdict]}{moot}{figures}"


def signed_interval(found: WithIntervals) -> str:
    """The bounds of a difference's interval; nothing where it has none."""
    _, low, high = found.interval()
    return "" if low is None or high is None else f"{signed(low)} to {signed(high)}"


def describe_spread(scores: SeedFigures) -> str:
    """The mean over seeds and, with several, the standard deviation between them."""
    spread = "" if scores.sd is None else f" ± {points(scores.sd)}"
    return f"{points(scores.judged)}{spread}"


def round_count(number: float) -> int:
    """A count to two leading digits, as estimates are given."""
    return int(float(f"{number:.1e}"))
