"""Rows from the user's own files: JSONL, CSV or Parquet with columns mapped to ours, or lines.

Fetched pairs, references and predictions to score, and articles to summarize are all read here.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from io import TextIOWrapper
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from understudy.core.errors import DataError
from understudy.core.tables import BATCH_ROWS, readable_parquet
from understudy.rows.raw import RawRow, is_utf8

TEXT = ".txt"
STDIN = Path("-")
# Bytes that are no UTF-8 survive as surrogates, so that one bad row is rejected, not the file.
ENCODING: dict[str, Any] = {"encoding": "utf-8-sig", "errors": "surrogateescape"}
Found = Iterator[tuple[int, Mapping[str, Any] | str]]
"""Numbers of rows, each with its values or its problem."""


class Hints(NamedTuple):
    """What to do about a file that cannot be read, and about one without our column {}."""

    file: str
    column: str


FETCH = Hints("set fetch.files.* in params.yaml to yours", "set fetch.files.columns.{} to yours")


def read_file(path: Path, columns: Mapping[str, str], hints: Hints = FETCH) -> Iterator[RawRow]:
    """Yields every row of a file in order, unreadable ones with their problem.

    Args:
        path: a .jsonl, .csv or .parquet file; where `columns` has one text only, also a .txt file
            with a text a line, which may be empty, or - for such lines from stdin.
        columns: our names (`article`, `highlights`, `id`) to the file's; `id` may be absent
            from the file, the others not.
        hints: what to do about a file that cannot be used.

    Raises:
        DataError: the file is absent, unreadable or empty, of another kind, or lacks a mapped
            column.
    """
    check_file(path, columns, hints)
    kind, name = (TEXT, "stdin") if path == STDIN else (path.suffix.lower(), str(path))
    empty = kind != TEXT
    try:
        for number, found in READERS[kind](path, columns, hints):
            empty = False
            if isinstance(found, str):
                yield RawRow(name, number, problem=found)
            else:
                values = {ours: found.get(theirs) for ours, theirs in columns.items()}
                yield RawRow(name, number, values)
    except OSError as error:
        raise DataError(f"{path}: not a readable file ({error.strerror}); {hints.file}") from None
    if empty:
        raise DataError(f"{path}: the file has no rows; {hints.file}")


def check_file(path: Path, columns: Mapping[str, str], hints: Hints = FETCH) -> None:
    """Raises DataError for a file that `read_file` cannot begin to read."""
    kinds = [kind for kind in READERS if kind != TEXT or len(columns.keys() - {"id"}) == 1]
    if path == STDIN and TEXT in kinds:
        return
    if path.suffix.lower() not in kinds:
        raise DataError(f"{path}: expected a file ending in {', '.join(kinds)}; {hints.file}")
    if not path.is_file():
        raise DataError(f"{path}: no such file; {hints.file}")


def hash_file(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_text(path: Path, columns: Mapping[str, str], _: Hints) -> Found:
    [column] = [theirs for ours, theirs in columns.items() if ours != "id"]
    file = sys.stdin.buffer if path == STDIN else path.open("rb")
    with TextIOWrapper(file, **ENCODING) as lines:
        for number, line in enumerate(lines, start=1):
            yield number, {column: line.rstrip("\n")} if is_utf8(line) else "not UTF-8"


def _read_jsonl(path: Path, *_: object) -> Found:
    with path.open(**ENCODING, newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):  # a number of too many digits is a ValueError
                yield number, "row: not valid JSON"
            else:
                yield number, record if isinstance(record, dict) else "row: not a JSON object"


def _read_csv(path: Path, columns: Mapping[str, str], hints: Hints) -> Found:
    csv.field_size_limit(sys.maxsize)
    with path.open(**ENCODING, newline="") as file:
        records = csv.DictReader(file, strict=True)
        try:
            _require(path, columns, list(records.fieldnames or []), hints)
        except csv.Error as error:
            raise DataError(f"{path}: not a readable CSV header: {error}; {hints.file}") from None
        for number in count(1):
            try:
                record = next(records)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, f"row: not valid CSV: {error}"
            else:
                yield number, "row: more fields than the header" if None in record else record


def _read_parquet(path: Path, columns: Mapping[str, str], hints: Hints) -> Found:
    with readable_parquet(path, hint=hints.file) as file:
        found = file.schema_arrow.names
        _require(path, columns, found, hints)
        names = [name for name in columns.values() if name in found]
        batches = file.iter_batches(batch_size=BATCH_ROWS, columns=names)
        yield from enumerate((row for batch in batches for row in _to_records(batch)), start=1)


def _to_records(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError:  # one bad text fails the whole batch
        is_text = (pa.types.is_string, pa.types.is_large_string)
        text = [field.name for field in batch.schema if any(test(field.type) for test in is_text)]
        raw = [
            field.with_type(pa.large_binary()) if field.name in text else field
            for field in batch.schema
        ]
        records: list[dict[str, Any]] = batch.cast(pa.schema(raw)).to_pylist()
    for record in records:
        for name in text:
            if record[name] is not None:
                record[name] = record[name].decode("utf-8", ENCODING["errors"])
    return records


def _require(path: Path, columns: Mapping[str, str], found: list[str], hints: Hints) -> None:
    for ours, theirs in columns.items():
        if theirs not in found and ours != "id":
            known, hint = ", ".join(found) or "none", hints.column.format(ours)
            raise DataError(f"{path}: no column '{theirs}' for {ours}; it has {known}: {hint}")


READERS: dict[str, Callable[[Path, Mapping[str, str], Hints], Found]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    TEXT: _read_text,
}
