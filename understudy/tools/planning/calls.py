"""What generate and zeroshot would ask for."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from understudy.contract.asked import WRITTEN_ANSWERS, ZEROSHOT_ANSWERS
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.params import load_section
from understudy.core.tables import iterate_table
from understudy.teacher.ledger import Ledger
from understudy.teacher.prompts import Prompt, Questions, input_columns
from understudy.tools.planning.estimate import Estimate, estimate_calls

LENGTHS = 1000
"""Rows whose lengths stand for all."""
SUMMARY_TO_HIGHLIGHTS = 2.0
"""A chat model's summary is about twice as long as gold highlights are (measured on the sample)."""


def plan_calls(folder: Path, teacher: TeacherParams, ledger: Ledger) -> dict[str, Estimate]:
    """Estimates the calls of each stage that asks the teacher, for the filtered splits there."""
    generate = load_section("generate", GenerateParams)
    zeroshot = load_section("zeroshot", ZeroshotParams)
    expand = Prompt("generate.prompt", generate.prompt, ["highlights"])
    columns = input_columns(folder / "test.parquet")
    summarize = Prompt("zeroshot.prompt", zeroshot.prompt, columns)
    highlights = Questions(expand, generate.limits, folder)
    articles = Questions(summarize, {"test": None}, folder)
    article = _mean_length(iterate_table(folder / "train.parquet", ["article"]))
    summary = SUMMARY_TO_HIGHLIGHTS * _mean_length(
        iterate_table(folder / "test.parquet", ["highlights"])
    )
    return {
        "generate": estimate_calls(highlights, teacher, ledger, WRITTEN_ANSWERS, article),
        "zeroshot": estimate_calls(articles, teacher, ledger, ZEROSHOT_ANSWERS, summary),
    }


def _mean_length(rows: Iterator[dict[str, Any]]) -> float:
    lengths = [len(text) for row in islice(rows, LENGTHS) for text in row.values()]
    return sum(lengths) / max(1, len(lengths))
