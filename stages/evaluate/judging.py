"""Writes scores, and judges what they say of models and of recipes, whatever the kind of task."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from stages.evaluate.systems import Answers, Said
from understudy.contract.answered import CallCounts
from understudy.contract.asked import TOKEN_COLUMNS
from understudy.contract.evaluation import (
    SCORES,
    SEED_SCORES,
    OneSource,
    Systems,
    scores_schema,
    seed_scores_schema,
)
from understudy.contract.kind import this_kind
from understudy.contract.lineup import name_system
from understudy.contract.names import name_model
from understudy.contract.params.teacher import Prices
from understudy.contract.recipes import Recipes
from understudy.contract.teacher_use import TeacherCalls
from understudy.core.tables import table_writer
from understudy.scoring.bootstrap import Figures
from understudy.scoring.scoreboard import RecipeBoard, Scoreboard
from understudy.teacher.money import price_usd


class Scored(Protocol):
    """What a kind of task makes of the answers; made of `Answers` and the section `evaluate`."""

    said: Said
    """Of each model a text a row, alike where the answers are."""
    points: dict[str, Figures]
    """Of each model (rows, `kind.score_columns`)."""

    def write(self, board: Scoreboard) -> Systems:
        """Writes systems, differences, and what only this kind has; `board` is of what ships."""
        ...


def select_source(systems: Systems, source: str) -> OneSource:
    """Systems without a source in their names, so that two runs line up."""
    lineup = systems.lineup
    students = {one: systems[name_system(one, source)] for one in lineup.kind.students}
    others = {name: systems[name] for name in lineup.untrained}
    return OneSource.model_validate({**students, **others})


def price_calls(calls: CallCounts, prices: Prices) -> TeacherCalls:
    """A stage's calls at the params' prices; imported answers cost nothing here."""
    ways = (calls.live, calls.batch, calls.logged)
    tokens = {name: sum(getattr(way, name) for way in ways) for name in TOKEN_COLUMNS}
    cost = sum(
        price_usd(
            *(getattr(way, name) for name in TOKEN_COLUMNS), prices=prices, batch=way is calls.batch
        )
        for way in (calls.live, calls.batch)
    )
    known = calls.model_dump(exclude={"live", "batch", "logged"})
    return TeacherCalls(**known, **tokens, batch=calls.batch.calls, cost_usd=cost)


def write_seed_scores(
    ids: Sequence[str], rows: Mapping[str, Mapping[int, Figures]], path: Path = SEED_SCORES
) -> None:
    """Writes the score of each trained model on each test row, system after system."""
    models = {(name, seed): points for name in rows for seed, points in rows[name].items()}
    _write_points(ids, models, path, seed_scores_schema(this_kind()))


def write_scores(ids: Sequence[str], rows: Mapping[str, Figures], path: Path = SCORES) -> None:
    """Writes each system's score on each test row, system after system."""
    named = {(name,): points for name, points in rows.items()}
    _write_points(ids, named, path, scores_schema(this_kind()))


def _write_points(
    ids: Sequence[str],
    rows: Mapping[tuple[Any, ...], Figures],
    path: Path,
    schema: Mapping[str, pa.DataType],
) -> None:
    with table_writer(path, schema) as table:
        for names, points in rows.items():
            for identity, figures in zip(ids, points.tolist(), strict=True):
                table.add(dict(zip(schema, (identity, *names, *figures), strict=True)))


def judge_recipes(answers: Answers, scored: Scored, margin: float) -> None:
    """Writes what the models of all seeds say about recipes."""
    lineup = answers.lineup
    names = {
        **{
            system: {seed: name_model(system, seed) for seed in seeds}
            for system, seeds in answers.seeds.items()
        },
        **{system: {0: system} for system in lineup.untrained},
    }
    rows, said = {}, {}
    for system, models in names.items():
        rows[system] = {seed: scored.points[name] for seed, name in models.items()}
        said[system] = {seed: scored.said[name] for seed, name in models.items()}
    board = RecipeBoard(rows, lineup.trained, margin, lineup.kind)
    write_seed_scores(list(answers.test["id"]), {system: rows[system] for system in answers.seeds})
    found = {name: board.summarize(name, one.shipped) for name, one in answers.trained.items()}
    Recipes.model_validate(found).write()
    board.compare(lineup.pairs, said).write()
