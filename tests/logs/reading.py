"""Reads records that a test has made."""

from pathlib import Path
from typing import Any

from tests.logs.shapes import dump, write_lines
from understudy.logs.logged import LogCounts, LoggedCall, Reject
from understudy.logs.reader import read_log


def read_lines(folder: Path, lines: list[bytes], **options: Any) -> list[LoggedCall | Reject]:
    """What becomes of the lines of a file; its counts add up."""
    counts = LogCounts()
    path = write_lines(folder / "log.jsonl", lines)
    found = list(read_log(path, counts=counts, **options))
    assert counts.read == counts.calls + counts.batch_inputs + counts.rejected
    assert len(found) == counts.calls + counts.rejected
    return found


def read_records(folder: Path, records: list[Any], **options: Any) -> list[LoggedCall | Reject]:
    """What becomes of records."""
    return read_lines(folder, [dump(record) for record in records], **options)


def read_one(folder: Path, record: Any, **options: Any) -> LoggedCall:
    """The call that a record is."""
    [found] = read_records(folder, [record], **options)
    assert isinstance(found, LoggedCall), found
    return found


def reject_one(folder: Path, record: Any) -> tuple[str, str]:
    """Why a record is no call, and the detail."""
    [found] = read_records(folder, [record])
    assert isinstance(found, Reject), found
    return found.reason, found.detail
