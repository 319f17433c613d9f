"""Inputs of several columns, such as a ticket's title and body."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from understudy.contract.kind import this_kind
from understudy.core.errors import DataError
from understudy.rows.raw import RawRow, find_text_problem
from understudy.rows.reader import FETCH, Hints, read_file

BY = "split.by"
"""What rows call their value of the column that is hashed; no field can have that name."""
HINTS = Hints(FETCH.file, "set fetch.files.columns.* and fetch.files.split.by to yours")


def join_fields(texts: Collection[str]) -> str:
    """One input out of several texts: those that are not blank, with a blank line between two."""
    return "\n\n".join(text for text in texts if text.strip())


def read_inputs(
    path: Path,
    columns: Mapping[str, str],
    fields: Collection[str] = (),
    limit: int | None = None,
    by: str | None = None,
) -> Iterator[RawRow]:
    """Yields a file's rows, whose input is made of their fields where there are any.

    Args:
        path: a .jsonl, .csv or .parquet file.
        columns: as in `read_file`.
        fields: names of the columns that make the input, each of which the rows keep.
        limit: only so many of the first rows.
        by: another column, which the rows have as BY.

    Raises:
        DataError: as in `read_file`; or no row has one of the fields or `by`.
    """
    column = this_kind().input
    unseen = {name: (name, f"fetch.files.columns.{column}") for name in fields}
    unseen |= {BY: (by, "fetch.files.split.by")} if by else {}
    more = {ours: theirs for ours, (theirs, _) in unseen.items()}
    hints = HINTS if more else FETCH
    for row in islice(read_file(path, {**columns, **more}, hints), limit):
        for name in [name for name in unseen if row.values.get(name) is not None]:
            del unseen[name]
        yield _join_row(row, fields, column) if fields and row.problem is None else row
    for name, key in unseen.values():
        raise DataError(f"{path}: no row has a '{name}'; set {key} to yours")


def _join_row(row: RawRow, fields: Collection[str], column: str) -> RawRow:
    """An absent text among others is an empty one."""
    texts = {name: row.values.get(name) for name in fields}
    for name, text in texts.items():
        if (problem := find_text_problem(text)) not in (None, "missing", "empty"):
            return RawRow(row.file, row.number, problem=f"{name}: {problem}")
    known: dict[str, Any] = {name: text or "" for name, text in texts.items()}
    joined = {**row.values, **known, column: join_fields(known.values())}
    return RawRow(row.file, row.number, joined)
