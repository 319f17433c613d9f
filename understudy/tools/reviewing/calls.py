"""What the teacher's answers cost, and which of them the base does not have."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from understudy.contract.asked import ANSWERS, TOKEN_COLUMNS
from understudy.contract.params.teacher import Prices
from understudy.core.errors import DataError
from understudy.teacher.money import price_usd
from understudy.teacher.recall import FORMER_NAMES
from understudy.versioning.changes import is_number
from understudy.versioning.snapshots import Snapshot

COLUMNS = ("request", *TOKEN_COLUMNS, "batch", "error")


@dataclass(frozen=True)
class Bill:
    """Some of a stage's answers; equal requests have one."""

    calls: int
    usd: float
    """What they cost at today's prices, whenever they were paid."""


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
    """Compares the answers of the stages that ask on either side, request by request."""
    return [
        _compare_stage(stage, paths, base, now, prices)
        for stage, paths in ANSWERS.items()
        if any(_has_asked(side, stage, paths[0]) for side in (base, now))
    ]


def _has_asked(side: Snapshot, stage: str, path: Path) -> bool:
    return path.as_posix() in side.outs or stage in side.metrics.get("teacher", {})


def _compare_stage(
    stage: str, paths: Sequence[Path], base: Snapshot, now: Snapshot, prices: Prices
) -> StageCalls:
    path, *later = paths
    names = (path, *FORMER_NAMES.get(path, ()))
    former = next((name for name in names if name.as_posix() in base.outs), path)
    try:
        after = _read_answers(now, stage, path, later)
        before = _read_answers(base, stage, former, later)
    except DataError as error:
        named = _list_hashes(now, path, *later)
        bill, old = _read_bill(now, stage), _read_bill(base, stage)
        if bill and named[0] is not None and named == _list_hashes(base, former, *later):
            # dvc.lock has the same files on both sides, so that nothing is new
            return StageCalls(stage, bill, old, Bill(0, 0.0), bill, failed=None, unread=None)
        return StageCalls(stage, bill, old, None, None, failed=None, unread=str(error))
    answered, known = (  # each request once; failed calls have no answer
        answers[answers["error"].fillna("") == ""].drop_duplicates("request")
        for answers in (after, before)
    )
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


def _read_answers(side: Snapshot, stage: str, path: Path, later: Sequence[Path]) -> pd.DataFrame:
    """A side's answers; none where the stage does not exist there.

    Tables in `later` are those that older versions did not write.
    """
    if not _has_asked(side, stage, path):
        return pd.DataFrame(columns=list(COLUMNS))
    known = (path, *(other for other in later if other.as_posix() in side.outs))
    return pd.concat([side.read_table(one, COLUMNS) for one in known], ignore_index=True)


def _list_hashes(side: Snapshot, *tables: Path) -> list[str | None]:
    return [side.outs.get(path.as_posix()) for path in tables]


def _add_up(answers: pd.DataFrame, prices: Prices) -> Bill:
    tokens = zip(
        *(answers[name].astype(int) for name in TOKEN_COLUMNS), answers["batch"], strict=True
    )
    costs = (price_usd(*counts, prices=prices, batch=bool(batch)) for *counts, batch in tokens)
    return Bill(len(answers), round(sum(costs), 6))


def _read_bill(side: Snapshot, stage: str) -> Bill | None:
    """What metrics/teacher.json says, whichever version wrote it."""
    figures = side.metrics.get("teacher", {}).get(stage)
    calls, usd = (
        figures.get(key) if isinstance(figures, dict) else None for key in ("calls", "cost_usd")
    )
    return Bill(int(calls), usd) if is_number(calls) and is_number(usd) else None
