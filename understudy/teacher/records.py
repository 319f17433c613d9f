"""One line of the ledger: a JSON object that carries the hash of its own text.

`{"check": …, "v": 2, "kind": …, "key": "sha256:…", "at": …, …}`, where `check` is the SHA-256 of
all bytes after it. A damaged line is thereby known as damaged, and costs no other line.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from understudy.teacher.requests import canonical

VERSION = 2
START = b'{"check":"'
HEAD = re.compile(
    rb'\{"check":"([0-9a-f]{64})","v":(\d{1,9}),"kind":"([a-z]+)","key":"sha256:([0-9a-f]{64})"'
)
"""Start of every record. Canonical JSON sorts keys, so nothing inside a record looks like it."""
CHECKED = len(START) + 64 + len('",')
"""Offset of the text that `check` is the hash of."""


class DamagedRecordError(ValueError):
    """A line that is not what was written."""

    def __init__(self, problem: str, data: bytes) -> None:
        super().__init__(problem)
        self.data = data


@dataclass(frozen=True)
class Record:
    """What a line says: its kind, the name of a request or of a batch, and the rest."""

    kind: str
    key: str
    content: dict[str, Any]


def encode(kind: str, key: str, content: Mapping[str, Any]) -> bytes:
    """A line, without its line break; a value in bytes is canonical JSON already."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    fields = [
        canonical(name) + b":" + (value if isinstance(value, bytes) else canonical(value))
        for name, value in sorted({"at": at, **content}.items())
    ]
    head = f'"v":{VERSION},"kind":"{kind}","key":"{key}",'
    text = head.encode() + b",".join(fields) + b"}"
    return START + hashlib.sha256(text).hexdigest().encode() + b'",' + text


def read_head(data: bytes) -> "re.Match[bytes] | None":
    """The HEAD of a record whose text has the hash that it carries, None for anything else."""
    head = HEAD.match(data)
    if head is None:
        return None
    check = hashlib.sha256(memoryview(data)[CHECKED:]).hexdigest().encode()
    return head if check == head[1] else None


def decode(line: bytes) -> Record:
    """Reads a line.

    Raises:
        DamagedRecordError: its text does not have the hash that it carries.
    """
    if read_head(line) is None:
        changed = HEAD.match(line) and "its bytes have changed since they were written"
        raise DamagedRecordError(changed or "not a record", line)
    try:
        content = json.loads(line)
    except ValueError as error:
        raise DamagedRecordError(f"not readable JSON ({error})", line) from None
    del content["check"], content["v"]
    return Record(content.pop("kind"), content.pop("key"), content)


def resembles_record(data: bytes) -> bool:
    """Whether bytes begin like a record, with at most one byte changed, or are cut off there."""
    different = sum(a != b for a, b in zip(data, START, strict=False))
    return different <= (len(data) >= len(START))


def split(line: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields the records of a line with their offsets; the bytes between them are damaged ones.

    A line has one record, unless a line break was lost or overwritten.
    """
    if read_head(line) is not None:
        yield 0, line
        return
    starts = [match.start() for match in HEAD.finditer(line) if match.start()]
    for start, end in pairwise([0, *starts, len(line)]):
        piece = line[start:end]
        size = _measure(piece)
        if size:
            yield start, piece[:size]
        if piece[size:].strip():
            yield start + size, piece[size:]


def _measure(piece: bytes) -> int:
    """The length of the whole record that a piece begins with, 0 without one."""
    head = HEAD.match(piece)
    if head is None:
        return 0
    check, state, done = head[1].decode(), hashlib.sha256(), CHECKED
    for brace in re.finditer(rb"\}", piece):
        state.update(memoryview(piece)[done : brace.end()])
        done = brace.end()
        if state.hexdigest() == check:
            return done
    return 0
