"""The systems that the study compares: their scores, their differences, and what both are worth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from understudy.contract.names import COLUMNS, KINDS, MEASURES, PAIRS
from understudy.contract.params.evaluate import Judgement
from understudy.contract.verdicts import MINUS
from understudy.scoring.bootstrap import Figures, bounds, resample_means
from understudy.scoring.comparisons import compare_all


class Scoreboard:
    """Scores of several systems on the same test articles, and their bootstrapped means."""

    def __init__(self, rows: Mapping[str, Figures], judgement: Judgement) -> None:
        """Takes an array (articles, COLUMNS) a system, in points."""
        self._rows = rows
        self._judgement = judgement
        stacked = np.concatenate(list(rows.values()), axis=1)
        drawn = resample_means(stacked, judgement.resamples, judgement.seed)
        split = np.split(drawn, len(rows), axis=1)
        self._drawn = dict(zip(rows, split, strict=True))

    def summarize(self, system: str) -> dict[str, dict[str, float]]:
        """A system's means by ROUGE type, each with its 95% interval."""
        return _by_kind(self._rows[system].mean(axis=0), self._drawn[system], MEASURES)

    def compare(self, pairs: Sequence[tuple[str, str]] = PAIRS) -> dict[str, Any]:
        """What metrics/gap.json holds.

        Returns:
            Per pair and ROUGE type: the mean differences, first minus second; the interval of
            F1's; its p-values and verdict, corrected for the number of pairs.
        """
        differences = [self._rows[first] - self._rows[second] for first, second in pairs]
        found: dict[str, Any] = {}
        for (first, second), difference in zip(pairs, differences, strict=True):
            drawn = self._drawn[first] - self._drawn[second]
            found[f"{first}{MINUS}{second}"] = _by_kind(difference.mean(axis=0), drawn, ("f1",))
        for kind in KINDS:
            column = COLUMNS.index(f"{kind}_f1")
            f1 = np.stack([difference[:, column] for difference in differences], axis=1)
            for name, verdict in zip(found, self._judge(f1), strict=True):
                found[name][kind] |= verdict
        return found

    def _judge(self, f1: Figures) -> list[dict[str, float]]:
        rule = self._judgement
        return [
            {
                "p": round_figure(found.p),
                "p_equivalent": round_figure(found.p_equivalent),
                "better": found.better,
                "equivalent": int(found.equivalent),
                **({"articles_needed": found.articles_needed} if found.articles_needed else {}),
            }
            for found in compare_all(f1, rule.margin, rule.resamples, rule.seed)
        ]


def _by_kind(
    means: Figures, drawn: Figures, with_interval: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Means, and the intervals of some measures, under [type][measure]."""
    low, high = bounds(drawn)
    found: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for column, name in enumerate(COLUMNS):
        kind, _, measure = name.partition("_")
        found[kind][measure] = round_figure(means[column])
    for column, name in enumerate(COLUMNS):
        kind, _, measure = name.partition("_")
        if measure in with_interval:
            found[kind][f"{measure}_low"] = round_figure(low[column])
            found[kind][f"{measure}_high"] = round_figure(high[column])
    return found


def round_figure(figure: float) -> float:
    """As metrics hold it."""
    return round(float(figure), 4)
