"""Rows of the last run for tests/benchmarks/promises.py: what students answer to its articles."""

import sys
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path

from stages.calibrate.articles import Articles, judge, rate, read_articles
from understudy.contract.asked import CALIBRATION_ANSWERS, ZEROSHOT_ANSWERS
from understudy.contract.calibration import SystemCalibration
from understudy.contract.lineup import Lineup
from understudy.contract.pairs import GOLD, MODELS
from understudy.contract.params.evaluate import EvaluateParams
from understudy.core.params import load_section
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
    picked: SystemCalibration | None = None
    """What the stage calibrate has found."""


def read_real(root: Path) -> list[Rows]:
    """The students of a pipeline's sample; bad is what the chat model does better by DELTA points.

    Of labels, bad are those that are not the chat model's.
    """
    paths = [CALIBRATION_ANSWERS, ZEROSHOT_ANSWERS]
    if not all((root / path).is_file() for path in paths):
        print(f"{root.name}: no answers of a last run, left out", file=sys.stderr)
        return []
    with chdir(root):
        validation, test = (
            read_articles(GOLD / f"{split}.parquet", path)
            for split, path in zip(("validation", "test"), paths, strict=True)
        )
        articles = join(validation, test)
        folders = [MODELS / name for name in Lineup().trained]
        return [
            read_student(folder, articles, len(test.ids)) for folder in folders if folder.is_dir()
        ]


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
    params = load_section("evaluate", EvaluateParams)
    judged = judge(articles, folder, TOKENS_PER_BATCH, params)
    search = read_generation_config(folder, TOKENS_PER_BATCH)
    engine = open_engine(folder, search.engine)
    texts = list(decode(engine, articles.texts, search, folder.name, len(articles.texts)))
    others = [*texts[1:], texts[0]]
    path = SystemCalibration.path_of(folder.name)
    return Rows(
        f"`{folder.name}`{', labels' if judged.are_labels else ''}",
        judged.shortfalls,
        signals=tuple(judged.signals),
        agreement=judged.agreement,
        shuffled=rate(articles, others, judged.signals, params).agreement,
        tested=tested,
        picked=SystemCalibration.load(path) if path.is_file() else None,
    )
