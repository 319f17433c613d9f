"""Hands a request over to the teacher; who that is, and what it costs, is handed in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Literal, Protocol

from understudy.serving.answering import (
    Decision,
    Finish,
    Reply,
    Student,
    Values,
    Wanted,
    cut_text,
)
from understudy.serving.mode_meters import ModeMeters
from understudy.serving.monitoring import Log
from understudy.serving.rejections import RejectedError, daily_cap, teacher_unavailable

Reason = Literal["down", "slow", "refused", "useless", "over_cap", "failed"]
SAID: dict[Reason, str] = {
    "down": "it cannot be reached, or refuses all calls",
    "slow": "it took too long",
    "refused": "it does not take this request",
    "useless": "its answer cannot be used",
    "over_cap": "the cap of the day is reached",
    "failed": "it could not be asked; the server's log says why",
}
WORTH_RETRYING = ("down", "slow", "failed")


@dataclass(frozen=True)
class Taught:
    """An answer of the teacher."""

    request: str
    """Its key in the ledger."""
    text: str
    finish: Finish
    read_tokens: int
    """As the teacher counts, as the next one."""
    written_tokens: int


@dataclass
class TeacherFailedError(Exception):
    """The teacher gave no answer that can be used."""

    reason: Reason
    detail: str
    """For the log; it may quote what the teacher said, and so its prompt."""
    request: str | None = None
    """The key of an answer that is there, and cannot be used."""


class Teacher(Protocol):
    """The chat model in whose place the student is."""

    model: str

    async def ask(self, values: Values) -> Taught:
        """Answers an input by the task's own prompt, within the seconds that it has.

        Raises:
            TeacherFailedError: there is no answer, or it cannot be used.
        """
        ...

    async def relay(
        self, messages: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
    ) -> Taught:
        """Answers messages that are not the task's; raises as `ask`."""
        ...

    @property
    def spent_usd(self) -> float:
        """US dollars of today."""
        ...

    @property
    def left_usd(self) -> float:
        """What the cap of the day leaves; infinite without one."""
        ...


class Handover:
    """Asks the teacher, with figures and one line of log for each problem that begins."""

    def __init__(self, teacher: Teacher, meters: ModeMeters, log: Log) -> None:
        self.model, self._teacher = teacher.model, teacher
        self._meters, self._log = meters, log
        self._problem: Reason | None = None

    async def ask(self, values: Values) -> Taught:
        """See `Teacher`."""
        return await self._watch(lambda: self._teacher.ask(values))

    async def relay(
        self, messages: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
    ) -> Taught:
        """See `Teacher`."""
        return await self._watch(lambda: self._teacher.relay(messages, settings))

    async def _watch(self, ask: Callable[[], Awaitable[Taught]]) -> Taught:
        start = perf_counter()
        try:
            taught = await ask()
        except TeacherFailedError as error:
            self._note(error)
            raise
        finally:
            self._meters.teacher_seconds.observe(perf_counter() - start)
        self._problem = None
        return taught

    def _note(self, error: TeacherFailedError) -> None:
        self._meters.failures.labels(error.reason).inc()
        # a request's own problem says nothing of the next one's, and may quote its text
        own = error.reason in ("refused", "useless")
        if error.reason != self._problem and not own:
            self._problem = error.reason
            self._log("teacher_failed", "error", reason=error.reason, error=error.detail[:500])

    def update(self) -> None:
        """Brings the figures of money up to date."""
        self._meters.spent.set(self._teacher.spent_usd)
        self._meters.left.set(self._teacher.left_usd)


def to_reply(student: Student, taught: Taught, wanted: Wanted, decision: Decision) -> Reply:
    """The teacher's answer, cut as the student's would be."""
    text, finish = cut_text(student, taught.text, taught.finish, wanted)
    written = taught.written_tokens
    if finish == "length" and wanted.max_tokens is not None:
        written = min(written, wanted.max_tokens)
    return Reply(text, finish, taught.read_tokens, written, 0.0, 0, decision)


def reject(error: TeacherFailedError) -> RejectedError:
    """What a client is told whose request the teacher did not answer."""
    if error.reason == "over_cap":
        return daily_cap(seconds_to_midnight(datetime.now(UTC)))
    return teacher_unavailable(SAID[error.reason], retry=error.reason in WORTH_RETRYING)


def seconds_to_midnight(now: datetime) -> int:
    """Until the next day by UTC, rounded up."""
    tomorrow = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return -int((now - tomorrow).total_seconds() // 1)
