"""Joins the lines of a batch's input to those of its output, which are in other files.

Of a line, only its place is in memory; both lines of a pair are read again to join them. Many
batches have a `request-1`: a `custom_id` with two different inputs is of no use.
"""

import hashlib
import shutil
import tempfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from understudy.logs.bodies import raise_failure
from understudy.logs.logged import RejectedError
from understudy.logs.rawrecords import DAMAGED, Raw, is_packed, open_log, parse_line
from understudy.logs.shapes import Parts, read_request

MOST_OPEN = 64
WHOLE_CALL = {"messages", "request", "input", "prompt"}
"""Keys of records that need no other line."""
LINE_BITS, PLACE_BITS = 32, 16
"""Of a number that holds a line's byte offset, its number, its file, and a bit: was it joined?"""


@dataclass(frozen=True, slots=True)
class Joined:
    """An output line with its input, or why there is none; or an input line without an output."""

    place: int
    """Which of the files has the line."""
    line: int
    question: Any = None
    answer: Any = None
    problem: RejectedError | None = None


def is_of_batch(record: Any) -> bool:
    """Whether a record is a line of a batch's input or output."""
    if not isinstance(record, dict) or not isinstance(record.get("custom_id"), str):
        return False
    if WHOLE_CALL & record.keys():
        return False
    return is_input(record) or "response" in record or "error" in record


def is_input(record: Mapping[str, Any]) -> bool:
    """Whether a line of a batch is one of its input."""
    return isinstance(record.get("body"), dict) and "response" not in record


def take_pair(question: Mapping[str, Any], answer: Mapping[str, Any]) -> Parts:
    """The parts of a call of a batch.

    Raises:
        RejectedError: the call failed.
    """
    raise_failure(answer)
    messages, settings = read_request(question["body"])
    return Parts("batch", messages, answer.get("response"), settings)


class Joiner:
    """Remembers where the lines of batches are, then joins them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._questions: dict[bytes, int] = {}
        self._again: list[tuple[bytes, int]] = []
        self._unclear: set[bytes] = set()
        self._answers = (array("Q"), array("Q"), array("Q"))
        self._files = dict[int, IO[bytes]]()
        self.joined = 0
        """Input lines whose output line was found, or that only repeat another one."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def take(self, place: int, raw: Raw) -> None:
        """Takes a line of a batch.

        Args:
            place: which of the files has it.
            raw: the line, with its offset.
        """
        spot = place, raw.line, raw.offset or 0
        if not is_input(raw.value):
            for column, number in zip(self._answers, spot, strict=True):
                column.append(number)
            return
        key, packed = _name(raw.value), _pack(*spot)
        known = self._questions.setdefault(key, packed)
        if known != packed:
            self._again.append((key, packed))
            if self._read(*_unpack(known))["body"] != raw.value["body"]:
                self._unclear.add(key)

    def join(self) -> Iterator[Joined]:
        """Yields the output lines in order, then the input lines that are of no use."""
        for place, line, offset in zip(*self._answers, strict=True):
            answer = self._read(place, line, offset)
            yield self._find(place, line, answer)
        yield from self._list_rest()

    def _find(self, place: int, line: int, answer: Any) -> Joined:
        key = _name(answer)
        packed = self._questions.get(key)
        if packed is None:
            return Joined(place, line, problem=RejectedError("no_question"))
        if key in self._unclear:
            return Joined(place, line, problem=RejectedError("ambiguous"))
        self._questions[key] = packed | 1
        return Joined(place, line, self._read(*_unpack(packed)), answer)

    def _list_rest(self) -> Iterator[Joined]:
        for key, packed in (*self._questions.items(), *self._again):
            place, line, _ = _unpack(packed)
            if key in self._unclear:
                yield Joined(place, line, problem=RejectedError("ambiguous"))
            elif self._questions[key] & 1:
                self.joined += 1
            else:
                yield Joined(place, line, problem=RejectedError("no_answer", "no output line"))

    def _read(self, place: int, line: int, offset: int) -> Any:
        if place not in self._files:
            if len(self._files) == MOST_OPEN:
                self._files.pop(next(iter(self._files))).close()
            self._files[place] = _open_seekable(self._paths[place])
        file = self._files[place]
        file.seek(offset)
        return parse_line(line, offset, file.readline()).value


def _open_seekable(path: Path) -> IO[bytes]:
    """A file to jump about in; of a compressed one, where that is slow, an unpacked copy."""
    if not is_packed(path):
        return path.open("rb")
    with open_log(path) as file:
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the Joiner closes it
        with suppress(*DAMAGED):  # the lines before the damage were read
            shutil.copyfileobj(file, copy)
        return copy


def _name(record: Mapping[str, Any]) -> bytes:
    return hashlib.blake2b(record["custom_id"].encode("utf-8", "replace"), digest_size=16).digest()


def _pack(place: int, line: int, offset: int) -> int:
    return ((offset << PLACE_BITS | place) << LINE_BITS | line) << 1


def _unpack(packed: int) -> tuple[int, int, int]:
    packed >>= 1
    line, rest = packed % 2**LINE_BITS, packed >> LINE_BITS
    return rest % 2**PLACE_BITS, line, rest >> PLACE_BITS
