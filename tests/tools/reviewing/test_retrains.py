"""The noise of a change where both sides have several seeds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from understudy.contract.evaluation import SCORES, SEED_SCORES
from understudy.contract.names import COLUMNS, KINDS
from understudy.contract.params.evaluate import EvaluateParams, Judgement
from understudy.contract.recipes import RecipeDifference
from understudy.core.errors import DataError
from understudy.scoring.bootstrap import Figures
from understudy.scoring.scoreboard import Scoreboard
from understudy.tools.reviewing.scores import ScoreChange, ScoreChanges, compare_scores
from understudy.versioning.snapshots import Snapshot

PARAMS = EvaluateParams(source="written", stemmer=True, resamples=300, seed=3, margin=1.0)
ARTICLES = 100
STEADY, SHAKY = (0.0, 0.2, -0.2), (0.0, 4.0, -5.0)
"""Points of each seed's model above the first, which ships."""
T_OF_4 = 2.776
"""Student's t at 97.5%, with the degrees of freedom of twice three seeds."""


def compare_means(
    scores: Mapping[str, Figures],
    pairs: Sequence[tuple[str, str]],
    trained: Collection[str],
    margin: float,
) -> list[RecipeDifference]:
    """A t-test of the seeds' means, to stand in for the real one."""
    assert set(trained) == set(scores)
    assert margin == PARAMS.margin
    found = []
    for first, second in pairs:
        means = [scores[name].mean(axis=1) for name in (first, second)]
        difference = float(means[0].mean() - means[1].mean())
        reach = T_OF_4 * float(sum(mean.var(ddof=1) / len(mean) for mean in means)) ** 0.5
        bounds = {"f1_low": difference - reach, "f1_high": difference + reach}
        found.append(RecipeDifference(f1=difference, **bounds, known=1))
    return found


@dataclass(frozen=True)
class Trained(Snapshot):
    """A side whose scores by article are at hand, each file by its path."""

    tables: tuple[tuple[Path, pd.DataFrame], ...] = ()

    def read_table(self, path: Path, columns: Sequence[str]) -> pd.DataFrame:
        tables = dict(self.tables)
        if path not in tables:
            raise DataError(f"the base: there is no {path}")
        found: pd.DataFrame = tables[path][list(columns)]
        return found


def side(
    shift: float = 0.0, seeds: Sequence[float] = STEADY, weights: str = "", first: int = 0
) -> Trained:
    """The system t5-gold, its model of the first seed `shift` points above 40."""
    noise = np.random.default_rng(7).normal(40, 3, (ARTICLES, len(COLUMNS)))
    models = {13 + at: noise + shift + above for at, above in enumerate(seeds)}
    ids = [str(first + n) for n in range(ARTICLES)]
    tables = [
        pd.DataFrame(dict(zip(COLUMNS, points.T, strict=True))).assign(
            id=ids, system="t5-gold", seed=seed
        )
        for seed, points in models.items()
    ]
    systems = Scoreboard({"t5-gold": models[13]}, Judgement(1.0, 300, 1)).summarize("t5-gold")
    recipe: dict[str, Any] = {"seeds": len(seeds), "shipped": 13}
    for kind in KINDS:
        points = [model[:, COLUMNS.index(f"{kind}_f1")].mean() for model in models.values()]
        mean = float(np.mean(points))
        recipe[kind] = {"f1": mean, "f1_low": mean - 1.0, "f1_high": mean + 1.0}
    return Trained(
        commit=None,
        metrics={"systems": {"t5-gold": systems}, "seeds": {"t5-gold": recipe}},
        unread={},
        params={},
        inputs={},
        outs={"models/t5-gold/model.safetensors": weights or str((shift, *seeds))},
        files=None,
        tables=((SCORES, tables[0]), (SEED_SCORES, pd.concat(tables))),
    )


def compare(base: Snapshot, now: Snapshot) -> ScoreChanges:
    return compare_scores(base, now, PARAMS, compare_means)


def first_f1(found: ScoreChanges) -> ScoreChange:
    return next(c for c in found.changed if (c.kind, c.measure) == ("rouge1", "f1"))


def lose(side: Trained, *paths: Path) -> Trained:
    return replace(side, tables=tuple(one for one in side.tables if one[0] not in paths))


