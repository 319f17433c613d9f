"""The systems that the study compares: their scores, their differences, and what both are worth."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

import numpy as np

from understudy.contract.evaluation import Moot, WithIntervals
from understudy.contract.kind import SUMMARIZATION, Kind
from understudy.contract.names import name_pair
from understudy.contract.params.evaluate import Judgement
from understudy.contract.recipes import (
    LabelRecipe,
    LabelRecipeDifference,
    LabelSeedScores,
    Recipe,
    RecipeDifference,
    RecipeFinding,
    RecipeGap,
    SeedFigures,
    SeedScores,
)
from understudy.scoring.bootstrap import Figures, bounds, resample_means
from understudy.scoring.comparisons import compare_all, find_moot, find_silent
from understudy.scoring.recipes import compare_recipes, summarize_seeds

F = TypeVar("F", bound=WithIntervals)


class Scoreboard:
    """Scores of several systems on the same test rows, and their bootstrapped means."""

    def __init__(
        self, rows: Mapping[str, Figures], judgement: Judgement, kind: Kind = SUMMARIZATION
    ) -> None:
        """Takes an array (rows, `kind.score_columns`) for each system, in points."""
        self._rows, self._kind = rows, kind
        self._judgement = judgement
        stacked = np.concatenate(list(rows.values()), axis=1)
        drawn = resample_means(stacked, judgement.resamples, judgement.seed)
        split = np.split(drawn, len(rows), axis=1)
        self._drawn = dict(zip(rows, split, strict=True))

    def summarize(self, system: str) -> dict[str, dict[str, Any]]:
        """A system's means by type of scores, each with its 95% interval."""
        means = self._rows[system].mean(axis=0)
        return self._by_type(means, self._drawn[system], [*self._kind.measures])

    def compare(
        self, pairs: Sequence[tuple[str, str]], texts: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, dict[str, dict[str, Any]]]:
        """Differences of pairs by type of scores, the first system minus the second.

        The interval, the p-values and the verdict are of the judged measure; p-values are corrected
        for the number of pairs. With the systems' texts, pairs that wrote the same or nothing are
        marked as moot.
        """
        differences = [self._rows[first] - self._rows[second] for first, second in pairs]
        rule = self._judgement
        verdicts = {}
        for kind in self._kind.types:
            column = _judged_column(self._kind, kind)
            judged = np.stack([difference[:, column] for difference in differences], axis=1)
            verdicts[kind] = compare_all(judged, rule.margin, rule.resamples, rule.seed)
        gap = {}
        for at, (first, second) in enumerate(pairs):
            drawn = self._drawn[first] - self._drawn[second]
            found = self._by_type(differences[at].mean(axis=0), drawn, [self._kind.judged])
            moot = find_moot(texts[first], texts[second]) if texts is not None else None
            rows = self._rows[first], self._rows[second]
            for kind, figures in found.items():
                figures |= dict(verdicts[kind][at])
                figures["moot"] = moot or _find_no_overlap(rows, self._kind, kind)
            gap[name_pair(first, second)] = found
        return gap

    def _by_type(
        self, means: Figures, drawn: Figures, bounded: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Means by type and measure, and the bounds of their intervals where a measure has some."""
        found: dict[str, dict[str, Any]] = {kind: {} for kind in self._kind.types}
        columns = self._kind.score_columns
        for name, mean, low, high in zip(columns, means, *bounds(drawn), strict=True):
            kind, _, measure = name.partition("_")
            found[kind][measure] = mean
            if measure in bounded:
                found[kind] |= {f"{measure}_low": low, f"{measure}_high": high}
        return found


class RecipeBoard:
    """Scores of every system's models, one a seed, on the same test rows."""

    def __init__(
        self,
        rows: Mapping[str, Mapping[int, Figures]],
        trained: Collection[str],
        margin: float,
        kind: Kind = SUMMARIZATION,
    ) -> None:
        """Takes arrays (rows, `kind.score_columns`) by system and seed, in points.

        A system that is not among the trained ones has one array, under any seed.
        """
        self._trained, self._kind = trained, kind
        self._seeds = {system: list(models) for system, models in rows.items()}
        self._rows = {system: np.stack(list(models.values())) for system, models in rows.items()}
        self._margin = margin

    def summarize(self, system: str, shipped: int) -> Recipe | LabelRecipe:
        """A trained system's judged measure by type of scores, over its seeds."""
        seeds, rows = self._seeds[system], self._rows[system]

        def over_seeds(kind: str, form: type[SeedFigures]) -> SeedFigures:
            found = summarize_seeds(rows[:, :, _judged_column(self._kind, kind)], seeds)
            return _recast(found, form)

        known = {"shipped": shipped, "seeds": len(seeds)}
        if not self._kind.has_labels:
            found = {kind: over_seeds(kind, SeedScores) for kind in self._kind.types}
            return Recipe.model_validate({**known, **found})
        return LabelRecipe.model_validate(
            {**known, "labels": over_seeds("labels", LabelSeedScores)}
        )

    def compare(
        self,
        pairs: Sequence[tuple[str, str]],
        texts: Mapping[str, Mapping[int, Sequence[str]]] | None = None,
    ) -> RecipeGap:
        """Differences of pairs, the first recipe minus the second, with their verdicts.

        With the texts of all models, pairs of which one wrote nothing are marked as moot; so are
        those whose scores are all 0.
        """
        is_rouge = not self._kind.has_labels
        form: type[RecipeFinding] = RecipeDifference if is_rouge else LabelRecipeDifference
        judged: dict[str, list[RecipeFinding]] = {}
        for kind in self._kind.types:
            column = _judged_column(self._kind, kind)
            scores = {system: rows[:, :, column] for system, rows in self._rows.items()}
            found = compare_recipes(scores, pairs, self._trained, self._margin)
            judged[kind] = [_recast(one, form) for one in found]
        gap = {}
        for at, (first, second) in enumerate(pairs):
            silent, rows = None, (self._rows[first], self._rows[second])
            if texts is not None:
                said = (chain.from_iterable(texts[name].values()) for name in (first, second))
                silent = find_silent(*said)
            gap[name_pair(first, second)] = {
                kind: judged[kind][at].model_copy(
                    update={"moot": silent or _find_no_overlap(rows, self._kind, kind)}
                )
                for kind in self._kind.types
            }
        return RecipeGap.model_validate(gap)


def _recast(found: WithIntervals, form: type[F]) -> F:
    """The same finding under the names of another kind of scores."""
    own = {found.JUDGED + end for end in ("", "_low", "_high")}
    return form.of(*found.interval(), **found.model_dump(exclude=own))


def _judged_column(kind: Kind, name: str) -> int:
    """Where the judged measure of a type of scores is."""
    return kind.score_columns.index(f"{name}_{kind.judged}")


def _find_no_overlap(rows: Sequence[Figures], kind: Kind, name: str) -> Moot | None:
    """Whether no score of a type is over 0; scores are (..., columns)."""
    columns = [kind.score_columns.index(f"{name}_{measure}") for measure in kind.measures]
    return None if any(points[..., columns].any() for points in rows) else "no_overlap"
