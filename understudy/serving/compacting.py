"""Moves served rows from the journals of servers into data/served/DAY.parquet.

In:  data/served/DAY.TOKEN.jsonl, a file for each process and day, locked while that is open.
Out: data/served/DAY.parquet, sorted by time.

A day's table notes in its metadata how far it has read each journal. A new table takes the old
one's place in one step, so a compaction that is killed anywhere loses no row and doubles none.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from understudy.contract.served import SERVED, SERVED_SCHEMA, served_path
from understudy.core.files import replacing
from understudy.core.tables import readable_parquet

JOURNALS = "????-??-??.*.jsonl"
"""Names of the journals: the day by UTC, then a token that no other journal ever has."""
SCHEMA = pa.schema(list(SERVED_SCHEMA.items()))
_READ = b"journals"
"""Key of a table's metadata: bytes that it has of each journal, by the journal's name."""
_HINT = "move it away, and `understudy harvest` goes on with the other days"


@dataclass(frozen=True)
class Compacted:
    """What a compaction did."""

    rows: int = 0
    """Rows that are in a table now, and were in none before."""
    dropped: int = 0
    """Lines of no use: halves that a power cut has left, or lines that somebody changed."""

    def __add__(self, other: "Compacted") -> "Compacted":
        """What two did together."""
        return Compacted(self.rows + other.rows, self.dropped + other.dropped)


def compact(folder: Path = SERVED) -> Compacted:
    """Moves all rows of all journals into the tables, those of running servers too.

    Several processes may do so at once: one waits for the other.

    Raises:
        DataError: a day's table cannot be read.
        OSError: the disk is full, or the folder not writable; journals stay as they are.
    """
    done = Compacted()
    if not any(folder.glob(JOURNALS)):
        return done
    with FileLock(folder / ".lock"):
        journals = sorted(folder.glob(JOURNALS))
        for day, group in groupby(journals, lambda path: date.fromisoformat(path.name[:10])):
            done += _compact_day(day, list(group), folder)
    return done


@dataclass
class _New:
    """What a day's journals have that its table lacks."""

    offsets: dict[str, int] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    dropped: int = 0
    finished: list[Path] = field(default_factory=list)
    """Journals that no process writes to any more."""


def _compact_day(day: date, journals: list[Path], folder: Path) -> Compacted:
    path = served_path(day, folder)
    table = _read_day(path)
    known = json.loads((table.schema.metadata or {}).get(_READ, b"{}"))
    with ExitStack() as files:  # finished journals stay locked until they are gone
        new = _read_new(journals, known, files)
        more, dropped = _to_table(new.rows)
        if more.num_rows:
            _write_day(path, pa.concat_tables([table, more]), new.offsets)
        for journal in new.finished:
            journal.unlink()
        _sync_folder(folder)
    return Compacted(more.num_rows, new.dropped + dropped)


def _read_day(path: Path) -> pa.Table:
    if not path.exists():
        return SCHEMA.empty_table()
    with readable_parquet(path, list(SERVED_SCHEMA), _HINT) as file:
        metadata = file.schema_arrow.metadata
        return file.read(list(SERVED_SCHEMA)).cast(SCHEMA).replace_schema_metadata(metadata)


def _read_new(journals: list[Path], known: Mapping[str, int], files: ExitStack) -> _New:
    new = _New()
    for journal in journals:
        file = files.enter_context(journal.open("rb"))
        is_finished = try_lock(file)  # before it is read: nobody adds to it any more
        start = known.get(journal.name, 0)
        file.seek(start)
        found = file.read()
        whole = found.rfind(b"\n") + 1
        new.offsets[journal.name] = start + whole
        for line in found[:whole].splitlines():
            row = _read_line(line)
            if row is None:
                new.dropped += 1
            else:
                new.rows.append(row)
        if is_finished:
            new.finished.append(journal)
            new.dropped += whole < len(found)
    return new


def try_lock(file: BinaryIO) -> bool:
    """Locks an open file for as long as it is open; False where another process holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def to_line(row: Mapping[str, Any]) -> bytes:
    """A row as a journal has it; null stands for a column that it lacks.

    Raises:
        ValueError, TypeError: a value is none of its column's type, a text is none of UTF-8, or
            `time` has no time zone.
    """
    known = {name: row.get(name) for name in SERVED_SCHEMA}
    if not isinstance(known["time"], datetime) or known["time"].tzinfo is None:
        raise ValueError(f"time is {known['time']!r:.60}, expected a datetime with a time zone")
    pa.RecordBatch.from_pylist([known], schema=SCHEMA)
    known["time"] = known["time"].isoformat(timespec="milliseconds")
    return json.dumps(known, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def _read_line(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
        time = datetime.fromisoformat(row["time"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return {**row, "time": time} if time.tzinfo else None


def _to_table(rows: list[dict[str, Any]]) -> tuple[pa.Table, int]:
    try:
        return pa.Table.from_pylist(rows, schema=SCHEMA), 0
    except (pa.ArrowException, ValueError, TypeError):
        good = list(_only_fitting(rows))
        return pa.Table.from_pylist(good, schema=SCHEMA), len(rows) - len(good)


def _only_fitting(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        try:
            to_line(row)
        except (pa.ArrowException, ValueError, TypeError):
            continue
        yield row


def _write_day(path: Path, table: pa.Table, offsets: Mapping[str, int]) -> None:
    noted = table.sort_by("time").replace_schema_metadata({_READ: json.dumps(offsets)})
    with replacing(path) as partial:
        pq.write_table(noted, partial, compression="zstd")
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Returns when renamed and removed files are so on the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
