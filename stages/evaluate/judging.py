"""Scores every system's texts, and judges what the scores say of models and of recipes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from understudy.contract.answered import CallCounts
from understudy.contract.asked import TOKEN_COLUMNS
from understudy.contract.evaluation import (
    SCORES,
    SEED_SCORES,
    LengthEffects,
    OneSource,
    Systems,
    TeacherCalls,
    TextLength,
    scores_schema,
    seed_scores_schema,
)
from understudy.contract.kind import this_kind
from understudy.contract.lineup import Lineup, name_system
from understudy.contract.names import STUDENTS, ZEROSHOT, name_model
from understudy.contract.params.evaluate import EvaluateParams, Words
from understudy.contract.params.teacher import Prices
from understudy.contract.recipes import Recipes
from understudy.contract.trained import TrainedSeeds
from understudy.core.tables import table_writer
from understudy.scoring.bootstrap import Figures
from understudy.scoring.length import cut_like, explain_by_length
from understudy.scoring.scoreboard import RecipeBoard
from understudy.teacher.money import price_usd
from understudy.texts.words import count_words


def score(
    predictions: pd.DataFrame,
    references: Sequence[str],
    stemmer: bool,
    kinds: Sequence[str] | None = None,
    words: Words = "english",
) -> dict[str, Figures]:
    """Scores every system (a column each), row by row.

    Returns:
        Arrays (articles, COLUMNS), or fewer columns where fewer ROUGE types are asked for.
    """
    from understudy.scoring.rouge import Rouge

    rows = Rouge(keep_in_memory=True).compute(
        predictions=[text for system in predictions for text in predictions[system]],
        references=list(references) * len(predictions.columns),
        stemmer=stemmer,
        aggregate=False,
        kinds=kinds,
        words=words,
    )
    columns = [values for measures in rows.values() for values in measures.values()]
    split = np.split(np.array(columns).T, len(predictions.columns))
    return dict(zip(predictions.columns, split, strict=True))


def explain_lengths(
    predictions: pd.DataFrame,
    references: Sequence[str],
    rows: Mapping[str, Figures],
    lineup: Lineup,
    params: EvaluateParams,
) -> LengthEffects:
    """Each student beside zero-shot answers as they are and cut to its own length.

    Nothing where zero-shot is no system of the lineup.
    """
    if ZEROSHOT not in lineup.systems:
        return LengthEffects.model_validate({})
    cut = pd.DataFrame(
        {
            name: list(map(cut_like, predictions[ZEROSHOT], predictions[name]))
            for name in lineup.trained
        }
    )
    scores = score(cut, references, params.stemmer, ["rouge1"], params.words)
    return LengthEffects.model_validate(
        {
            name: explain_by_length(
                list(predictions[name]),
                list(predictions[ZEROSHOT]),
                rows[name][:, :3] - rows[ZEROSHOT][:, :3],
                rows[name][:, :3] - scores[name],
                params.judgement,
            )
            for name in lineup.trained
        }
    )


def measure_lengths(texts: Sequence[str]) -> TextLength:
    """Mean length in words, lone punctuation left out, and how many texts are empty."""
    words = [count_words(text) for text in texts]
    return TextLength(words=sum(words) / len(words), empty=words.count(0))


def select_source(systems: Systems, source: str) -> OneSource:
    """Systems without a source in their names, so that two runs line up."""
    students = {student: systems[name_system(student, source)] for student in STUDENTS}
    others = {name: systems[name] for name in systems.lineup.untrained}
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
    """Writes the score of each trained model on each article, system after system."""
    models = {(name, seed): points for name in rows for seed, points in rows[name].items()}
    _write_points(ids, models, path, seed_scores_schema(this_kind()))


def write_scores(ids: Sequence[str], rows: Mapping[str, Figures], path: Path = SCORES) -> None:
    """Writes each system's score on each article, system after system."""
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


def judge_recipes(
    ids: Sequence[str],
    texts: pd.DataFrame,
    points: Mapping[str, Figures],
    lineup: Lineup,
    trained: Mapping[str, TrainedSeeds],
    margin: float,
) -> None:
    """Writes what the models of all seeds say about recipes."""
    names = {
        **{
            system: {run.seed: name_model(system, run.seed) for run in found.runs}
            for system, found in trained.items()
        },
        **{system: {0: system} for system in lineup.untrained},
    }
    rows, said = {}, {}
    for system, models in names.items():
        rows[system] = {seed: points[name] for seed, name in models.items()}
        said[system] = {seed: list(texts[name]) for seed, name in models.items()}
    board = RecipeBoard(rows, lineup.trained, margin)
    write_seed_scores(ids, {system: rows[system] for system in trained})
    found = {name: board.summarize(name, one.shipped) for name, one in trained.items()}
    Recipes.model_validate(found).write()
    board.compare(lineup.pairs, said).write()
