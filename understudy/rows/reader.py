"""Rows from the user's own files: JSONL, CSV or Parquet with columns mapped to ours, or lines.

Fetched pairs, references and predictions to score, and articles to summarize are all read here.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from understudy.core.errors import DataError, one_line
from understudy.core.reading import iterate_lines, open_lines
from understudy.core.tables import BATCH_ROWS, readable_parquet
from understudy.rows.delimited import Records
from understudy.rows.raw import RawRow
from understudy.texts.encoding import is_utf8

TEXT = ".txt"
STDIN = Path("-")
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
        columns: our names (such as `article`, `highlights`, `id`) to the file's; `id` may be absent
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


def find_column(path: Path, column: str, hints: Hints) -> str:
    """The column of a name, or the only column of texts that a file has beside ids.

    Raises:
        DataError: the file cannot be read, or has several columns and none of that name.
    """
    kind, names, texts = path.suffix.lower(), dict[str, None](), list[str]()
    if kind == ".parquet":
        with readable_parquet(path, hint=hints.file) as file:
            names = dict.fromkeys(file.schema_arrow.names)
            texts = [str(field.name) for field in file.schema_arrow if _is_text(field.type)]
    elif kind == ".csv":
        with open_lines(path.open("rb"), path, newline="") as lines:
            texts = Records(lines, path).names
            names = dict.fromkeys(texts)
    elif kind == ".jsonl":
        typed = set[str]()
        for _, found in _read_jsonl(path, {}):
            values = found.items() if isinstance(found, Mapping) else ()
            names |= {name: None for name, _ in values}
            typed |= {name for name, value in values if isinstance(value, str)}
            if column in names:
                break
        texts = [name for name in names if name in typed]
    if column in names or not names:
        return column
    own = [name for name in texts if name not in ("", "id")]
    if len(own) != 1:
        known = one_line(", ".join(names))
        raise DataError(f"{path}: no column '{column}'; it has {known}; {hints.column}")
    return own[0]


def _read_text(path: Path, columns: Mapping[str, str], _: Hints) -> Found:
    [column] = [theirs for ours, theirs in columns.items() if ours != "id"]
    name, file = (Path("stdin"), sys.stdin.buffer) if path == STDIN else (path, path.open("rb"))
    for number, line in iterate_lines(file, name):
        yield number, {column: line} if is_utf8(line) else "not UTF-8"


class _Repeated(dict[str, Any]):
    """An object of JSON with a key twice."""

    twice: Collection[str]


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        found = _Repeated(found)
        found.twice = _find_twice([name for name, _ in pairs])
    return found


def _read_jsonl(path: Path, columns: Mapping[str, str], *_: object) -> Found:
    for number, line in iterate_lines(path.open("rb"), path):
        if not line.strip():
            continue
        try:
            record = json.loads(line, object_pairs_hook=_build_object)
        except (ValueError, RecursionError):  # a number of too many digits is a ValueError
            yield number, "row: not valid JSON"
            continue
        twice = record.twice if isinstance(record, _Repeated) else ()
        if unclear := [name for name in columns.values() if name in twice]:
            yield number, f"row: the key '{unclear[0]}' is there twice"
        else:
            yield number, record if isinstance(record, dict) else "row: not a JSON object"


def _read_csv(path: Path, columns: Mapping[str, str], hints: Hints) -> Found:
    wanted = [theirs for ours, theirs in columns.items() if ours != "id"]
    with open_lines(path.open("rb"), path, newline="") as lines:
        records = Records(lines, path, wanted)
        _require(path, columns, records.names, hints)
        for number, found in enumerate(records.read(columns.get("id")), start=1):
            if isinstance(found, str):
                yield number, found
            elif len(found) > len(records.names):
                yield number, "row: more fields than the header"
            else:
                yield number, dict(zip(records.names, found, strict=False))


def _read_parquet(path: Path, columns: Mapping[str, str], hints: Hints) -> Found:
    with readable_parquet(path, hint=hints.file) as file:
        found = file.schema_arrow.names
        _require(path, columns, found, hints)
        names = [name for name in dict.fromkeys(columns.values()) if name in found]
        batches = file.iter_batches(batch_size=BATCH_ROWS, columns=names)
        yield from enumerate((row for batch in batches for row in _to_records(batch)), start=1)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _to_records(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError:  # one bad text fails the whole batch
        text = [field.name for field in batch.schema if _is_text(field.type)]
        raw = [
            field.with_type(pa.large_binary()) if field.name in text else field
            for field in batch.schema
        ]
        records: list[dict[str, Any]] = batch.cast(pa.schema(raw)).to_pylist()
    for record in records:
        for name in text:
            if record[name] is not None:
                record[name] = record[name].decode("utf-8", "surrogateescape")
    return records


def _require(path: Path, columns: Mapping[str, str], found: list[str], hints: Hints) -> None:
    twice = _find_twice(found)
    for ours, theirs in columns.items():
        if theirs in twice:
            problem = f"the column '{theirs}' is there twice, and only one can be {ours}"
            raise DataError(f"{path}: {problem}; rename or remove the other")
        if theirs not in found and ours != "id":
            known, hint = one_line(", ".join(found)) or "none", hints.column.format(ours)
            raise DataError(f"{path}: no column '{theirs}' for {ours}; it has {known}: {hint}")


def _find_twice(names: list[str]) -> set[str]:
    return {name for name, times in Counter(names).items() if times > 1}


READERS: dict[str, Callable[[Path, Mapping[str, str], Hints], Found]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    TEXT: _read_text,
}
