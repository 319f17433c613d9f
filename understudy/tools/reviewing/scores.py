"""Which ROUGE scores changed, and whether by more than their noise.

Where both sides were scored on the same test articles, the difference is taken article by article
and its interval is bootstrapped. Otherwise the two intervals in metrics/systems.json make that of
their difference, as for independent samples (MOVER; Zou and Donner 2008).
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from understudy.contract.evaluation import SCORES, SCORES_SCHEMA
from understudy.contract.names import COLUMNS, KINDS, MEASURES
from understudy.contract.params.evaluate import EvaluateParams
from understudy.core.errors import DataError
from understudy.scoring.bootstrap import bounds, resample_means
from understudy.versioning.changes import is_number
from understudy.versioning.snapshots import Snapshot

CLOSE = 0.01
"""Points by which the mean of data/scores.parquet may differ from metrics/systems.json."""

Interval = tuple[float, float]
Figures = dict[str, float]
"""A system's numbers by names such as `rouge1_f1` and `rouge1_f1_low`."""


@dataclass(frozen=True)
class ScoreChange:
    """A system's mean score, in points, on both sides."""

    system: str
    kind: str
    """One of KINDS."""
    measure: str
    """One of MEASURES."""
    old: float | None
    """None where the base has no such system."""
    new: float | None
    low: float | None
    """The 95% interval of the change; None where nothing gives one."""
    high: float | None
    beyond_noise: bool | None
    """Whether the interval leaves out 0; None where there is none."""


@dataclass(frozen=True)
class ScoreChanges:
    """All systems' scores, compared."""

    changed: list[ScoreChange]
    """Every score of the systems of which one score changed."""
    unchanged: list[str]
    """The other systems."""
    unpaired: str | None
    """Why the articles could not be compared one by one; None where they were, or need not be."""


def compare_scores(base: Snapshot, now: Snapshot, params: EvaluateParams) -> ScoreChanges:
    """Compares what metrics/systems.json says, with the noise from data/scores.parquet."""
    old, new = read_scores(base.metrics), read_scores(now.metrics)
    systems = list(dict.fromkeys([*new, *old]))
    # means only: the bounds of their intervals depend on params too
    changed = [
        system
        for system in systems
        if any(old.get(system, {}).get(name) != new.get(system, {}).get(name) for name in COLUMNS)
    ]
    intervals: dict[tuple[str, str], Interval] = {}
    unpaired = None
    if both := [system for system in changed if system in old and system in new]:
        try:
            intervals = _pair(base, now, both, params)
        except DataError as error:
            unpaired = str(error)
    changes = []
    for system, kind, measure in itertools.product(changed, KINDS, MEASURES):
        name, before, after = f"{kind}_{measure}", old.get(system, {}), new.get(system, {})
        if name in before or name in after:
            interval = intervals.get((system, name)) or _unpaired_interval(before, after, name)
            low, high = interval or (None, None)
            beyond = interval and not interval[0] <= 0 <= interval[1]
            values = before.get(name), after.get(name)
            changes.append(ScoreChange(system, kind, measure, *values, low, high, beyond))
    unchanged = [system for system in systems if system not in changed]
    return ScoreChanges(changes, unchanged, unpaired)


def read_scores(metrics: Mapping[str, Any]) -> dict[str, Figures]:
    """The systems of metrics/systems.json, whichever version wrote it."""
    found = {
        str(system): {
            f"{kind}_{name}": figure
            for kind in KINDS
            if isinstance(scores, Mapping) and isinstance(scores.get(kind), Mapping)
            for name, figure in scores[kind].items()
            if is_number(figure)
        }
        for system, scores in metrics.get("systems", {}).items()
    }
    return {system: figures for system, figures in found.items() if figures}


def _unpaired_interval(old: Figures, new: Figures, name: str) -> Interval | None:
    """The interval of the difference of two means of independent samples."""
    names = (name, f"{name}_low", f"{name}_high")
    if not all(name in side for side in (old, new) for name in names):
        return None
    old_mean, old_low, old_high = (old[name] for name in names)
    new_mean, new_low, new_high = (new[name] for name in names)
    change = new_mean - old_mean
    below = math.hypot(new_mean - new_low, old_high - old_mean)
    above = math.hypot(new_high - new_mean, old_mean - old_low)
    return change - below, change + above


def _pair(
    base: Snapshot, now: Snapshot, systems: list[str], params: EvaluateParams
) -> dict[tuple[str, str], Interval]:
    """Intervals of the changes by (system, column), article by article.

    Raises:
        DataError: why that cannot be done.
    """
    old, new = (side.read_table(SCORES, tuple(SCORES_SCHEMA)) for side in (base, now))
    changes = []
    for system in systems:
        before, after = (
            rows[rows["system"] == system].reset_index(drop=True) for rows in (old, new)
        )
        if before.empty or list(before["id"]) != list(after["id"]):
            raise DataError("the two sides were not scored on the same test articles")
        changes.append(after[list(COLUMNS)] - before[list(COLUMNS)])
        for side, rows in ((base, before), (now, after)):
            means = rows[list(COLUMNS)].mean()
            figures = read_scores(side.metrics)[system]
            if any(abs(means[n] - figures[n]) > CLOSE for n in COLUMNS if n in figures):
                raise DataError(f"{SCORES} does not belong to metrics/systems.json")
    stacked = pd.concat(changes, axis="columns").to_numpy(dtype="float64")
    low, high = bounds(resample_means(stacked, params.resamples, params.seed))
    keys = itertools.product(systems, COLUMNS)
    return {key: (float(a), float(b)) for key, a, b in zip(keys, low, high, strict=True)}
