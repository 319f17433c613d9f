"""What the teacher's answers cost, and which of them the base has not got."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stages.evaluate import ANSWERS, TOKENS
from understudy.contract.params.teacher import Prices
from understudy.core.errors import DataError
from understudy.teacher.money import price_usd
from understudy.versioning.changes import is_number
from understudy.versioning.snapshots import Snapshot

COLUMNS = ("request", *TOKENS, "batch", "error")


@dataclass(frozen=True)
class Bill:
    """Some of a stage's answers; equal requests have one."""

    calls: int
    usd: float
    """What they cost at the prices of now, whenever they were paid."""


@dataclass(frozen=True)
class StageCalls:
    """One stage's answers; what is not known is None."""

    stage: str
    now: Bill | None
    old: Bill | None
    new: Bill | None
    """Answers to requests that the base has no answer to."""
    reused: Bill | None
    """The others."""
    failed: int | None
    """Requests whose calls failed for good; None where the answers were not read."""
    unread: str | None
    """Why `now` and `old` are those of metrics/teacher.json, and the others not known."""


def compare_calls(base: Snapshot, now: Snapshot, prices: Prices) -> list[StageCalls]:
    """Compares the answers that generate and zeroshot have, request by request."""
    return [_compare_stage(stage, path, base, now, prices) for stage, path in ANSWERS.items()]


def _compare_stage(
    stage: str, path: Path, base: Snapshot, now: Snapshot, prices: Prices
) -> StageCalls:
    try:
        after = now.read_table(path, COLUMNS)
        before = base.read_table(path, COLUMNS)
    except DataError as error:
        return _compare_bills(stage, path, base, now, str(error))
    answered, known = _select_answered(after), _select_answered(before)
    is_new = ~answered["request"].isin(known["request"])
    return StageCalls(
        stage=stage,
        now=_add_up(answered, prices),
        old=_add_up(known, prices),
        new=_add_up(answered[is_new], prices),
        reused=_add_up(answered[~is_new], prices),
        failed=after["request"].nunique() - len(answered),
        unread=None,
    )


def _compare_bills(
    stage: str, path: Path, base: Snapshot, now: Snapshot, problem: str
) -> StageCalls:
    """What metrics/teacher.json says; where dvc.lock has one file on both sides, nothing is new."""
    after, before = _read_bill(now, stage), _read_bill(base, stage)
    named = now.outs.get(path.as_posix())
    if after and named is not None and named == base.outs.get(path.as_posix()):
        return StageCalls(stage, after, before, Bill(0, 0.0), after, failed=None, unread=None)
    return StageCalls(stage, after, before, new=None, reused=None, failed=None, unread=problem)


def _select_answered(answers: pd.DataFrame) -> pd.DataFrame:
    """The answers, each request once; failed calls have none."""
    return answers[answers["error"].fillna("") == ""].drop_duplicates("request")


def _add_up(answers: pd.DataFrame, prices: Prices) -> Bill:
    tokens = zip(*(answers[name].astype(int) for name in TOKENS), answers["batch"], strict=True)
    costs = (price_usd(*counts, prices=prices, batch=bool(batch)) for *counts, batch in tokens)
    return Bill(len(answers), round(sum(costs), 6))


def _read_bill(side: Snapshot, stage: str) -> Bill | None:
    found: Any = side.metrics.get("teacher", {}).get(stage)
    figures: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    calls, usd = figures.get("calls"), figures.get("cost_usd")
    return Bill(int(calls), usd) if is_number(calls) and is_number(usd) else None
