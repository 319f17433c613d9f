"""From an input to the student's answer, cut as the client asks for it."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from understudy.serving.batching import Batcher, Decoded, Ids
from understudy.serving.rejections import RejectedError
from understudy.serving.signals import Hypothesis

HALF = "\ufffd"
"""What the bytes of half a character are decoded to, where an answer is cut inside of one."""
Values = Mapping[str, str]
"""The columns of an input."""
Finish = Literal["stop", "length"]


class Student(Protocol):
    """A model that is ready to answer."""

    name: str
    max_tokens: int
    """Its answers have no more."""

    def encode(self, text: str) -> Ids:
        """Token ids of an input as the model reads it."""
        ...

    def decode(self, encoded: Sequence[Ids]) -> Sequence[Hypothesis]:
        """The answers, without special tokens, each with its scores."""
        ...

    def spell(self, ids: Ids) -> str:
        """The text of an answer's token ids."""
        ...

    def count(self, text: str) -> int:
        """How many of its tokens a text has, without special ones."""
        ...


class Task(Protocol):
    """What the student is asked, and how."""

    columns: tuple[str, ...]
    """What an input may be given as: `article`, or the columns that it is made of."""
    field: str | None
    """The dotted path of the text in an answer of JSON; None where the answer is the text."""

    def match(self, messages: object) -> dict[str, str] | None:
        """The columns of the input in messages of the task's prompt; None in all others."""
        ...

    def explain(self, messages: object) -> str:
        """Why messages are not the task's prompt, in a sentence."""
        ...

    def clean(self, values: Values) -> dict[str, str]:
        """All columns of an input, without personal data as in the student's training."""
        ...

    def join(self, values: Values) -> str:
        """The input that the student reads: its clean columns as one text."""
        ...


@dataclass(frozen=True)
class Wanted:
    """Where an answer ends."""

    max_tokens: int | None = None
    """Of the student."""
    stop: tuple[str, ...] = ()
    """Texts before which it ends."""


@dataclass(frozen=True)
class Decision:
    """Who answered a request where that may be the teacher, and why."""

    by: Literal["student", "teacher"]
    why: str
    model: str
    """The name of who answered."""
    confidence: float | None = None
    """Of the student's answer, where it was weighed."""
    failed: str | None = None
    """Why the teacher gave no answer, where the student stands in for it."""


@dataclass(frozen=True)
class Reply:
    """An answer."""

    text: str
    finish: Finish
    read_tokens: int
    """Of whoever answered, as the next one."""
    written_tokens: int
    waited_seconds: float
    batch: int
    decision: Decision | None = None
    """None where only the student can answer."""


class Answerer(Protocol):
    """What answers an input: the student, or whatever decides between it and the chat model."""

    async def answer(self, values: Values, wanted: Wanted) -> Reply:
        """Answers one input.

        Raises:
            RejectedError: there is no answer, for the reason that it states.
        """
        ...


class StudentAnswerer:
    """Mode `student`: every input is answered by the student."""

    def __init__(self, student: Student, batcher: Batcher[Values]) -> None:
        self._student, self._batcher = student, batcher

    async def answer(self, values: Values, wanted: Wanted) -> Reply:
        """See `Answerer`."""
        refuse_empty(values)
        return cut(self._student, await self._batcher.answer(values), wanted)


def refuse_empty(values: Values) -> None:
    """Raises RejectedError where an input has nothing but white space."""
    if not any(value.strip() for value in values.values()):
        raise RejectedError(422, "The input is empty: send a text.", "empty_input")


def cut(student: Student, decoded: Decoded, wanted: Wanted) -> Reply:
    """Ends an answer where the client wants it to end; without wishes it is the student's own."""
    ids = decoded.written
    finish: Finish = "length" if len(ids) >= student.max_tokens else "stop"
    text = student.spell(ids)
    if wanted.max_tokens is not None and len(ids) > wanted.max_tokens:
        ids, finish = ids[: wanted.max_tokens], "length"
        text = student.spell(ids).rstrip(HALF)
    ends = [end for stop in wanted.stop if (end := text.find(stop)) >= 0]
    if ends:
        text, finish = text[: min(ends)], "stop"
        ids = _shortest(student, ids, text)
    return Reply(text, finish, len(decoded.read), len(ids), decoded.waited_seconds, decoded.batch)


def cut_text(student: Student, text: str, finish: Finish, wanted: Wanted) -> tuple[str, Finish]:
    """Ends a text of another model where the client wants it to end, by the student's tokens."""
    if wanted.max_tokens is not None and student.count(text) > wanted.max_tokens:
        most = wanted.max_tokens
        size = bisect(range(1, len(text)), most, key=lambda size: student.count(text[:size]))
        text, finish = text[:size], "length"
    ends = [end for stop in wanted.stop if (end := text.find(stop)) >= 0]
    return (text[: min(ends)], "stop") if ends else (text, finish)


def _shortest(student: Student, ids: Ids, text: str) -> Ids:
    """The fewest token ids, from the first on, that spell a text whole."""
    for size in range(len(ids)):
        if student.spell(ids[:size]).startswith(text.rstrip()):
            return ids[:size]
    return ids


async def warm_up(batcher: Batcher[Values], columns: Sequence[str]) -> None:
    """Decodes a short text, so that the first client does not wait for what is loaded lazily."""
    await batcher.answer(dict.fromkeys(columns, "The student warms up."))
