"""A mean score on both sides, and what its change is worth."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from understudy.contract.kind import this_kind
from understudy.versioning.changes import is_number

CLOSE = 0.01
"""Points by which the mean of scores by article may differ from what metrics/ says."""

Interval = tuple[float, float]
Figures = dict[str, float]
"""A system's numbers by names such as `rouge1_f1` and `rouge1_f1_low`."""


@dataclass(frozen=True)
class MeanChange:
    """A mean score, in points, on both sides."""

    old: float | None
    """None where the base has none."""
    new: float | None
    low: float | None
    """The 95% interval of the change; None where nothing gives one."""
    high: float | None

    @property
    def leaves_out_zero(self) -> bool | None:
        """Whether the interval says that there is a change; None where there is no interval."""
        if self.low is None or self.high is None:
            return None
        return not self.low <= 0 <= self.high


def read_scores(metrics: Mapping[str, Any], file: str = "systems") -> dict[str, Figures]:
    """The systems of metrics/systems.json, or of metrics/seeds.json, whichever version wrote it."""
    found = {
        str(system): {
            f"{kind}_{name}": figure
            for kind in this_kind().types
            if isinstance(scores, Mapping) and isinstance(scores.get(kind), Mapping)
            for name, figure in scores[kind].items()
            if is_number(figure)
        }
        for system, scores in metrics.get(file, {}).items()
    }
    return {system: figures for system, figures in found.items() if figures}


def unpaired_interval(old: Figures, new: Figures, name: str) -> Interval | None:
    """The interval of the difference of two means of independent samples.

    It is made of theirs (MOVER; Zou and Donner 2008).
    """
    names = (name, f"{name}_low", f"{name}_high")
    if not all(name in side for side in (old, new) for name in names):
        return None
    old_mean, old_low, old_high = (old[name] for name in names)
    new_mean, new_low, new_high = (new[name] for name in names)
    change = new_mean - old_mean
    below = math.hypot(new_mean - new_low, old_high - old_mean)
    above = math.hypot(new_high - new_mean, old_mean - old_low)
    return change - below, change + above
