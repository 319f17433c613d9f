"""Takes the answers of ledgers of format 1, which were SQLite files, over into the ledger of today.

Such a file becomes NAME.format-1. While that is not done it is called NAME.format-1.partial, so
that a run that dies meanwhile leaves the rest to the next one.
"""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from filelock import FileLock

from understudy.contract.answers import Answer
from understudy.teacher.errors import TeacherError
from understudy.teacher.ledger import LEDGER_ENV, Ledger, keep
from understudy.teacher.lines import check_answer
from understudy.teacher.requests import request_key

MAGIC = b"SQLite format 3\0"
NEEDED = {"key", "request", "answer"}
SOURCE = "format 1"
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
SIDES = ("-wal", "-shm")
DEPTH = len("sha256:") + 5
"""Digits of a key by which rows are told apart that lie around a damaged page."""
PATIENCE = 50_000
"""Parts of a damaged file that cannot be read, until the rest is given up."""


def open_ledger(path: Path) -> Ledger:
    """Opens a ledger, with the answers of an older one that lies in its place or beside it.

    Raises:
        TeacherError: the ledger, or the older one, cannot be used.
    """
    migrate(path)
    return Ledger(path)


def migrate(path: Path) -> int:
    """Takes over the answers of an SQLite file at `path`, or of its name with `.sqlite`.

    Returns:
        How many answers the ledger did not have before.

    Raises:
        TeacherError: an older version is using the file, or the folder cannot be written.
    """
    olds = list(dict.fromkeys((path, path.with_suffix(".sqlite"))))
    try:
        if not any(_is_sqlite(old) or _partial(old).exists() for old in olds):
            return 0
        with FileLock(path.with_name(f"{path.name}.migration.lock")):
            return sum(_take_over(old, path) for old in olds)
    except OSError as error:
        raise TeacherError(
            f"{path}: not usable, or an older ledger beside it is not ({error}); give this user "
            f"the right to read and write it, or set {LEDGER_ENV} to another file"
        ) from None


def _is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _partial(old: Path) -> Path:
    return old.with_name(f"{old.name}.format-1.partial")


def _take_over(old: Path, path: Path) -> int:
    """Works through a file that an earlier run has begun with, then through one that is new."""
    taken = _finish(old, path) if _partial(old).exists() else 0
    if not _is_sqlite(old) or not _settle(old):
        return taken
    old.rename(_partial(old))
    return taken + _finish(old, path)


def _settle(old: Path) -> bool:
    """Brings all of a file's log into it; says whether it is one of ours, as far as one can see.

    Raises:
        TeacherError: another process has it open.
    """
    try:
        with closing(sqlite3.connect(old)) as connection:
            rows = connection.execute("SELECT name FROM pragma_table_info('answers')")
            if not {name for (name,) in rows} >= NEEDED:
                return False
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY:
            raise TeacherError(
                f"{old}: an older Understudy is using this ledger ({error}); wait until it has "
                "ended and start again"
            ) from None
    return True


def _finish(old: Path, path: Path) -> int:
    """Reads the partial file, and gives it its last name when all is in the ledger."""
    partial = _partial(old)
    if not _is_sqlite(old):  # else these belong to a newer file
        _move_sides(old, partial)
    reading = _Reading(partial)
    with Ledger(path) as ledger:
        missing = (answer for answer in reading.answers() if ledger.answer(answer.request) is None)
        taken = keep(ledger, missing, SOURCE)
    final = _free_name(old)
    partial.rename(final)
    _move_sides(partial, final)
    print(f"{old}: {taken} answers taken over into {path}; {reading.describe()}", file=sys.stderr)
    return taken


def _move_sides(source: Path, target: Path) -> None:
    for side in SIDES:
        found = source.with_name(source.name + side)
        if found.exists():
            found.rename(target.with_name(target.name + side))


def _free_name(old: Path) -> Path:
    for number in count(1):
        name = old.with_name(f"{old.name}.format-1" + (f".{number}" if number > 1 else ""))
        if not name.exists():
            break
    return name


class _Reading:
    """The rows of a file of format 1, with a count of what was not to be had."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._refused: set[bytes] = set()
        self._unread = 0
        self._last = b""

    def describe(self) -> str:
        """What was not to be had."""
        said = []
        if self._refused:
            said.append(f"{len(self._refused)} rows are damaged and were left out")
        if self._unread:
            said.append("parts of the file could not be read")
        return " and ".join(said) or "all of it could be read"

    def answers(self) -> Iterator[Answer]:
        """Every answer that belongs to its request, in the order of their keys."""
        for uri in (f"{self._path.absolute().as_uri()}{mode}" for mode in ("", "?mode=ro")):
            try:
                with closing(sqlite3.connect(uri, uri=True)) as connection:
                    connection.text_factory = bytes
                    connection.execute("SELECT name FROM sqlite_master").fetchall()
                    yield from self._rows(connection, "sha256:")
            except sqlite3.Error:
                continue
            return
        self._unread += 1

    def _rows(self, connection: sqlite3.Connection, prefix: str) -> Iterator[Answer]:
        """Rows by the beginning of their key; around a damaged page by ever longer beginnings."""
        try:
            rows = connection.execute(
                "SELECT key, request, answer FROM answers WHERE key >= ? AND key < ? ORDER BY key",
                (prefix, f"{prefix}g"),
            )
            for key, request, answer in rows:
                if key > self._last:  # else it was read before the damaged page was
                    self._last = key
                    yield from self._read(key, request, answer)
        except sqlite3.Error:
            self._unread += 1
        else:
            return
        if len(prefix) < DEPTH and self._unread < PATIENCE:
            for digit in "0123456789abcdef":
                yield from self._rows(connection, prefix + digit)

    def _read(self, key: bytes, request: bytes, answer: bytes) -> Iterator[Answer]:
        try:
            name = key.decode()
            if request_key(json.loads(request)) != name:
                raise ValueError(name)
            found = check_answer({**json.loads(answer), "request": name})
        except (ValueError, TypeError):
            self._refused.add(key)
        else:
            yield found
