"""The records of a log file, one at a time: lines, or the elements of a JSON array.

A file may be compressed with gzip, whatever its name says. Records that cannot be read are yielded
with their problem, and cost no other.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from understudy.core.errors import DataError
from understudy.core.reading import HEAD, check_encoding
from understudy.logs.arrays import iterate_elements
from understudy.logs.logged import RejectedError

GZIP = b"\x1f\x8b"
MARK = b"\xef\xbb\xbf"
LARGEST = 16 * 2**20
"""Bytes of a record."""
SUFFIXES = (".jsonl", ".ndjson", ".json", ".log", ".txt", ".gz")
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
"""Errors from a gzip file that was cut off or changed."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A record, or why it cannot be read."""

    line: int
    value: Any
    problem: RejectedError | None = None
    offset: int | None = None
    """The byte of the decompressed file that a line begins at; None for an element of an array."""


def check_log(path: Path) -> None:
    """Raises DataError for a file that cannot be read as a log."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; name the files of a log")
    if path.suffix.lower() not in SUFFIXES:
        expected = ", ".join(SUFFIXES)
        raise DataError(f"{path}: expected a log of JSON lines ending in {expected}; export it so")


@contextmanager
def open_log(path: Path) -> Iterator[IO[bytes]]:
    """The decompressed bytes of a log.

    Raises:
        DataError: it cannot be opened, or is in another encoding than UTF-8.
    """
    try:
        with path.open("rb") as plain:
            yield cast("IO[bytes]", gzip.GzipFile(fileobj=plain)) if is_packed(path) else plain
    except OSError as error:
        raise DataError(f"{path}: not a readable file ({error.strerror or error})") from None


def is_packed(path: Path) -> bool:
    """Whether a file is compressed with gzip."""
    with path.open("rb") as file:
        return file.read(2) == GZIP


def iterate_records(path: Path) -> Iterator[Raw]:
    """Yields every record of a log in order; blank lines are none.

    Raises:
        DataError: as in `check_log` and `open_log`.
    """
    check_log(path)
    head = _read_head(path)
    check_encoding(path, head.partition(b"\n")[0])
    with open_log(path) as file:
        if head.removeprefix(MARK).lstrip()[:1] == b"[" and "json" in path.name.lower().split("."):
            yield from _number(iterate_elements(file, LARGEST))
        else:
            yield from _iterate_lines(file)


def _read_head(path: Path) -> bytes:
    with open_log(path) as file, suppress(*DAMAGED):
        return file.read(HEAD)
    return b""


def _number(elements: Iterator[Any]) -> Iterator[Raw]:
    for number, found in enumerate(elements, start=1):
        is_read = not isinstance(found, RejectedError)
        yield Raw(number, found) if is_read else Raw(number, None, found)


def _iterate_lines(file: IO[bytes]) -> Iterator[Raw]:
    number, offset = 0, 0
    while True:
        number += 1
        try:
            line = file.readline(LARGEST + 1)
            size = len(line) + (_skip(file) if len(line) > LARGEST else 0)
        except DAMAGED:
            yield Raw(number, None, RejectedError("not_json", "the gzip data ends or is damaged"))
            return
        if not line:
            return
        if line.strip() and (offset or line.removeprefix(MARK).strip()):
            yield parse_line(number, offset, line)
        offset += size


def parse_line(number: int, offset: int, line: bytes) -> Raw:
    """The record in a line."""
    line = line if offset else line.removeprefix(MARK)
    if len(line) > LARGEST:
        return Raw(number, None, RejectedError("too_large"), offset)
    try:
        return Raw(number, json.loads(line.decode("utf-8")), None, offset)
    except UnicodeDecodeError:
        problem = RejectedError("not_json", "not UTF-8")
    except (ValueError, RecursionError):  # a number of too many digits is a ValueError
        problem = RejectedError("not_json", "not valid JSON")
    return Raw(number, None, problem, offset)


def _skip(file: IO[bytes]) -> int:
    """Reads to the end of a line; returns how many bytes that was."""
    size = 0
    while part := file.readline(LARGEST):
        size += len(part)
        if part.endswith(b"\n"):
            break
    return size
