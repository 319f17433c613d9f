"""Student and teacher on one stage: what all modes do with them.

Each answer of the teacher ends in a row of SERVED_SCHEMA, beside the request, which does not wait.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from understudy.contract.served import INPUT
from understudy.serving.answering import (
    Decision,
    Reply,
    Student,
    Task,
    Values,
    Wanted,
    cut,
)
from understudy.serving.batching import Batcher, Decoded
from understudy.serving.handover import Handover, Taught, TeacherFailedError, reject, to_reply
from understudy.serving.mode_meters import ModeMeters

Mode = Literal["cascade", "shadow", "canary"]


class Recorder(Protocol):
    """What keeps rows of SERVED_SCHEMA."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Keeps a row; it never raises."""
        ...


@dataclass(frozen=True)
class Draft:
    """A student's answer that may be sent."""

    decoded: Decoded
    text: str
    """The whole of it."""
    confidence: float | None = None
    """None where nobody has weighed it, or it is unknown."""


@dataclass
class Duo:
    """Student, teacher, and what notes what they say."""

    mode: Mode
    student: Student
    task: Task
    batcher: Batcher[Values]
    teacher: Handover
    meters: ModeMeters
    recorder: Recorder
    compare: Callable[[str, str], float]
    """Points of agreement between a student's and a teacher's text."""
    stands_in: bool = False
    """Whether the student answers where the teacher fails."""
    watch: Callable[[float], None] | None = None
    """Takes the agreement of each request in which both were asked whatever they would say; None
    where nothing is watched."""
    _beside: set[asyncio.Task[None]] = field(default_factory=set)

    async def draft(self, values: Values) -> Draft:
        """Lets the student answer; raises RejectedError as `Batcher.answer`."""
        decoded = await self.batcher.answer(values)
        return Draft(decoded, self.student.spell(decoded.written))

    def from_student(
        self, draft: Draft, wanted: Wanted, why: str, failed: str | None = None
    ) -> Reply:
        """A reply with the student's answer."""
        self.meters.answers.labels("student", why).inc()
        decision = Decision("student", why, self.student.name, draft.confidence, failed)
        return replace(cut(self.student, draft.decoded, wanted), decision=decision)

    def from_teacher(
        self, taught: Taught, wanted: Wanted, why: str, draft: Draft | None = None
    ) -> Reply:
        """A reply with the teacher's answer."""
        self.meters.answers.labels("teacher", why).inc()
        confidence = None if draft is None else draft.confidence
        decision = Decision("teacher", why, self.teacher.model, confidence)
        return to_reply(self.student, taught, wanted, decision)

    async def hand_over(
        self, values: Values, wanted: Wanted, why: str, draft: Draft | None = None
    ) -> Reply:
        """Lets the teacher answer, and keeps what it said.

        Args:
            values: the input.
            wanted: where the answer ends.
            why: the teacher is asked.
            draft: the student's answer, if it was asked.

        Raises:
            RejectedError: the teacher gave no answer, and the student does not stand in.
        """
        try:
            taught = await self.teacher.ask(values)
        except TeacherFailedError as error:
            if error.request is not None:
                self.run_beside(self.record(values, error.request, None, why, draft))
            return await self.do_without(values, wanted, why, error, draft)
        self.run_beside(self.record(values, taught.request, taught.text, why, draft))
        return self.from_teacher(taught, wanted, why, draft)

    async def do_without(
        self,
        values: Values,
        wanted: Wanted,
        why: str,
        error: TeacherFailedError,
        draft: Draft | None = None,
    ) -> Reply:
        """The student's answer in place of one that the teacher did not give; see `hand_over`."""
        if not self.stands_in:
            raise reject(error) from None
        draft = draft or await self.draft(values)
        return self.from_student(draft, wanted, why, error.reason)

    async def record(
        self, values: Values, request: str, text: str | None, why: str, draft: Draft | None
    ) -> None:
        """Keeps what both said, in a thread: the disk and the comparison take their time.

        Args:
            values: the input.
            request: the key of the teacher's answer.
            text: the teacher's; None where it cannot be used.
            why: the teacher was asked.
            draft: the student's answer, if it was asked.
        """
        row = {"time": datetime.now(UTC), "request": request, "teacher": text, "why": why}
        await asyncio.to_thread(self._record, values, row, draft)

    def _record(self, values: Values, row: dict[str, Any], draft: Draft | None) -> None:
        agreement: float | None = None
        if draft is not None and row["teacher"] is not None:
            agreement = self.compare(draft.text, row["teacher"])
        clean = self.task.clean(values)
        self.recorder.add(
            row
            | {
                INPUT: self.task.join(values),
                "fields": json.dumps(clean, ensure_ascii=False) if len(clean) > 1 else None,
                "model": self.student.name,
                "mode": self.mode,
                "student": draft and draft.text,
                "confidence": draft and draft.confidence,
                "agreement": agreement,
            }
        )
        # Elsewhere both are asked only where the student is unsure: that is no fair sample.
        if self.watch is not None and agreement is not None and row["why"] == "shadow":
            self.watch(agreement)

    def run_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something that no request waits for."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def close(self) -> None:
        """Waits for what runs beside."""
        while self._beside:
            await asyncio.wait(set(self._beside))
