"""Reads the validation inputs with the teacher's answers, and lets the student answer them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from understudy.contract.asked import CALIBRATION_ANSWERS
from understudy.contract.kind import this_kind
from understudy.contract.lineup import References
from understudy.contract.pairs import GOLD
from understudy.contract.params.evaluate import EvaluateParams
from understudy.core.errors import DataError
from understudy.core.tables import read_table
from understudy.serving.confidence import Signals
from understudy.serving.guarantee import Figures
from understudy.serving.signals import measure
from understudy.students.decoding.decoding import decode_scored
from understudy.students.decoding.engines import open_engine
from understudy.students.decoding.generation import read_generation_config

VALIDATION = GOLD / "validation.parquet"


@dataclass(frozen=True)
class Articles:
    """Validation inputs that the teacher has answered."""

    ids: list[str]
    texts: list[str]
    answers: list[str]
    """The teacher's."""
    expected: list[str]
    """What both are scored against."""
    references: References
    """Whose texts these are."""
    left_out: int
    """Other articles: their calls failed, or their answers cannot be the references."""


@dataclass(frozen=True)
class Judged:
    """What became of each input: as long as the inputs.

    Points are ROUGE-1 F1 of summaries; of labels 100, or 0 for another label.
    """

    signals: list[Signals]
    student: Figures
    """Points of its answers."""
    teacher: Figures
    agreement: Figures
    """Points of the student's answers against the teacher's."""
    are_labels: bool = False

    @property
    def shortfalls(self) -> Figures:
        """How much worse than the teacher the student is.

        A label is as bad as can be if it is another than the teacher's, whoever is right: that
        needs no gold, and is what an application would notice.
        """
        return 100 - self.agreement if self.are_labels else self.teacher - self.student


def read_articles(validation: Path = VALIDATION, answers: Path = CALIBRATION_ANSWERS) -> Articles:
    """Joins inputs and answers.

    References are the gold outputs or, where no input has any, the teacher's own answers.

    Raises:
        DataError: the answers are not about the first of the inputs, or some inputs have a gold
            output and others none.
    """
    kind = this_kind()
    given = read_table(validation, kind.columns)
    found = read_table(answers, ("id", "prediction", "reason")).reset_index(drop=True)
    rows = given.head(len(found)).reset_index(drop=True)
    if list(rows["id"]) != list(found["id"]):
        raise DataError(
            f"{answers}: {len(found)} answers that are not those to the first of {len(given)} rows "
            f"of {validation}, in their order; run `dvc repro zeroshot`"
        )
    whose, expected = _choose_references(validation, rows[kind.output], found)
    known = expected.notna()
    return Articles(
        ids=list(rows["id"][known]),
        texts=list(rows[kind.input][known]),
        answers=list(found["prediction"][known]),
        expected=list(expected[known]),
        references=whose,
        left_out=int((~known).sum()),
    )


def _choose_references(
    path: Path, outputs: pd.Series, found: pd.DataFrame
) -> tuple[References, pd.Series]:
    """Whose they are, and one for each input that can be scored.

    Where the teacher's answer is no label, no student's label is that answer: it counts as bad.
    """
    kind, has_gold = this_kind(), outputs.notna()
    if has_gold.any() and not has_gold.all():
        raise DataError(
            f"{path}: some rows have {kind.output}, others none; run `dvc repro filter`"
        )
    if has_gold.any():
        return "gold", outputs.where(found["prediction"].notna())
    if kind.has_labels:
        return "teacher", found["prediction"]
    return "teacher", found["prediction"].where(found["reason"].isna())


def judge(
    articles: Articles, folder: Path, tokens_per_batch: int, params: EvaluateParams
) -> Judged:
    """Lets a model folder answer, as it is served, and scores it and the teacher.

    Raises:
        StudentError: the folder holds no usable model.
    """
    engine = open_engine(
        folder, (search := read_generation_config(folder, tokens_per_batch)).engine
    )
    label = f"calibrate {folder.name}"
    found = list(decode_scored(engine, articles.texts, search, label, len(articles.texts)))
    texts = [text for _, text in found]
    signals = [
        measure(hypothesis, article, text)
        for article, (hypothesis, text) in zip(articles.texts, found, strict=True)
    ]

    return rate(articles, texts, signals, params)


def rate(
    articles: Articles, texts: Sequence[str], signals: list[Signals], params: EvaluateParams
) -> Judged:
    """Scores what a student answered, and what the teacher did."""
    are_labels = this_kind().has_labels

    def score(predictions: Sequence[str], expected: Sequence[str]) -> Figures:
        if are_labels:
            alike = (one == other for one, other in zip(predictions, expected, strict=True))
            return np.array([100.0 * same for same in alike])
        from understudy.scoring.rows import score_rows

        scored = score_rows(predictions, expected, params.stemmer, ["rouge1"], params.words)
        return np.array(scored["rouge1"]["f1"], dtype=np.float64)

    agreement = score(texts, articles.answers)
    if articles.references == "teacher":
        return Judged(signals, agreement, np.full(len(texts), 100.0), agreement, are_labels)
    return Judged(
        signals,
        score(texts, articles.expected),
        score(articles.answers, articles.expected),
        agreement,
        are_labels,
    )
