"""What `dvc repro` would do now, and what it would cost; sends nothing to the teacher.

In:  params.yaml, dvc.lock, the data or what it is made of, the ledger and committed answers.
Out: on stdout, stale stages and why; for generate and zeroshot, calls already paid and to pay,
     estimated tokens, money and time. Calls are exact, as the same code counts them in a run.
Run: understudy plan [--json], or make plan
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from stages.zeroshot import PREDICTIONS
from understudy.contract.pairs import WRITTEN
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.params import load_section
from understudy.core.tables import iterate_table
from understudy.teacher.ledger import Ledger, default_ledger
from understudy.teacher.prompts import Articles, Highlights
from understudy.teacher.requests import Question
from understudy.tools.check import check
from understudy.tools.planning.estimate import Estimate, estimate_calls, show_dollars
from understudy.tools.planning.rows import planned_rows
from understudy.versioning.status import Stage, survey_stages

LENGTHS = 1000
"""Rows whose lengths stand for all."""
SUMMARY_TO_HIGHLIGHTS = 2.0
"""A chat model's summary is about twice as long as gold highlights are (measured on the sample)."""
COLUMNS = ("rows", "paid", "to pay", "tokens in", "tokens out", "live", "batch", "at most", "time")


def plan_calls(folder: Path, teacher: TeacherParams, ledger: Ledger) -> dict[str, Estimate]:
    """What generate and zeroshot would ask for, given the filtered rows."""
    highlights = Highlights(load_section("generate", GenerateParams), folder)
    articles = Articles(load_section("zeroshot", ZeroshotParams), folder / "test.parquet")
    article = _mean_length(iterate_table(folder / "train.parquet", ["article"]))
    summary = _mean_length(iterate_table(folder / "test.parquet", ["highlights"]))
    plans: dict[str, tuple[Iterable[Question], Path, float]] = {
        "generate": (highlights, WRITTEN / "answers.parquet", article),
        "zeroshot": (articles, PREDICTIONS, SUMMARY_TO_HIGHLIGHTS * summary),
    }
    return {
        stage: estimate_calls(questions, teacher, ledger, outputs, typical)
        for stage, (questions, outputs, typical) in plans.items()
    }


def _mean_length(rows: Iterator[dict[str, Any]]) -> float:
    lengths = [len(text) for row in islice(rows, LENGTHS) for text in row.values()]
    return sum(lengths) / max(1, len(lengths))


def describe(stages: list[Stage], calls: dict[str, Estimate] | None, teacher: TeacherParams) -> str:
    """The plan for people."""
    lines = [_table([["stage", "state", "why"], *_stage_rows(stages)]), ""]
    where = "the embedded rules (free)" if teacher.base_url == EMBEDDED else teacher.base_url
    lines.append(f"teacher: {teacher.model} at {where}, mode {teacher.mode}")
    if calls is None:
        lines.append("calls are known when the rows are: `dvc repro filter` asks no teacher")
        return "\n".join(lines)
    rows = [[stage, *_call_row(found)] for stage, found in calls.items()]
    lines.append(_table([["stage", *COLUMNS], *rows]))
    idle = {stage.name for stage in stages if stage.state == "up to date"}
    return "\n".join([*lines, "", *_notes(calls, teacher), *_idle_notes(calls, idle)])


def _stage_rows(stages: list[Stage]) -> Iterator[list[str]]:
    for stage in stages:
        first, *others = stage.reasons or ("",)
        yield [stage.name, stage.state, first]
        for reason in others:
            yield ["", "", reason]


def _call_row(found: Estimate) -> list[str]:
    money = [show_dollars(found.live_usd), show_dollars(found.batch_usd)]
    at_most = "no limit" if found.at_most_usd is None else show_dollars(found.at_most_usd)
    minutes = "?" if found.minutes is None else f"{found.minutes:,.1f} min"
    counts = [found.rows, found.paid, found.to_pay, found.input_tokens, found.output_tokens]
    return [*(f"{count:,}" for count in counts), *money, at_most, minutes]


def _notes(calls: dict[str, Estimate], teacher: TeacherParams) -> Iterator[str]:
    coming = sum(found.in_batches for found in calls.values())
    to_pay = sum(found.to_pay for found in calls.values())
    for stage, found in calls.items():
        if found.in_batches:
            yield f"{stage}: {found.in_batches:,} more answers are on their way in open batches"
    if teacher.mode == "replay" and coming + to_pay:
        yield f"teacher.mode = replay: the run would stop, {coming + to_pay:,} answers are missing"
    elif teacher.mode == "live" and coming:
        yield "teacher.mode = live: the run would stop; teacher.mode = batch collects these answers"
    if to_pay:
        yield from _money_notes(calls, teacher)
    else:
        every = "every other" if coming else "every"
        yield f"Nothing to pay: {every} answer is in the ledger or in a committed output."


def _money_notes(calls: dict[str, Estimate], teacher: TeacherParams) -> Iterator[str]:
    measured = {stage: found.measured_on for stage, found in calls.items() if found.to_pay}
    for stage, answers in measured.items():
        thumb = "4 characters a token and answers of typical length, without reasoning"
        basis = f"{answers:,} answers of this stage" if answers else thumb
        yield f"{stage}: tokens are estimated from {basis}; calls are exact"
    prices = teacher.prices
    if teacher.base_url != EMBEDDED and not (prices.input or prices.output):
        yield "teacher.prices are 0: costs are unknown, and no cap holds"
    if teacher.max_cost_usd is not None:
        yield from _cap_notes(calls, teacher.max_cost_usd, batch=teacher.mode == "batch")


def _cap_notes(calls: dict[str, Estimate], cap: float, *, batch: bool) -> Iterator[str]:
    for stage, found in calls.items():
        if not found.to_pay:
            continue
        left = cap - found.spent_usd
        expected = found.batch_usd if batch else found.live_usd
        verdict = "is enough"
        if expected > left:
            verdict = f"is too little: the run would stop after about {left / expected:.0%} of them"
        elif found.at_most_usd is None or found.at_most_usd > left:
            verdict = "may be too little, should answers be long"
        of_cap = f"{show_dollars(left)} of teacher.max_cost_usd = {cap:g}"
        yield f"{stage}: {of_cap} is left, which {verdict}"


def _idle_notes(calls: dict[str, Estimate], idle: set[str]) -> Iterator[str]:
    """A stage whose rows have failed within teacher.max_failed lacks answers, and is done."""
    for stage, found in calls.items():
        if stage in idle and found.to_pay:
            yield f"{stage} is up to date: its failed calls wait for `dvc repro -fs {stage}`"


def _table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Plans, and prints the plan."""
    parser = argparse.ArgumentParser(prog="understudy plan", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    as_json = parser.parse_args(arguments).json
    check()
    stages = survey_stages()
    teacher = load_section("teacher", TeacherParams)
    with planned_rows(stages) as folder, Ledger(default_ledger()) as ledger:
        calls = plan_calls(folder, teacher, ledger) if folder else None
    if as_json:
        planned = {stage: asdict(found) for stage, found in (calls or {}).items()}
        found = {"stages": [asdict(stage) for stage in stages], "calls": planned if calls else None}
        print(json.dumps(found, indent=2))
    else:
        print(describe(stages, calls, teacher))
