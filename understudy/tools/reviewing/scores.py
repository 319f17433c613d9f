"""Which ROUGE scores changed, and whether by more than their noise.

Where both sides were scored on the same test articles, the difference is taken article by article
and its interval is bootstrapped. Otherwise the two intervals in metrics/systems.json make that of
their difference, as for independent samples (MOVER; Zou and Donner 2008).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stages.evaluate import SCORES
from understudy.contract.names import COLUMNS, KINDS, MEASURES
from understudy.contract.params.evaluate import EvaluateParams
from understudy.core.errors import DataError
from understudy.scoring.bootstrap import bounds, resample_means
from understudy.versioning.changes import is_number
from understudy.versioning.snapshots import Snapshot

CLOSE = 0.01
"""Points by which the mean of data/scores.parquet may differ from metrics/systems.json."""

Interval = tuple[float, float]


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
    changed = [system for system in systems if not _is_same(old.get(system), new.get(system))]
    both = [system for system in changed if system in old and system in new]
    intervals: dict[tuple[str, str], Interval] = {}
    unpaired = None
    if both:
        try:
            intervals = _pair(base, now, both, params)
        except DataError as error:
            unpaired = str(error)
    return ScoreChanges(
        changed=[
            change for system in changed for change in _compare_system(system, old, new, intervals)
        ],
        unchanged=[system for system in systems if system not in changed],
        unpaired=unpaired,
    )


def read_scores(metrics: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """The systems of metrics/systems.json with the numbers of each ROUGE type."""
    systems = metrics.get("systems", {})
    return {
        str(name): {
            kind: {key: value for key, value in scores[kind].items() if is_number(value)}
            for kind in KINDS
            if isinstance(scores.get(kind), Mapping)
        }
        for name, scores in systems.items()
        if isinstance(scores, Mapping) and any(kind in scores for kind in KINDS)
    }


def _is_same(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> bool:
    """Whether all means are the same; the bounds of their intervals depend on params too."""
    if old is None or new is None:
        return False
    return all(
        old.get(kind, {}).get(measure) == new.get(kind, {}).get(measure)
        for kind in KINDS
        for measure in MEASURES
    )


def _compare_system(
    system: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    intervals: Mapping[tuple[str, str], Interval],
) -> Iterator[ScoreChange]:
    for kind in KINDS:
        before = old.get(system, {}).get(kind, {})
        after = new.get(system, {}).get(kind, {})
        for measure in MEASURES:
            if measure not in before and measure not in after:
                continue
            paired = intervals.get((system, f"{kind}_{measure}"))
            found = paired or _unpaired_interval(before, after, measure)
            low, high = found or (None, None)
            yield ScoreChange(
                system=system,
                kind=kind,
                measure=measure,
                old=before.get(measure),
                new=after.get(measure),
                low=low,
                high=high,
                beyond_noise=found and not found[0] <= 0 <= found[1],
            )


def _unpaired_interval(
    old: Mapping[str, float], new: Mapping[str, float], measure: str
) -> Interval | None:
    """The interval of the difference of two means of independent samples."""
    names = (measure, f"{measure}_low", f"{measure}_high")
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
    columns = ("id", "system", *COLUMNS)
    old, new = base.read_table(SCORES, columns), now.read_table(SCORES, columns)
    changes = [_subtract(old, new, system) for system in systems]
    for side, rows in ((base, old), (now, new)):
        _check_rows(side, rows, systems)
    stacked = pd.concat(changes, axis="columns").to_numpy(dtype="float64")
    low, high = bounds(resample_means(stacked, params.resamples, params.seed))
    places = [(system, column) for system in systems for column in COLUMNS]
    return {
        place: (float(first), float(last))
        for place, first, last in zip(places, low, high, strict=True)
    }


def _subtract(old: pd.DataFrame, new: pd.DataFrame, system: str) -> pd.DataFrame:
    before, after = (rows[rows["system"] == system].reset_index(drop=True) for rows in (old, new))
    if before.empty or list(before["id"]) != list(after["id"]):
        raise DataError("the two sides were not scored on the same test articles")
    return after[list(COLUMNS)] - before[list(COLUMNS)]


def _check_rows(side: Snapshot, rows: pd.DataFrame, systems: list[str]) -> None:
    """The scores by article must be those of which the metrics are the means."""
    for system in systems:
        own = rows.loc[rows["system"] == system, list(COLUMNS)].to_numpy(dtype="float64")
        means = dict(zip(COLUMNS, own.mean(axis=0), strict=True))
        for kind, scores in read_scores(side.metrics)[system].items():
            for measure in (name for name in MEASURES if name in scores):
                if abs(means[f"{kind}_{measure}"] - scores[measure]) > CLOSE:
                    raise DataError(f"{SCORES} does not belong to metrics/systems.json")
