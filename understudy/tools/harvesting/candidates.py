"""Served requests as inputs that may be learned from."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from understudy.contract.kind import this_kind
from understudy.contract.served import INPUT, SERVED_SCHEMA
from understudy.core.errors import DataError
from understudy.core.tables import BATCH_ROWS, readable_parquet
from understudy.texts.redaction import Redactor

NO_ANSWER, NO_INPUT = "no_answer", "no_input"
OTHER_WHY, OTHER_COLUMNS = "other_why", "other_columns"
HINT = "move it away to harvest the other days"


@dataclass(frozen=True)
class Candidate:
    """An input, or the reason why a request has none."""

    time: datetime
    request: str
    values: Mapping[str, str]
    """The input, and the columns that it is made of, if any."""
    reason: str | None = None


def list_days(folder: Path, since: date | None, until: date | None) -> list[Path]:
    """The tables of the days from one to another, both included, in their order.

    Raises:
        DataError: a table's name is no day.
    """
    return [
        path
        for path in sorted(folder.glob("*.parquet"))
        if (since or date.min) <= _day_of(path) <= (until or date.max)
    ]


def _day_of(path: Path) -> date:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        raise DataError(
            f"{path}: expected a day such as 2026-11-28.parquet; move it elsewhere"
        ) from None


class CandidateReader:
    """Reads days of served requests."""

    def __init__(
        self,
        variables: Collection[str],
        whys: Collection[str] = (),
        redactor: Redactor | None = None,
    ) -> None:
        """Says what counts.

        Args:
            variables: those of the task's prompt.
            whys: reasons of the server to ask the teacher; empty for all.
            redactor: what replaces personal data that the server has not replaced.
        """
        self._whys, self._redactor = whys, redactor
        self._input = this_kind().input
        self._fields = [name for name in variables if name != self._input]
        self._has_one = len(variables) == 1

    def read(self, day: Path) -> Iterator[Candidate]:
        """Yields one candidate a row.

        Raises:
            DataError: the table cannot be read, or lacks a column.
        """
        columns = list(SERVED_SCHEMA)
        with readable_parquet(day, columns, HINT) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns):
                for row in batch.to_pylist():
                    yield self._take(row)

    def _take(self, row: Mapping[str, Any]) -> Candidate:
        reason, values = self._find_reason(row), dict[str, str]()
        if reason is None:
            found = self._read_fields(row)
            reason = OTHER_COLUMNS if found is None else None
            values = self._clean({self._input: row[INPUT], **(found or {})})
        return Candidate(row["time"], row["request"] or "", values, reason)

    def _find_reason(self, row: Mapping[str, Any]) -> str | None:
        if self._whys and row["why"] not in self._whys:
            return OTHER_WHY
        if row["teacher"] is None or row["request"] is None:
            return NO_ANSWER
        return None if row[INPUT] and row[INPUT].strip() else NO_INPUT

    def _read_fields(self, row: Mapping[str, Any]) -> dict[str, str] | None:
        """The columns that the input is made of; None where one is absent, or no text."""
        if self._has_one and row["fields"] is None:  # the one column is the whole input
            return dict.fromkeys(self._fields, row[INPUT])
        try:
            found = json.loads(row["fields"] or "{}")
            values = {name: found[name] or "" for name in self._fields}
        except (ValueError, KeyError, TypeError):
            return None
        return values if all(isinstance(value, str) for value in values.values()) else None

    def _clean(self, values: dict[str, str]) -> dict[str, str]:
        if self._redactor is None:
            return values
        return {name: self._redactor.redact(text)[0] for name, text in values.items()}
