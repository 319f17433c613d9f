"""How far training again would move a trained system's scores.

Where both sides trained a system with two seeds or more, the models of each side are a sample of
what its recipe makes. The means over seeds are compared on the same test articles, by seeds and
articles at once (understudy/scoring/recipes.py). Where scores by article are not at hand, the
intervals in metrics/seeds.json make that of the difference, as for independent samples.

A system that ships the same weights on both sides was not trained again: what moved its scores is
how they decode, or how they are scored, and the noise of training is none of it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from understudy.contract.evaluation import SEED_SCORES, seed_scores_schema
from understudy.contract.kind import this_kind
from understudy.contract.lineup import Lineup
from understudy.contract.pairs import MODELS
from understudy.contract.recipes import RecipeFinding
from understudy.core.errors import DataError
from understudy.scoring.bootstrap import Figures as Points
from understudy.tools.reviewing.noise import CLOSE, MeanChange, read_scores, unpaired_interval
from understudy.versioning.snapshots import Snapshot

Compare = Callable[
    [Mapping[str, Points], Sequence[tuple[str, str]], Collection[str], float],
    Sequence[RecipeFinding],
]
"""As understudy.scoring.recipes.compare_recipes."""
BASE, NOW = "base", "now"


@dataclass(frozen=True)
class Retrains:
    """What is known of the recipes of some systems, by two sides' seeds."""

    recipes: list[str] = field(default_factory=list)
    """Systems with two seeds or more on both sides, which do not ship the same weights."""
    one_seed: list[str] = field(default_factory=list)
    """Trained systems with one seed on a side: a retrain alone may move them as much."""
    same_weights: list[str] = field(default_factory=list)
    """Trained systems that ship the same weights on both sides."""
    changes: dict[tuple[str, str], MeanChange] = field(default_factory=dict)
    """Means over seeds of `recipes`, by system and column."""
    unpaired: str | None = None
    """Why the seeds could not be compared on the same articles; None where they were."""


def compare_retrains(
    base: Snapshot, now: Snapshot, systems: Sequence[str], margin: float, compare: Compare
) -> Retrains:
    """Compares what two sides' seeds say of systems that both have."""
    known = [set(side.metrics.get("seeds", {})) for side in (base, now)]
    trained = [name for name in systems if name in Lineup().trained or name in known[0] | known[1]]
    found = Retrains()
    for system in trained:
        weights = (MODELS / system / "model.safetensors").as_posix()
        if weights in base.outs and base.outs[weights] == now.outs.get(weights):
            found.same_weights.append(system)
        elif min(_count_seeds(side, system) for side in (base, now)) < 2:
            found.one_seed.append(system)
        else:
            found.recipes.append(system)
    if not found.recipes:
        return found
    try:
        changes, unpaired = _pair(base, now, found.recipes, margin, compare), None
    except DataError as error:
        changes, unpaired = _combine_intervals(base, now, found.recipes), str(error)
    return Retrains(found.recipes, found.one_seed, found.same_weights, changes, unpaired)


def _count_seeds(side: Snapshot, system: str) -> int:
    """How many models were trained; older versions trained one, and did not say so."""
    figures = side.metrics.get("seeds", {}).get(system)
    count = figures.get("seeds") if isinstance(figures, Mapping) else None
    return count if isinstance(count, int) else 1


def _pair(
    base: Snapshot, now: Snapshot, systems: Sequence[str], margin: float, compare: Compare
) -> dict[tuple[str, str], MeanChange]:
    """Changes of means over seeds, by both sides' models on the same articles.

    Raises:
        DataError: why that cannot be done.
    """
    tables = [
        side.read_table(SEED_SCORES, tuple(seed_scores_schema(this_kind()))) for side in (base, now)
    ]
    changes = {}
    for system in systems:
        models = [_read_models(table, system) for table in tables]
        if models[0][0] != models[1][0]:
            raise DataError("the two sides' seeds were not scored on the same test articles")
        for side, (_, points) in zip((base, now), models, strict=True):
            _check_means(side, system, points)
        for at, name in enumerate(this_kind().score_columns):
            sides = {BASE: models[0][1][:, :, at], NOW: models[1][1][:, :, at]}
            (found,) = compare(sides, [(NOW, BASE)], (NOW, BASE), margin)
            old, new = (float(sides[side].mean()) for side in (BASE, NOW))
            changes[system, name] = MeanChange(old, new, *found.interval()[1:])
    return changes


def _read_models(table: pd.DataFrame, system: str) -> tuple[list[str], Points]:
    """The test articles' ids, and the system's scores (seeds, rows, `Kind.score_columns`)."""
    rows = table[table["system"] == system]
    models = [model for _, model in rows.groupby("seed", sort=False)]
    ids = [list(model["id"]) for model in models]
    if not ids or any(other != ids[0] for other in ids):
        raise DataError(f"{SEED_SCORES} has not one score of {system} for each seed and article")
    columns = list(this_kind().score_columns)
    return ids[0], np.stack([model[columns].to_numpy(dtype="float64") for model in models])


def _check_means(side: Snapshot, system: str, points: Points) -> None:
    figures = read_scores(side.metrics, "seeds").get(system, {})
    means = dict(zip(this_kind().score_columns, points.mean(axis=(0, 1)), strict=True))
    if any(abs(means[name] - figures[name]) > CLOSE for name in means if name in figures):
        raise DataError(f"{SEED_SCORES} does not belong to metrics/seeds.json")


def _combine_intervals(
    base: Snapshot, now: Snapshot, systems: Sequence[str]
) -> dict[tuple[str, str], MeanChange]:
    """The same as for independent samples, of the scores that metrics/seeds.json has."""
    old, new = (read_scores(side.metrics, "seeds") for side in (base, now))
    changes = {}
    for system, name in product(systems, this_kind().score_columns):
        before, after = old.get(system, {}), new.get(system, {})
        if name in before and name in after:
            low, high = unpaired_interval(before, after, name) or (None, None)
            changes[system, name] = MeanChange(before[name], after[name], low, high)
    return changes
