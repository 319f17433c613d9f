"""Which verdicts changed: on the models that ship, in metrics/gap.json, and on recipes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from understudy.contract.document import READING
from understudy.contract.evaluation import Difference, LabelDifference
from understudy.contract.kind import this_kind
from understudy.contract.names import split_pair
from understudy.contract.recipes import LabelRecipeDifference, RecipeDifference
from understudy.rendering.verdicts import UNKNOWN, Finding, describe_verdict

Scope = Literal["model", "recipe"]
"""What a verdict covers: these weights on articles like these, or training again too."""


@dataclass(frozen=True)
class VerdictChange:
    """What is said of one system against another, by the judged measure of a type of scores."""

    first: str
    second: str
    kind: str
    old: str | None
    """None where the base has no verdict on this pair."""
    new: str | None
    scope: Scope = "model"

    @property
    def by_seeds(self) -> bool:
        """Whether a side has no verdict on the recipe as it has one seed."""
        return UNKNOWN in (self.old, self.new)


def compare_verdicts(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[list[VerdictChange], str | None]:
    """Compares the verdicts of two sides' metrics, in words.

    Returns:
        The verdicts that are not the same, and why there may be more on models, if so. A changed
        estimate of how many articles or seeds would decide is no change. A base without verdicts
        on recipes, which older versions wrote, has none to compare with.
    """
    is_rouge = not this_kind().has_labels
    form = RecipeDifference if is_rouge else LabelRecipeDifference
    before, after = (_read_verdicts(side, "recipes", form) for side in (old, new))
    recipes = _find_changes(before, after, "recipe")
    models = Difference if is_rouge else LabelDifference
    before, after = (_read_verdicts(side, "gap", models) for side in (old, new))
    if not after:
        return recipes, "The workspace's `metrics/gap.json` has no verdicts: run `dvc repro`."
    if not before:
        return recipes, "The base's `metrics/gap.json` has no verdicts to compare with."
    return [*_find_changes(before, after, "model"), *recipes], None


Verdicts = dict[tuple[str, str], tuple[str, str]]
"""By pair and type of scores: the verdict, and the same with what would decide."""


def _find_changes(before: Verdicts, after: Verdicts, scope: Scope) -> list[VerdictChange]:
    changes = []
    for pair, kind in dict.fromkeys([*after, *before]) if before and after else ():
        old, new = before.get((pair, kind)), after.get((pair, kind))
        if (old and old[0]) != (new and new[0]):
            words = (old and old[1], new and new[1])
            changes.append(VerdictChange(*split_pair(pair), kind, *words, scope))
    return changes


def _read_verdicts(metrics: Mapping[str, Any], file: str, form: type[Finding]) -> Verdicts:
    """Those of a metrics file; none of a version that had none."""
    verdicts: Verdicts = {}
    for pair, figures in metrics.get(file, {}).items():
        for kind in this_kind().types if isinstance(figures, Mapping) else ():
            try:
                found = form.model_validate(figures.get(kind), context=READING)
            except ValidationError:
                continue
            verdicts[str(pair), kind] = found.verdict, describe_verdict(found)
    return verdicts
