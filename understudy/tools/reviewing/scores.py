"""Which scores changed, and whether by more than their noise.

Where both sides were scored on the same test articles, the difference of the models that ship is
taken article by article and its interval is bootstrapped. Otherwise the two intervals in
metrics/systems.json make that of their difference, as for independent samples. That is the noise of
the articles; what training again adds to it, where seeds tell, is in retrains.py.
"""

import itertools
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from understudy.contract.evaluation import SCORES, scores_schema
from understudy.contract.kind import this_kind
from understudy.contract.params.evaluate import EvaluateParams
from understudy.core.errors import DataError
from understudy.scoring.bootstrap import bounds, resample_means
from understudy.scoring.recipes import compare_recipes
from understudy.tools.reviewing.noise import (
    CLOSE,
    Interval,
    MeanChange,
    read_scores,
    unpaired_interval,
)
from understudy.tools.reviewing.retrains import Compare, compare_retrains
from understudy.versioning.snapshots import Snapshot


@dataclass(frozen=True)
class ScoreChange(MeanChange):
    """A system's mean score as it ships, whose interval is that of the articles."""

    system: str
    kind: str
    """One of `Kind.types`."""
    measure: str
    """One of `Kind.measures`."""
    basis: Literal["model", "recipe"]
    """Whose change is judged: the recipe's where both sides have seeds that tell."""
    recipe: MeanChange | None
    """The mean over seeds, whose interval holds for other seeds and articles; None where the basis
    is the model, or where this score of the seeds is not known."""
    beyond_noise: bool | None
    """Whether the interval of the basis leaves out 0; None where there is none."""

    @property
    def judged(self) -> MeanChange:
        """What `beyond_noise` speaks of; without an interval where the recipe's is not known."""
        if self.basis == "model":
            return self
        return self.recipe or MeanChange(self.old, self.new, None, None)


@dataclass(frozen=True)
class ScoreChanges:
    """All systems' scores, compared."""

    changed: list[ScoreChange]
    """Every score of the systems of which one score changed."""
    unchanged: list[str]
    """The other systems."""
    unpaired: str | None
    """Why the articles could not be compared one by one; None where they were, or need not be."""
    one_seed: list[str]
    """Changed systems that a side trained once: their changes hold for these weights alone."""
    same_weights: list[str]
    """Changed systems that ship the same weights: no training is behind the change."""
    recipes_unpaired: str | None
    """As `unpaired`, of the models of all seeds."""


def compare_scores(
    base: Snapshot, now: Snapshot, params: EvaluateParams, compare: Compare = compare_recipes
) -> ScoreChanges:
    """Compares what metrics/systems.json says, with the noise from the scores by article.

    `compare` judges the recipes of systems with seeds on both sides.
    """
    kinds, columns = this_kind(), this_kind().score_columns
    old, new = read_scores(base.metrics), read_scores(now.metrics)
    systems = list(dict.fromkeys([*new, *old]))
    # means only: the bounds of their intervals depend on params too
    changed = [
        system
        for system in systems
        if any(old.get(system, {}).get(name) != new.get(system, {}).get(name) for name in columns)
    ]
    intervals: dict[tuple[str, str], Interval] = {}
    unpaired = None
    both = [system for system in changed if system in old and system in new]
    if both:
        try:
            intervals = _pair(base, now, both, params)
        except DataError as error:
            unpaired = str(error)
    retrains = compare_retrains(base, now, both, params.margin, compare)
    changes = []
    for system, kind, measure in itertools.product(changed, kinds.types, kinds.measures):
        name, before, after = f"{kind}_{measure}", old.get(system, {}), new.get(system, {})
        if name in before or name in after:
            interval = intervals.get((system, name)) or unpaired_interval(before, after, name)
            low, high = interval or (None, None)
            change = ScoreChange(
                *(before.get(name), after.get(name), low, high),
                *(system, kind, measure),
                basis="recipe" if system in retrains.recipes else "model",
                recipe=retrains.changes.get((system, name)),
                beyond_noise=None,
            )
            changes.append(replace(change, beyond_noise=change.judged.leaves_out_zero))
    unchanged = [system for system in systems if system not in changed]
    return ScoreChanges(
        changes,
        unchanged,
        unpaired,
        one_seed=retrains.one_seed,
        same_weights=retrains.same_weights,
        recipes_unpaired=retrains.unpaired,
    )


def _pair(
    base: Snapshot, now: Snapshot, systems: list[str], params: EvaluateParams
) -> dict[tuple[str, str], Interval]:
    """Intervals of the changes by (system, column), article by article.

    Raises:
        DataError: why that cannot be done.
    """
    columns = list(this_kind().score_columns)
    old, new = (side.read_table(SCORES, tuple(scores_schema(this_kind()))) for side in (base, now))
    changes = []
    for system in systems:
        before, after = (
            rows[rows["system"] == system].reset_index(drop=True) for rows in (old, new)
        )
        if before.empty or list(before["id"]) != list(after["id"]):
            raise DataError("the two sides were not scored on the same test articles")
        changes.append(after[columns] - before[columns])
        for side, rows in ((base, before), (now, after)):
            means = rows[columns].mean()
            figures = read_scores(side.metrics)[system]
            if any(abs(means[n] - figures[n]) > CLOSE for n in columns if n in figures):
                raise DataError(f"{SCORES} does not belong to metrics/systems.json")
    stacked = pd.concat(changes, axis="columns").to_numpy(dtype="float64")
    low, high = bounds(resample_means(stacked, params.resamples, params.seed))
    keys = itertools.product(systems, columns)
    return {key: (float(a), float(b)) for key, a, b in zip(keys, low, high, strict=True)}
