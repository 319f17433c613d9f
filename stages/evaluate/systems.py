"""Reads what is scored: references, every system's texts, and what the stages before counted."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from understudy.contract.answered import ANSWERED, Answered
from understudy.contract.calibration import CALIBRATIONS
from understudy.contract.lineup import Lineup, References
from understudy.contract.names import LEAD, ZEROSHOT, name_model
from understudy.contract.pairs import SEEDS, TEST
from understudy.contract.params.evaluate import Words
from understudy.contract.params.sources import MADE_BY, SOURCES
from understudy.contract.predictions import (
    PREDICTIONS,
    PREDICTIONS_SCHEMA,
    predictions_path,
    seed_predictions_path,
)
from understudy.contract.survey import HISTOGRAMS, SURVEYS
from understudy.contract.timing import LATENCIES
from understudy.contract.trained import CURVES, STUDENTS_FOLDER
from understudy.core.errors import DataError
from understudy.core.files import remove_others
from understudy.core.tables import read_table
from understudy.scoring.letters import check_letters
from understudy.texts.sentences import lead

Models = Mapping[str, Sequence[int]]
"""The seeds of each trained system."""


def choose_references(test: pd.DataFrame) -> tuple[References, pd.Series]:
    """The texts to score against: gold ones, or where there is none the teacher's own answers.

    Returns:
        Whose they are, and a text for each test article: none where the teacher's call failed, and
        where its answer is to be a reference but is no summary.

    Raises:
        DataError: some test articles have gold highlights, and others none.
    """
    path = predictions_path(ZEROSHOT)
    answers = read_table(path, ("id", "prediction", "reason"))
    _check_rows(path, answers, test)
    has_gold = test["highlights"].notna()
    if has_gold.all():
        return "gold", test["highlights"].where(answers["prediction"].notna())
    if has_gold.any():
        raise DataError(f"{TEST}: some rows have highlights, others none; run `dvc repro filter`")
    return "teacher", answers["prediction"].where(answers["reason"].isna())


def read_predictions(test: pd.DataFrame, seeds: Models, untrained: Sequence[str]) -> pd.DataFrame:
    """Every model's predictions in the order of the test articles.

    Returns:
        A column per model, named by `name_model`, and one for each system that is not trained;
        missing where a call of the teacher failed for good.

    Raises:
        DataError: some predictions are not those of these test articles.
    """
    predictions = {}
    for name, path in _list_predictions(seeds, untrained):
        table = read_table(path, tuple(PREDICTIONS_SCHEMA))
        _check_rows(path, table, test)
        predictions[name] = list(table["prediction"])
    predictions[LEAD] = [lead(article) for article in test["article"]]
    return pd.DataFrame(predictions)


def _check_rows(path: Path, table: pd.DataFrame, test: pd.DataFrame) -> None:
    if list(table["id"]) != list(test["id"]):
        raise DataError(f"{path}: not one prediction for each row of {TEST}; run `dvc repro`")


def _list_predictions(seeds: Models, untrained: Sequence[str]) -> Iterator[tuple[str, Path]]:
    for system in seeds:
        for seed in seeds[system]:
            yield name_model(system, seed), seed_predictions_path(system, seed)
    if ZEROSHOT in untrained:
        yield ZEROSHOT, predictions_path(ZEROSHOT)


def check_words(
    predictions: pd.DataFrame, seeds: Models, references: Sequence[str], words: Words
) -> None:
    """Stops with a DataError where English words would leave little of some texts to score."""
    texts = {f"the references of {TEST}": references}
    for name, path in _list_predictions(seeds, list(map(str, predictions))):
        texts[str(path)] = list(predictions[name])
    texts[f"{LEAD} of the articles of {TEST}"] = list(predictions[LEAD])
    check_letters(texts, words, "set evaluate.words: unicode in params.yaml")


def load_answers(sources: Sequence[str]) -> dict[str, Answered]:
    """What became of the answers of the stages that ask, for these sources."""
    stages = [stage for stage, source in MADE_BY.items() if source in sources]
    return {stage: Answered.load(Answered.path_of(stage)) for stage in (*stages, ZEROSHOT)}


def remove_unlisted(lineup: Lineup) -> None:
    """Removes what other sources have left in folders that are read whole; DVC's cache keeps it.

    A stage that reads a folder would otherwise find there what a clone lacks.
    """
    of_models = (STUDENTS_FOLDER, LATENCIES, CALIBRATIONS, CURVES)
    for folder in (PREDICTIONS, PREDICTIONS / SEEDS, *of_models):
        remove_others(folder, lineup.trained, lambda name: name in Lineup().trained)
    asking = [stage for stage, source in MADE_BY.items() if source in lineup.sources]
    remove_others(ANSWERED, asking, lambda name: name in MADE_BY)
    for folder in (SURVEYS, HISTOGRAMS):
        remove_others(folder, lineup.sources, lambda name: name in SOURCES)
