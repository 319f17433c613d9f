"""The noise of a change: paired by article, or from two intervals."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from understudy.contract.names import COLUMNS, KINDS
from understudy.contract.params.evaluate import EvaluateParams, Judgement
from understudy.core.errors import DataError
from understudy.scoring.scoreboard import Scoreboard
from understudy.tools.reviewing.scores import ScoreChange, compare_scores
from understudy.versioning.snapshots import Snapshot

PARAMS = EvaluateParams(source="written", stemmer=True, resamples=500, seed=3, margin=1.0)
ROWS = 200
EMPTY = Snapshot(None, {}, {}, {}, {}, {}, None)


class Scored(Snapshot):
    """A side whose scores by article are at hand."""

    def read_table(self, path: Path, columns: Sequence[str]) -> pd.DataFrame:
        if self.files is None:
            raise DataError("the base: nothing there")
        table: pd.DataFrame = self.files[list(columns)]
        return table


def side(points: np.ndarray[Any, Any], readable: bool = True, first: int = 0) -> Snapshot:
    """One system `a` with these F1 points in every column, and a system `b` that never changes."""
    same = np.full((len(points), len(COLUMNS)), 30.0)
    rows = {"a": np.repeat(points[:, np.newaxis], len(COLUMNS), axis=1), "b": same}
    board = Scoreboard(rows, Judgement(1.0, 500, 1))
    tables = [
        pd.DataFrame(dict(zip(COLUMNS, figures.T, strict=True))).assign(
            id=[str(first + n) for n in range(len(points))], system=name
        )
        for name, figures in rows.items()
    ]
    metrics = {"systems": {name: board.summarize(name) for name in rows}}
    return Scored(None, metrics, {}, {}, {}, {}, pd.concat(tables) if readable else None)


def points(shift: float, wobble: float = 0.0) -> np.ndarray[Any, Any]:
    noise = np.random.default_rng(8).normal(0, 1, ROWS)
    noise -= noise.mean()
    return np.random.default_rng(7).normal(40, 12, ROWS) + shift + wobble * noise


def first(base: Snapshot, now: Snapshot) -> ScoreChange:
    changes = compare_scores(base, now, PARAMS).changed
    return next(c for c in changes if (c.system, c.kind, c.measure) == ("a", "rouge1", "f1"))


def test_pairing_sees_a_change_that_unpaired_intervals_do_not() -> None:
    base, now = side(points(0)), side(points(0.5, wobble=2))
    paired = first(base, now)
    assert paired.low is not None
    assert paired.high is not None
    assert 0 < paired.low < 0.5 < paired.high < 1
    assert paired.beyond_noise is True
    unpaired = first(side(points(0), readable=False), now)
    assert unpaired.low is not None
    assert unpaired.low < 0
    assert unpaired.beyond_noise is False


def test_intervals_are_as_wide_as_theory_has_them() -> None:
    found = first(side(points(0)), side(points(1, wobble=3)))
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * 3 / ROWS**0.5, rel=0.15)
    found = first(side(points(0), readable=False), side(points(5)))
    assert found.low is not None
    assert found.high is not None
    spread = points(0).std(ddof=1)
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread * (2 / ROWS) ** 0.5, rel=0.15)
    assert first(side(points(0)), side(points(0.05, wobble=3))).beyond_noise is False


def test_unchanged_systems_are_only_named_and_nothing_is_read_for_them() -> None:
    base = side(points(0), readable=False)
    found = compare_scores(base, replace(base), PARAMS)
    assert (found.changed, found.unchanged, found.unpaired) == ([], ["a", "b"], None)
    changed = compare_scores(side(points(0)), side(points(1)), PARAMS)
    assert changed.unchanged == ["b"]
    assert len(changed.changed) == len(COLUMNS)


@pytest.mark.parametrize(
    ("base", "now", "reason"),
    [
        (side(points(0), readable=False), side(points(1)), "the base: nothing there"),
        (side(points(0), first=1), side(points(1)), "not scored on the same test articles"),
        (side(points(0)[:50]), side(points(1)), "not scored on the same test articles"),
    ],
)
def test_why_articles_were_not_paired_is_told(base: Snapshot, now: Snapshot, reason: str) -> None:
    found = compare_scores(base, now, PARAMS)
    assert reason in (found.unpaired or "")


def test_new_lost_and_odd_systems_have_no_noise() -> None:
    metrics = side(points(0)).metrics
    found = compare_scores(EMPTY, replace(EMPTY, metrics=metrics), PARAMS)
    assert {change.old for change in found.changed} == {None}
    assert {change.beyond_noise for change in found.changed} == {None}
    found = compare_scores(replace(EMPTY, metrics=metrics), EMPTY, PARAMS)
    assert {change.new for change in found.changed} == {None}
    assert found.unchanged == []
    odd = replace(EMPTY, metrics={"systems": {"a": {"rouge1": 3.0}, "words": 4, "b": "text"}})
    assert compare_scores(odd, odd, PARAMS).changed == []


def test_a_version_without_intervals_of_recall_has_no_noise_for_it() -> None:
    base, now = side(points(0), readable=False), side(points(1))
    for kind in KINDS:
        for end in ("low", "high"):
            del base.metrics["systems"]["a"][kind][f"recall_{end}"]
    found = compare_scores(base, now, PARAMS).changed
    known = {change.measure for change in found if change.beyond_noise is not None}
    assert known == {"f1", "precision"}
