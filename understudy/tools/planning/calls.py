"""What generate, label and zeroshot would ask for."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from understudy.contract.asked import LABELLED_ANSWERS, WRITTEN_ANSWERS, ZEROSHOT_ANSWERS
from understudy.contract.kind import this_kind
from understudy.contract.pairs import SPLITS
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.label import LabelParams
from understudy.contract.params.sources import load_sources
from understudy.contract.params.task import TaskParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.params import load_section
from understudy.core.tables import iterate_table
from understudy.rows.harvested import open_harvested
from understudy.teacher.ledger import Ledger
from understudy.teacher.prompts import Prompt, Questions, input_columns
from understudy.teacher.requests import Question
from understudy.tools.planning.estimate import Estimate, estimate_calls

LENGTHS = 1000
"""Rows whose lengths stand for all."""
SUMMARY_TO_HIGHLIGHTS = 2.0
"""A chat model's summary is about twice as long as gold highlights are (measured on the sample)."""
SUMMARY_TO_ARTICLE = 0.2
"""Its length beside the article's, where there are no gold highlights to go by."""


def plan_calls(folder: Path, teacher: TeacherParams, ledger: Ledger) -> dict[str, Estimate]:
    """Estimates the calls of each stage that asks the teacher, for the filtered splits there."""
    generate, label = load_section("generate", GenerateParams), load_section("label", LabelParams)
    zeroshot, sources = load_section("zeroshot", ZeroshotParams), load_sources()
    columns = input_columns([folder / f"{split}.parquet" for split in SPLITS])
    ask = Prompt("zeroshot.prompt", zeroshot.prompt, columns)
    kind = this_kind()
    given = _mean_length(iterate_table(folder / "train.parquet", [kind.input]))
    answer = _guess_answer(folder, given)
    shared: Iterable[Question] = ()
    found = {}
    if "written" in sources:
        expand = Prompt("generate.prompt", generate.prompt, [kind.output])
        asked = Questions(expand, generate.limits, folder)
        found["generate"] = estimate_calls(asked, teacher, ledger, WRITTEN_ANSWERS, given)
    if "labelled" in sources:
        harvested = open_harvested(label.harvested_path, folder, ask.variables)
        more = {} if harvested is None else {"train": harvested}
        asked = Questions(ask, label.limits, folder, label.samples, more)
        labels = estimate_calls(asked, teacher, ledger, LABELLED_ANSWERS, answer)
        found["label"] = replace(labels, samples=label.samples)
        validation = {"validation": label.limits["validation"]}
        shared = Questions(ask, validation, folder)
    asked = Questions(ask, zeroshot.limits, folder)
    found["zeroshot"] = estimate_calls(asked, teacher, ledger, ZEROSHOT_ANSWERS, answer, shared)
    return found


def _guess_answer(folder: Path, given: float) -> float:
    """Characters of a typical answer, where inputs have so many."""
    if labels := load_section("task", TaskParams).labels:
        return sum(map(len, labels)) / len(labels)
    highlights = _mean_length(iterate_table(folder / "test.parquet", [this_kind().output]))
    return SUMMARY_TO_HIGHLIGHTS * highlights or SUMMARY_TO_ARTICLE * given


def _mean_length(rows: Iterator[dict[str, Any]]) -> float:
    texts = (text for row in islice(rows, LENGTHS) for text in row.values())
    lengths = [len(text) for text in texts if text is not None]
    return sum(lengths) / max(1, len(lengths))