def test_a_change_within_the_noise_of_training_is_no_regression_although_the_model_fell() -> None:
    """What ships fell by 2 points on every article; another seed would have moved it by more."""
    found = compare(side(0, SHAKY), side(-2, (0.0, 5.0, -3.0)))
    change = first_f1(found)
    assert change.leaves_out_zero is True
    assert change.new is not None
    assert change.old is not None
    assert change.new - change.old == pytest.approx(-2, abs=1e-3)
    assert change.basis == "recipe"
    assert change.beyond_noise is False
    recipe = change.judged
    assert recipe.new is not None
    assert recipe.old is not None
    assert recipe.new - recipe.old == pytest.approx(-2 + 2 / 3 + 1 / 3)
    assert (found.one_seed, found.same_weights, found.recipes_unpaired) == ([], [], None)
    assert {change.beyond_noise for change in found.changed} == {False}


def test_a_real_drop_is_beyond_the_noise_of_training() -> None:
    change = first_f1(compare(side(0, STEADY), side(-2, STEADY)))
    assert change.beyond_noise is True
    assert change.recipe is not None
    assert change.recipe.low is not None
    assert change.recipe.high is not None
    assert change.recipe.low < -2 < change.recipe.high < 0


@pytest.mark.parametrize(("base", "now"), [((0.0,), SHAKY), (SHAKY, (0.0,)), ((0.0,), (0.0,))])
def test_with_one_seed_on_a_side_the_model_is_judged_and_that_is_told(
    base: Sequence[float], now: Sequence[float]
) -> None:
    found = compare(side(0, base), side(-2, now))
    change = first_f1(found)
    assert (change.basis, change.recipe, change.beyond_noise) == ("model", None, True)
    assert found.one_seed == ["t5-gold"]


def test_a_base_of_a_version_without_seeds_counts_as_one_seed() -> None:
    now = side(-2, SHAKY)
    base = lose(side(0), SEED_SCORES)
    del base.metrics["seeds"]
    found = compare(base, now)
    assert found.one_seed == ["t5-gold"]
    assert first_f1(found).beyond_noise is True
    assert found.unpaired is None


def test_the_same_weights_have_no_noise_of_training() -> None:
    """They decode in another way, or are scored in another way."""
    found = compare(side(0, SHAKY, "same"), side(-2, (0.0, 5.0, -3.0), "same"))
    change = first_f1(found)
    assert (change.basis, change.recipe, change.beyond_noise) == ("model", None, True)
    assert (found.same_weights, found.one_seed) == (["t5-gold"], [])


def test_a_system_that_nobody_trains_is_judged_by_articles_without_a_word_on_seeds() -> None:
    sides = [
        replace(
            one,
            metrics={"systems": {"zeroshot": one.metrics["systems"]["t5-gold"]}},
            tables=((SCORES, dict(one.tables)[SCORES].assign(system="zeroshot")),),
        )
        for one in (side(0), side(-2))
    ]
    found = compare(*sides)
    assert first_f1(found).beyond_noise is True
    assert found.one_seed == []


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        (lose(side(0), SEED_SCORES), "there is no data/seed-scores.parquet"),
        (side(0, first=5), "the two sides' seeds were not scored on the same test articles"),
    ],
)
def test_seeds_that_cannot_be_paired_have_the_interval_of_both_sides_intervals(
    base: Trained, reason: str
) -> None:
    """Both reach one point, so that of the difference reaches the root of two."""
    found = compare(base, side(-2))
    assert reason in (found.recipes_unpaired or "")
    recipe = first_f1(found).recipe
    assert recipe is not None
    assert recipe.low == pytest.approx(-2 - 2**0.5)
    assert recipe.high == pytest.approx(-2 + 2**0.5)
    assert first_f1(found).beyond_noise is True
    recall = next(change for change in found.changed if change.measure == "recall")
    assert (recall.basis, recall.recipe, recall.beyond_noise) == ("recipe", None, None)


def test_scores_of_seeds_that_do_not_fit_are_told() -> None:
    base = side(0)
    base.metrics["seeds"]["t5-gold"]["rouge1"]["f1"] += 1
    found = compare(base, side(-2))
    assert (
        found.recipes_unpaired == "data/seed-scores.parquet does not belong to metrics/seeds.json"
    )
    tables = dict(base.tables)
    tables[SEED_SCORES] = tables[SEED_SCORES][:-1]
    found = compare(replace(base, tables=tuple(tables.items())), side(-2))
    assert "has not one score of t5-gold for each seed and article" in (
        found.recipes_unpaired or ""
    )
