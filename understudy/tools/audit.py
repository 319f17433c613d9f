"""Audits a ledger: which records are damaged, and what all of them add up to."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from understudy.contract.asked import TOKEN_COLUMNS
from understudy.teacher.chunks import has_ended, open_chunks
from understudy.teacher.ledger import Ledger
from understudy.teacher.lines import UNREADABLE, read_answered, read_sent
from understudy.teacher.records import CHECKED, Record, resembles_record
from understudy.teacher.requests import content_key, digest

KIND = re.compile(rb'"kind":"(sent|lost|unbilled|answered|failed|batch|model)"')
DIGEST = re.compile(rb"[0-9a-f]{64}|(?<=sha256:).{64}", re.DOTALL)
HEAD_SIZE = 200
"""Bytes within which every record has its key."""
EFFECTS = {
    "lost": "what it held is lost, and the next run asks again",
    "superseded": "superseded: another record is valid and says as much",
    "harmless": "harmless: no answer was in it",
}
ELSEWHERE = "(asked elsewhere)"


@dataclass(frozen=True)
class Damage:
    """A damaged record, as far as it can be read."""

    line: int
    """Counted from 1."""
    offset: int
    """Bytes of the file before it."""
    kind: str | None
    key: str | None
    problem: str
    effect: str
    """One of EFFECTS."""

    def __str__(self) -> str:
        name = f"{self.kind or 'record'} {self.key or 'of an unreadable key'}"
        where = f"line {self.line}, byte {self.offset}"
        return f"{where}: {name}: {self.problem}; {EFFECTS[self.effect]}"


@dataclass(frozen=True)
class Verdict:
    """What an examination of a whole ledger has found."""

    records: int
    """All of them, the damaged ones too."""
    answers: int
    damaged: list[Damage]

    def count(self, effect: str) -> int:
        """Counts the damaged records with one of EFFECTS."""
        return sum(damage.effect == effect for damage in self.damaged)

    def __str__(self) -> str:
        text = f"{self.records} records, {self.answers} answers, {len(self.damaged)} damaged"
        effects = ", ".join(f"{self.count(name)} {name}" for name in EFFECTS if self.count(name))
        return f"{text}: {effects}" if effects else text

    def to_record(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        counts = {effect: self.count(effect) for effect in EFFECTS}
        return {**asdict(self), "damaged": [asdict(damage) for damage in self.damaged], **counts}


@dataclass
class _Piece:
    """A damaged record: damaged bytes, or a whole record whose content cannot be."""

    offset: int
    end: int
    data: bytes
    problem: str
    record: Record | None


def verify(ledger: Ledger) -> Verdict:
    """Hashes every record and every request again, and reads every answer."""
    valid, ended, pieces = 0, set[str](), list[_Piece]()
    for (offset, length), found in ledger.records():
        record = found if isinstance(found, Record) else None
        problem = _find_problem(record) if record else str(found)
        if problem is None:
            valid += 1
            if record and has_ended(record):
                ended.add(record.key)
            continue
        data = b"" if isinstance(found, Record) else found.data[: HEAD_SIZE + 1]
        _add(pieces, _Piece(offset, offset + length, data, problem, record))
    damaged = list(_judge_all(ledger, pieces, ended)) if pieces else []
    return Verdict(valid + len(pieces), ledger.count()["answered"], damaged)


def _find_problem(record: Record) -> str | None:
    """Finds what is wrong with a record whose bytes are intact."""
    try:
        if record.kind == "sent":
            actual = content_key(read_sent(record)[0])
            return None if actual == record.key else f"its request is that of {actual}"
        if record.kind == "answered":
            read_answered(record)
    except UNREADABLE as error:
        return f"its content is not readable ({error})"
    return None


def _add(pieces: list[_Piece], piece: _Piece) -> None:
    """Takes a piece; one that a changed byte has torn in two is one again."""
    last = pieces[-1] if pieces else None
    torn = last and not last.record and not piece.record and piece.offset - last.end == 1
    if not last or not torn or resembles_record(piece.data):
        pieces.append(piece)
        return
    if len(last.data) <= HEAD_SIZE:
        last.data += b"\n" + piece.data
    last.end = piece.end


def _judge_all(ledger: Ledger, pieces: list[_Piece], ended: set[str]) -> Iterator[Damage]:
    keys = [key.removeprefix("sha256:") for key in (*ledger.keys(), *ended)]
    by_half = {half: key for key in keys for half in (key[:32], key[32:])}
    pending = bool(ledger.count()["in_flight"] or ledger.count()["lost"])
    numbers = _count_lines(ledger.path, [piece.offset for piece in pieces])
    for piece in pieces:
        if piece.record:
            kind: str | None = piece.record.kind
            key: str | None = piece.record.key
        else:
            match = KIND.search(piece.data)
            kind, key = match and match[1].decode(), _read_key(piece.data, by_half)
        effect = _judge(ledger, piece, kind, key, ended, pending)
        yield Damage(numbers[piece.offset], piece.offset, kind, key, piece.problem, effect)


def _read_key(data: bytes, by_half: dict[str, str]) -> str | None:
    """The key in a damaged record; a known one where one half of it is whole."""
    match = DIGEST.search(data, CHECKED - 2)
    if match is None:
        return None
    text = match[0].decode("ascii", "replace")
    known = by_half.get(text[:32]) or by_half.get(text[32:])
    is_whole = re.fullmatch(r"[0-9a-f]{64}", text)
    return f"sha256:{known or text}" if known or is_whole else None


def _judge(
    ledger: Ledger, piece: _Piece, kind: str | None, key: str | None, ended: set[str], pending: bool
) -> str:
    """One of EFFECTS; whatever may have been an answer is taken for one."""
    if kind in ("sent", "lost", "unbilled", "failed") or piece.end - piece.offset == 1:
        return "harmless"
    if key is None:
        is_short = len(piece.data) <= HEAD_SIZE and resembles_record(piece.data)
        return "harmless" if is_short and not pending else "lost"
    is_found = key in ended if kind == "batch" else ledger.answer(key) is not None
    return "superseded" if is_found else "lost"


def _count_lines(path: Path, offsets: list[int]) -> dict[int, int]:
    """The numbers of the lines that hold given bytes, which ascend."""
    numbers, end = dict[int, int](), 0
    wanted = iter([*offsets, None])
    offset = next(wanted)
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            end += len(line)
            while offset is not None and offset < end:
                numbers[offset] = number
                offset = next(wanted)
    return numbers


def add_up(ledger: Ledger) -> dict[str, Any]:
    """What a ledger adds up to, in all, by teacher and by stage, for JSON."""
    kinds, counted = Counter[str](), set[bytes]()
    tallies: dict[str, dict[str, Counter[str]]] = {"teachers": {}, "stages": {}}
    origins: dict[bytes, tuple[Counter[str], ...]] = {}  # by the 32 bytes of a key, for many

    def find(teacher: str, stage: str) -> tuple[Counter[str], ...]:
        names = {"teachers": teacher, "stages": stage}
        return tuple(tallies[by].setdefault(name, Counter()) for by, name in names.items())

    for _, record in ledger.records():
        if not isinstance(record, Record):
            kinds["damaged"] += 1
            continue
        kinds[record.kind] += 1
        key = digest(record.key)
        if record.kind == "sent":
            request, stage = read_sent(record)
            origins[key] = find(f"{request.get('endpoint')} {request.get('model')}", stage)
            for tally in origins[key]:
                tally["calls"] += 1
        elif record.kind == "answered" and key not in counted:
            with suppress(*UNREADABLE):  # `verify` names it
                found = read_answered(record)
                answer, seconds = found.answer, found.answer.seconds or 0.0
                counted.add(key)
                elsewhere = f"{ELSEWHERE} {answer.model}", ELSEWHERE
                for tally in origins.get(key) or find(*elsewhere):
                    tally.update({name: getattr(answer, name) for name in TOKEN_COLUMNS})
                    tally.update({"answers": 1, "milliseconds": int(seconds * 1000)})
                    tally["timed"] += seconds > 0  # batches report no time
    described = {
        by: {name: _describe(tally) for name, tally in found.items()}
        for by, found in tallies.items()
    }
    batches = {"open_batches": len(open_chunks(ledger))}
    return {**ledger.count(), "records": dict(kinds), **batches, **described}


def _describe(tally: Counter[str]) -> dict[str, Any]:
    """The figures of one teacher or stage."""
    mean = tally["milliseconds"] / tally["timed"] / 1000 if tally["timed"] else None
    counts = {name: tally[name] for name in ("calls", "answers", *TOKEN_COLUMNS)}
    return {**counts, "mean_seconds": None if mean is None else round(mean, 3)}
