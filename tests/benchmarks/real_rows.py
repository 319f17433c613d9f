"""Rows of the last run for tests/benchmarks/promises.py: what students answer to its articles."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stages.calibrate.articles import Articles, judge, read_articles
from tests.imports import ROOT
from understudy.contract.asked import CALIBRATION_ANSWERS, ZEROSHOT_ANSWERS
from understudy.contract.lineup import Lineup
from understudy.contract.pairs import GOLD, MODELS
from understudy.contract.params.evaluate import EvaluateParams
from understudy.core.params import load_section
from understudy.scoring.rows import score_rows
from understudy.serving.confidence import Signals
from understudy.serving.guarantee import Figures
from understudy.students.decoding.decoding import decode
from understudy.students.decoding.engines import open_engine
from understudy.students.decoding.generation import read_generation_config

TOKENS_PER_BATCH = 4096


@dataclass(frozen=True)
class Rows:
    """Rows to split; real ones have signals, from which a confidence is to be fitted."""

    name: str
    shortfalls: Figures
    confidences: Figures | None = None
    signals: tuple[Signals, ...] = ()
    agreement: Figures | None = None
    shuffled: Figures | None = None
    """The agreement of the teacher's answers with the student's to the row before."""
    tested: int = 0
    """How many of them, the last ones, are test articles."""


def read_real() -> Iterator[Rows]:
    """The sample's students; bad is what the chat model does better by more than DELTA points."""
    paths = [CALIBRATION_ANSWERS, ZEROSHOT_ANSWERS]
    if not all((ROOT / path).is_file() for path in paths):
        print("no answers of a last run: real rows are left out", file=sys.stderr)
        return
    validation, test = (
        read_articles(ROOT / GOLD / f"{split}.parquet", ROOT / path)
        for split, path in zip(("validation", "test"), paths, strict=True)
    )
    articles = join(validation, test)
    for name in Lineup().trained:
        folder = ROOT / MODELS / name
        if folder.is_dir():
            yield read_student(folder, articles, len(test.ids))


def join(first: Articles, second: Articles) -> Articles:
    """Both, one after the other."""
    return replace(
        first,
        **{
            name: getattr(first, name) + getattr(second, name)
            for name in ("ids", "texts", "answers", "expected")
        },
    )


def read_student(folder: Path, articles: Articles, tested: int) -> Rows:
    """Lets a student answer all articles."""
    params = load_section("evaluate", EvaluateParams, ROOT / "params.yaml")
    judged = judge(articles, folder, TOKENS_PER_BATCH, params)
    search = read_generation_config(folder, TOKENS_PER_BATCH)
    engine = open_engine(folder, search.engine)
    texts = list(decode(engine, articles.texts, search, folder.name, len(articles.texts)))
    others = [*texts[1:], texts[0]]
    scores = score_rows(others, articles.answers, params.stemmer, ["rouge1"], params.words)
    return Rows(
        f"`{folder.name}`",
        judged.shortfalls,
        signals=tuple(judged.signals),
        agreement=judged.agreement,
        shuffled=np.array(scores["rouge1"]["f1"]),
        tested=tested,
    )
