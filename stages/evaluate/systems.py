"""Reads what is scored: references, every system's texts, and what the stages before counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from understudy.contract.answered import ANSWERED, Answered
from understudy.contract.calibration import CALIBRATIONS
from understudy.contract.kind import this_kind
from understudy.contract.lineup import Lineup, References
from understudy.contract.names import LEAD, ZEROSHOT, name_model
from understudy.contract.pairs import SEEDS, TEST
from understudy.contract.params.evaluate import Words
from understudy.contract.params.sources import MADE_BY, SOURCES, Source
from understudy.contract.predictions import (
    PREDICTIONS,
    PREDICTIONS_SCHEMA,
    predictions_path,
    seed_predictions_path,
)
from understudy.contract.survey import HISTOGRAMS, SURVEYS
from understudy.contract.timing import LATENCIES
from understudy.contract.trained import CURVES, STUDENTS_FOLDER, TrainedSeeds
from understudy.core.errors import DataError
from understudy.core.files import remove_others
from understudy.core.tables import read_table
from understudy.scoring.letters import check_letters
from understudy.texts.sentences import lead

Models = Mapping[str, Sequence[int]]
"""The seeds of each trained system."""
Said = dict[str, list[str]]
"""Of each model or system a text a row."""


@dataclass(frozen=True)
class Answers:
    """What is scored: the test rows that all systems answered."""

    test: pd.DataFrame
    expected: list[str]
    """What the answers are scored against."""
    models: pd.DataFrame
    """What each model answered, with the columns of `read_predictions`."""
    lineup: Lineup
    trained: Mapping[str, TrainedSeeds]

    @property
    def seeds(self) -> Models:
        """Those of each trained system."""
        return {name: [run.seed for run in found.runs] for name, found in self.trained.items()}

    @property
    def shipped(self) -> dict[str, str]:
        """The column of each system, as it ships."""
        names = {name: name_model(name, found.shipped) for name, found in self.trained.items()}
        return names | {name: name for name in self.lineup.untrained}


def read_answers(sources: Sequence[Source]) -> Answers:
    """Reads what the stages before have written.

    Raises:
        DataError: a file is absent, broken, or does not fit the others, or no row can be scored.
    """
    kind = this_kind()
    test = read_table(TEST, kind.columns)
    whose, references = choose_references(test)
    lineup = Lineup(tuple(sources), whose)
    remove_unlisted(lineup)
    trained = {name: TrainedSeeds.load(TrainedSeeds.path_of(name)) for name in lineup.trained}
    found = Answers(test, [], pd.DataFrame(), lineup, trained)
    models = read_predictions(test, found.seeds, lineup.untrained)
    answered = references.notna()
    if not answered.any():
        row = kind.inputs.removesuffix("s")
        raise DataError(f"no test {row} has an answer of the teacher; `dvc repro -f -s zeroshot`")
    expected = list(references[answered])
    return replace(found, test=test[answered], expected=expected, models=models[answered])


def choose_references(test: pd.DataFrame) -> tuple[References, pd.Series]:
    """What to score against: gold outputs, or where there is none the teacher's own answers.

    Returns:
        Whose they are, and one for each test row: none where the teacher's call failed, and where
        its answer is to be a reference but cannot be used.

    Raises:
        DataError: some test rows have a gold output, and others none.
    """
    output = this_kind().output
    path = predictions_path(ZEROSHOT)
    answers = read_table(path, ("id", "prediction", "reason"))
    _check_rows(path, answers, test)
    has_gold = test[output].notna()
    if has_gold.all():
        return "gold", test[output].where(answers["prediction"].notna())
    if has_gold.any():
        raise DataError(f"{TEST}: some rows have {output}, others none; run `dvc repro filter`")
    return "teacher", answers["prediction"].where(answers["reason"].isna())


def read_predictions(test: pd.DataFrame, seeds: Models, untrained: Sequence[str]) -> pd.DataFrame:
    """Every model's predictions in the order of the test rows.

    Returns:
        A column per model, named by `name_model`, one for the teacher if it is a system, and one
        for lead-3 if it is; missing where a call of the teacher failed for good.

    Raises:
        DataError: some predictions are not those of these test rows.
    """
    predictions = {}
    for name, path in _list_predictions(seeds, untrained):
        table = read_table(path, tuple(PREDICTIONS_SCHEMA))
        _check_rows(path, table, test)
        predictions[name] = list(table["prediction"])
    if LEAD in untrained:
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


def check_words(answers: Answers, words: Words) -> None:
    """Stops with a DataError where English words would leave little of some texts to score."""
    texts = {f"the references of {TEST}": answers.expected}
    for name, path in _list_predictions(answers.seeds, answers.lineup.untrained):
        texts[str(path)] = list(answers.models[name])
    texts[f"{LEAD} of the articles of {TEST}"] = list(answers.models[LEAD])
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
