"""Keeps what the teacher answered while a student was on stage: data/served/.

In:  rows of SERVED_SCHEMA, whose personal data is replaced already.
Out: a line each in this process's journal of the day, data/served/DAY.TOKEN.jsonl; from there
     data/served/DAY.parquet, when the day is over, at the start and at the end of a server, and
     by `understudy harvest`.

A line is with the operating system when `add` returns: kill -9 takes none. A power cut may take
those of the last seconds, whose answers are in the ledger.
"""

import errno
import os
import threading
from collections.abc import Mapping
from datetime import UTC, date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa

from understudy.contract.served import SERVED
from understudy.core.errors import DataError, one_line
from understudy.serving.compacting import compact, to_line, try_lock
from understudy.serving.monitoring import Log

MOST_OPEN = 2
"""Journals: a request that came before midnight may be answered after it."""


class Journal:
    """A file of lines that one process adds to, locked while it is open."""

    def __init__(self, day: date, folder: Path) -> None:
        """Makes the file, which has no rows yet.

        Raises:
            OSError: it cannot be made.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{day.isoformat()}.{uuid4().hex}.jsonl"
        partial = path.with_name(f".{path.name}.partial")
        self._file = partial.open("xb", buffering=0)
        try_lock(self._file)  # before it has its name, or a compaction would take it for finished
        partial.rename(path)
        self._size = 0

    def add(self, line: bytes) -> None:
        """Adds a line, or nothing of it.

        Raises:
            OSError: the disk is full, for instance.
        """
        if self._file.seek(0, os.SEEK_END) != self._size:  # what a write that failed has left
            self._file.truncate(self._size)
            self._file.seek(self._size)
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += len(line)

    def close(self) -> None:
        """Returns when the lines are on the disk; a compaction may then take the file away."""
        try:
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


class Keeper:
    """Keeps rows, and never fails a request: where a row can't be kept, answers go on."""

    def __init__(self, log: Log, folder: Path = SERVED) -> None:
        """Takes what notes problems, and the folder, which is made for the first row."""
        self.kept = 0
        """Rows that were kept."""
        self.lost = 0
        """Rows that could not be kept; the first of several in a row is logged."""
        self._log, self._folder = log, folder
        self._journals: dict[date, Journal] = {}
        self._is_failing = False
        self._lock = threading.Lock()
        self._compaction: threading.Thread | None = None

    def start(self) -> None:
        """Compacts, beside what follows, what servers before have left."""
        with self._lock:
            self._compact_beside()

    def add(self, row: Mapping[str, Any]) -> None:
        """Keeps a row; from any thread. It never raises: see `lost`."""
        with self._lock:
            try:
                line = to_line(row)
                self._open(row["time"].astimezone(UTC).date()).add(line)
            except Exception as error:  # noqa: BLE001 - no row is worth a request
                self._lose(error)
            else:
                self.kept += 1
                self._is_failing = False

    def stop(self) -> None:
        """Closes the journals and compacts; a row that comes later opens another journal."""
        with self._lock:
            running, self._compaction = self._compaction, None
            self._close(keep=0)
        if running is not None:
            running.join()
        self._compact()

    def _open(self, day: date) -> Journal:
        if day not in self._journals:
            is_next_day = bool(self._journals) and day > max(self._journals)
            journal = Journal(day, self._folder)
            self._close(keep=MOST_OPEN - 1)
            self._journals[day] = journal
            if is_next_day:
                self._compact_beside()
        return self._journals[day]

    def _close(self, keep: int) -> None:
        """Closes the journals but those of the latest days."""
        for day in sorted(self._journals)[: len(self._journals) - keep]:
            try:
                self._journals.pop(day).close()
            except OSError as error:
                self._log("served_not_synced", "warning", error=one_line(error))

    def _lose(self, error: BaseException) -> None:
        self.lost += 1
        if not self._is_failing:
            self._is_failing = True
            self._log(
                "served_row_lost",
                "error",
                error=f"{type(error).__name__}: {one_line(error)[:500]}",
                folder=str(self._folder),
                hint="answers go on; free space, or make the folder writable",
            )

    def _compact_beside(self) -> None:
        if self._compaction is None or not self._compaction.is_alive():
            self._compaction = threading.Thread(target=self._compact, name="compaction")
            self._compaction.start()

    def _compact(self) -> None:
        try:
            done = compact(self._folder)
        except (OSError, DataError, pa.ArrowException) as error:
            self._log("served_not_compacted", "error", error=one_line(error)[:500])
            return
        if done.dropped:
            self._log("served_lines_dropped", "warning", lines=done.dropped)
