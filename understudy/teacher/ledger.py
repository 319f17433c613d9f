"""The ledger: what was asked and answered, durable before it counts.

A file of lines (see understudy.teacher.records) that is only ever appended to, in front of the
stage outputs. A run that dies, a limit that grows, or a prompt that is changed and changed back
finds here what was paid for. Kinds of lines, per request:

sent       about to be sent, with the whole request
lost       an attempt whose outcome nobody knows: it may have been billed
unbilled   an attempt that was refused, or that never left: it was surely not billed
answered   with the endpoint's whole answer
failed     given up after every retry

`batch` for each step of a batch (see understudy.teacher.batch), and `model` when an endpoint serves
another model (see understudy.teacher.served).
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from understudy.contract.answers import Answer
from understudy.teacher.errors import TeacherError
from understudy.teacher.index import Index, Span
from understudy.teacher.lines import UNREADABLE, Answered, read_answered, recalled
from understudy.teacher.log import Log
from understudy.teacher.records import (
    START,
    VERSION,
    DamagedRecordError,
    Record,
    decode,
    read_head,
    resembles_record,
)
from understudy.teacher.requests import digest
from understudy.teacher.reserve import Reserve
from understudy.versioning.state import beside_cache

LEDGER_ENV = "UNDERSTUDY_LEDGER"


def default_ledger() -> Path:
    """`UNDERSTUDY_LEDGER`, or a file beside DVC's cache."""
    named = os.environ.get(LEDGER_ENV)
    return Path(named) if named else beside_cache("teacher") / "ledger.jsonl"


class Ledger:
    """A file that several processes may use at once."""

    def __init__(self, path: Path) -> None:
        """Opens the ledger; the file appears with its first record.

        Raises:
            TeacherError: the file cannot be opened, holds something else, or was written by a
                newer version.
        """
        self.path = path
        self._log = Log(path)
        self._forget()
        try:
            self.refresh()
            self._refuse_foreign()
        except OSError as error:
            self.close()
            raise TeacherError(
                f"{path}: not a usable ledger ({error}); move it away or set {LEDGER_ENV}"
            ) from None
        except TeacherError:
            self.close()
            raise

    def _forget(self) -> None:
        self.damaged: list[Span] = []
        """Records found damaged so far."""
        self._index = Index()
        self._valid = False
        self._newest = VERSION

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the use of the file."""
        self._log.close()

    @property
    def reserve(self) -> Reserve:
        """Room on the disk for a run's last answers."""
        return self._log.reserve

    def refresh(self) -> None:
        """Reads what any process has appended since.

        Raises:
            TeacherError: it was written by a newer version.
        """
        self._read_on()
        if self._newest > VERSION:
            raise TeacherError(
                f"{self.path}: written by a newer Understudy (format {self._newest}, this one "
                f"reads {VERSION}); update, or set {LEDGER_ENV} to another file"
            )

    def _read_on(self) -> None:
        if self._log.follow():
            self._forget()
        for span, data in self._log.read_on():
            self._take(data, span)

    def _refuse_foreign(self) -> None:
        if self._valid or not self._log.is_open():
            return
        start = self._log.read((0, len(START)))
        if start.strip(b"\0\n") and not resembles_record(start):
            raise TeacherError(
                f"{self.path}: not a ledger (it begins with {start!r}, a record with {START!r}); "
                f"move it away or set {LEDGER_ENV} to another file"
            )

    def answer(self, key: str) -> Answer | None:
        """The answer to a request, None where there is none or it is damaged."""
        found = self.answered(key)
        return found.answer if found else None

    def answered(self, key: str) -> Answered | None:
        """The same, with how and when it came."""
        span = self._index.answers.get(digest(key))
        if span is None:
            return None
        try:
            if record := self.read(span):
                return read_answered(record)
        except UNREADABLE:
            self._note_damage(span)
        self._index.answers.pop(digest(key), None)
        return None

    def failure(self, key: str) -> str | None:
        """Why a request failed for good in the last run, if it did."""
        span = self._index.failures.get(digest(key))
        record = self.read(span) if span else None
        return str(record.content.get("error")) if record else None

    def unanswered(self, key: str) -> int:
        """Number of times a request was sent with an unknown outcome."""
        return self._index.unanswered(digest(key))

    def batches(self) -> Iterator[Record]:
        """Every step of every batch, in order."""
        return filter(None, map(self.read, self._index.batches))

    def models(self) -> Iterator[Record]:
        """Which models were seen under which names, in order."""
        return filter(None, map(self.read, self._index.models))

    def count(self) -> dict[str, int]:
        """Requests by what is known of them."""
        return self._index.count()

    def keys(self) -> Iterator[str]:
        """Every request that the ledger knows, once."""
        return (f"sha256:{digest.hex()}" for digest in self._index)

    def records(self) -> Iterator[tuple[Span, Record | DamagedRecordError]]:
        """Yields every record in order, the damaged ones as their errors, with its span."""
        for span, data in self._log.read_all():
            try:
                yield span, decode(data)
            except DamagedRecordError as error:
                yield span, error

    def _take(self, data: bytes, span: Span) -> None:
        head = read_head(data)
        if head is None:
            self.damaged.append(span)
            return
        self._valid = True
        self._newest = max(self._newest, int(head[2]))
        if int(head[2]) <= VERSION:
            self._index.take(head[3].decode(), bytes.fromhex(head[4].decode()), span)

    def read(self, span: Span) -> Record | None:
        """The record in a span, None if it is damaged."""
        try:
            return decode(self._log.read(span))
        except DamagedRecordError:
            self._note_damage(span)
            return None

    def _note_damage(self, span: Span) -> None:
        if span not in self.damaged:
            self.damaged.append(span)

    def append(self, lines: list[bytes]) -> None:
        """Stores lines durably before it returns.

        Raises:
            TeacherError: the disk does not take them.
        """
        try:
            self._read_on()
            self._log.append(lines)
            self._read_on()
        except OSError as error:
            raise TeacherError(
                f"{self.path}: the ledger takes no more records ({error}); free some space and "
                "start again, all earlier answers are kept"
            ) from None


def keep(ledger: Ledger, answers: Iterable[Answer], source: str, chunk: int = 1000) -> int:
    """Appends answers from elsewhere, and says how many."""
    count, lines = 0, []
    for answer in answers:
        lines.append(recalled(answer, source))
        count += 1
        if len(lines) == chunk:
            ledger.append(lines)
            lines = []
    if lines:
        ledger.append(lines)
    return count
