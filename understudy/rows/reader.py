"""Rows from the user's own JSONL, CSV or Parquet files, with their columns mapped to ours."""

import csv
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from understudy.core.errors import DataError
from understudy.core.tables import BATCH_ROWS, readable_parquet
from understudy.rows.raw import RawRow

MEND = "set fetch.files.* in params.yaml to yours"
# Bytes that are no UTF-8 survive as surrogates, so that one bad row is rejected, not the file.
ENCODING = {"encoding": "utf-8-sig", "errors": "surrogateescape"}


def read_file(path: Path, columns: Mapping[str, str], mend: str = MEND) -> Iterator[RawRow]:
    """Yields every row of a file in order, unreadable ones with their problem.

    Args:
        path: a .jsonl, .csv or .parquet file.
        columns: our names (`article`, `highlights`, `id`) to the file's; `id` may be absent
            from the file, the others not.
        mend: what to do about a file that cannot be read.

    Raises:
        DataError: the file is absent or empty, of another kind, or lacks a mapped column.
    """
    check_file(path, mend)
    reader = READERS[path.suffix.lower()]
    empty = True
    for row in reader(path, columns, mend):
        empty = False
        yield row
    if empty:
        raise DataError(f"{path}: the file has no rows; {mend}")


def check_file(path: Path, mend: str = MEND) -> None:
    """Raises DataError for a file that `read_file` cannot begin to read."""
    if path.suffix.lower() not in READERS:
        raise DataError(f"{path}: expected a file ending in {', '.join(READERS)}; {mend}")
    if not path.is_file():
        raise DataError(f"{path}: no such file; {mend}")


def hash_file(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_jsonl(path: Path, columns: Mapping[str, str], _: str) -> Iterator[RawRow]:
    with path.open(**ENCODING, newline="\n") as lines:  # type: ignore[call-overload]
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _parse_line(path, number, line, columns)


def _parse_line(path: Path, number: int, line: str, columns: Mapping[str, str]) -> RawRow:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):  # a number of too many digits is a ValueError
        return RawRow(str(path), number, problem="row: not valid JSON")
    if not isinstance(record, dict):
        return RawRow(str(path), number, problem="row: not a JSON object")
    return RawRow(str(path), number, _map(record, columns))


def _read_csv(path: Path, columns: Mapping[str, str], mend: str) -> Iterator[RawRow]:
    csv.field_size_limit(sys.maxsize)
    with path.open(**ENCODING, newline="") as file:  # type: ignore[call-overload]
        records = csv.DictReader(file, strict=True)
        try:
            _require(path, columns, list(records.fieldnames or []), mend)
        except csv.Error as error:
            raise DataError(f"{path}: not a readable CSV header: {error}") from None
        yield from _read_records(path, records, columns)


def _read_records(
    path: Path, records: "csv.DictReader[str]", columns: Mapping[str, str]
) -> Iterator[RawRow]:
    number = 0
    while True:
        number += 1
        try:
            record = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            yield RawRow(str(path), number, problem=f"row: not valid CSV: {error}")
            continue
        if None in record:
            yield RawRow(str(path), number, problem="row: more fields than the header")
            continue
        yield RawRow(str(path), number, _map(record, columns))


def _read_parquet(path: Path, columns: Mapping[str, str], mend: str) -> Iterator[RawRow]:
    with readable_parquet(path, mend=mend) as file:
        _require(path, columns, file.schema_arrow.names, mend)
        names = [name for name in columns.values() if name in file.schema_arrow.names]
        for number, record in enumerate(_iterate_records(file, names), start=1):
            yield RawRow(str(path), number, _map(record, columns))


def _iterate_records(file: pq.ParquetFile, names: list[str]) -> Iterator[dict[str, Any]]:
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
        try:
            records = batch.to_pylist()
        except UnicodeDecodeError:
            records = _decode(batch)
        yield from records


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _decode(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows of a batch with text that is no UTF-8: Arrow itself gives up on all of them."""
    text = [field.name for field in batch.schema if _is_text(field.type)]
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


def _map(record: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    return {ours: record.get(theirs) for ours, theirs in columns.items()}


def _require(path: Path, columns: Mapping[str, str], found: list[str], mend: str) -> None:
    for ours, theirs in columns.items():
        if theirs not in found and ours != "id":
            how = f"set fetch.files.columns.{ours}" if mend == MEND else mend
            raise DataError(
                f"{path}: no column '{theirs}' for {ours}; it has {', '.join(found) or 'none'}: "
                f"{how}"
            )


READERS: dict[str, Callable[[Path, Mapping[str, str], str], Iterator[RawRow]]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
