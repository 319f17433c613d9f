"""The systems that the study compares: their scores, their differences, and what both are worth."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from understudy.contract.evaluation import ByKind, Difference, Gap, Measures, Moot
from understudy.contract.names import COLUMNS, KINDS, MEASURES, name_pair
from understudy.contract.params.evaluate import Judgement
from understudy.contract.recipes import Recipe, RecipeDifference, RecipeGap
from understudy.scoring.bootstrap import Figures, bounds, resample_means
from understudy.scoring.comparisons import compare_all, find_moot, find_silent
from understudy.scoring.recipes import compare_recipes, summarize_seeds


class Scoreboard:
    """Scores of several systems on the same test articles, and their bootstrapped means."""

    def __init__(self, rows: Mapping[str, Figures], judgement: Judgement) -> None:
        """Takes an array (articles, COLUMNS) for each system, in points."""
        self._rows = rows
        self._judgement = judgement
        stacked = np.concatenate(list(rows.values()), axis=1)
        drawn = resample_means(stacked, judgement.resamples, judgement.seed)
        split = np.split(drawn, len(rows), axis=1)
        self._drawn = dict(zip(rows, split, strict=True))

    def summarize(self, system: str) -> ByKind[Measures]:
        """A system's means by ROUGE type, each with its 95% interval."""
        found = _by_kind(self._rows[system].mean(axis=0), self._drawn[system], MEASURES)
        return ByKind[Measures](**{kind: Measures(**found[kind]) for kind in KINDS})

    def compare(
        self,
        pairs: Sequence[tuple[str, str]],
        texts: Mapping[str, Sequence[str]] | None = None,
    ) -> Gap:
        """Differences of pairs, the first system minus the second.

        The interval, the p-values and the verdict are of F1; p-values are corrected for the number
        of pairs. With the systems' texts, pairs that wrote the same or nothing are marked as moot.
        """
        differences = [self._rows[first] - self._rows[second] for first, second in pairs]
        rule = self._judgement
        verdicts = {}
        for kind in KINDS:
            column = COLUMNS.index(f"{kind}_f1")
            f1 = np.stack([difference[:, column] for difference in differences], axis=1)
            verdicts[kind] = compare_all(f1, rule.margin, rule.resamples, rule.seed)
        gap = {}
        for at, (first, second) in enumerate(pairs):
            drawn = self._drawn[first] - self._drawn[second]
            found = _by_kind(differences[at].mean(axis=0), drawn, ("f1",))
            moot = find_moot(texts[first], texts[second]) if texts is not None else None
            judged = {kind: {**found[kind], **dict(verdicts[kind][at])} for kind in KINDS}
            rows = self._rows[first], self._rows[second]
            for kind, figures in judged.items():
                figures["moot"] = moot or _find_no_overlap(rows, kind)
            gap[name_pair(first, second)] = ByKind[Difference].model_validate(judged)
        return Gap.model_validate(gap)


class RecipeBoard:
    """Scores of every system's models, one a seed, on the same test articles."""

    def __init__(
        self, rows: Mapping[str, Mapping[int, Figures]], trained: Collection[str], margin: float
    ) -> None:
        """Takes arrays (articles, COLUMNS) by system and seed, in points.

        A system that is not among the trained ones has one array, under any seed.
        """
        self._trained = trained
        self._seeds = {system: list(models) for system, models in rows.items()}
        self._rows = {system: np.stack(list(models.values())) for system, models in rows.items()}
        self._margin = margin

    def summarize(self, system: str, shipped: int) -> Recipe:
        """A trained system's F1 by ROUGE type, over its seeds."""
        seeds = self._seeds[system]
        found = {
            kind: summarize_seeds(self._rows[system][:, :, COLUMNS.index(f"{kind}_f1")], seeds)
            for kind in KINDS
        }
        return Recipe(shipped=shipped, seeds=len(seeds), **found)

    def compare(
        self,
        pairs: Sequence[tuple[str, str]],
        texts: Mapping[str, Mapping[int, Sequence[str]]] | None = None,
    ) -> RecipeGap:
        """Differences of pairs, the first recipe minus the second, with their verdicts.

        With the texts of all models, pairs of which one wrote nothing are marked as moot; so are
        those whose scores are all 0.
        """
        judged: dict[str, list[RecipeDifference]] = {}
        for kind in KINDS:
            column = COLUMNS.index(f"{kind}_f1")
            f1 = {system: rows[:, :, column] for system, rows in self._rows.items()}
            judged[kind] = compare_recipes(f1, pairs, self._trained, self._margin)
        gap = {}
        for at, (first, second) in enumerate(pairs):
            silent, rows = None, (self._rows[first], self._rows[second])
            if texts is not None:
                said = (chain.from_iterable(texts[name].values()) for name in (first, second))
                silent = find_silent(*said)
            found = {}
            for kind in KINDS:
                moot = silent or _find_no_overlap(rows, kind)
                found[kind] = judged[kind][at].model_copy(update={"moot": moot})
            gap[name_pair(first, second)] = ByKind[RecipeDifference](**found)
        return RecipeGap.model_validate(gap)


def _find_no_overlap(rows: Sequence[Figures], kind: str) -> Moot | None:
    """Whether no score of a ROUGE type is over 0; scores are (..., COLUMNS)."""
    columns = [COLUMNS.index(f"{kind}_{measure}") for measure in MEASURES]
    return None if any(points[..., columns].any() for points in rows) else "no_overlap"


def _by_kind(means: Figures, drawn: Figures, bounded: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Means by type and measure, and the bounds of their intervals where the measure has some."""
    found: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for name, mean, low, high in zip(COLUMNS, means, *bounds(drawn), strict=True):
        kind, _, measure = name.partition("_")
        found[kind][measure] = mean
        if measure in bounded:
            found[kind] |= {f"{measure}_low": low, f"{measure}_high": high}
    return found
