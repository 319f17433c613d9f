"""Brings the teacher of params.yaml, and what was calibrated, into a server."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from understudy.contract.answers import LIMITS, Answer, normal_word
from understudy.contract.calibration import SystemCalibration
from understudy.contract.params.serve import ServeParams
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.contract.served import SERVED
from understudy.core.errors import DataError, ParamsError
from understudy.core.params import load_section
from understudy.scoring.rows import score_rows
from understudy.serving.answering import Answerer, Finish, Reply, Student
from understudy.serving.app import Service
from understudy.serving.batching import Decoded
from understudy.serving.chat import ChatRequest
from understudy.serving.duo import Duo
from understudy.serving.handover import Handover, Reason, Taught, TeacherFailedError, reject
from understudy.serving.keeping import Keeper
from understudy.serving.mode_meters import ModeMeters
from understudy.serving.modes import Canary, Cascade, Shadow
from understudy.serving.watching import DriftWatch, Expected
from understudy.students.model.weights import hash_weights
from understudy.teacher.desk import Desk, check_cap, open_desk
from understudy.teacher.endpoint import read_key
from understudy.teacher.errors import (
    DailyCapError,
    EndpointError,
    LateAnswerError,
    QuestionError,
    TeacherError,
)
from understudy.teacher.ledger import default_ledger
from understudy.teacher.requests import Question
from understudy.tools.hosting import TaskPrompt

REASONS: dict[type[TeacherError], Reason] = {
    LateAnswerError: "slow",
    DailyCapError: "over_cap",
    QuestionError: "refused",
    EndpointError: "down",
    TeacherError: "failed",
}
"""By the first kind that fits."""


@dataclass(frozen=True)
class Escalation:
    """What a server needs beside its student; checked before anything is listened to."""

    params: ServeParams
    teacher: TeacherParams
    calibration: SystemCalibration | None = None


def prepare(model: Path, params: ServeParams, calibration: Path | None) -> Escalation:
    """Reads the section `teacher`, and the calibration where the mode has a use for one.

    Args:
        model: the student's folder.
        params: the section `serve`.
        calibration: a file; None for that of the student under metrics/calibration/.

    Raises:
        ParamsError, MissingKeyError: the section `teacher` cannot be used.
        DataError: the calibration is absent where it is needed, or is of another model or teacher.
    """
    teacher = load_section("teacher", TeacherParams)
    check_cap(teacher, params.max_cost_usd)
    if teacher.base_url != EMBEDDED and teacher.mode != "replay":
        read_key(teacher.api_key_env)
    found = None
    path = calibration or SystemCalibration.path_of(model.resolve().name)
    if calibration or params.mode == "cascade" or (params.mode == "shadow" and path.exists()):
        found = _load(path, model, teacher)
    return Escalation(params, share(teacher, params.workers), found)


def share(teacher: TeacherParams, workers: int) -> TeacherParams:
    """What one of several workers may ask of the teacher at once and a minute."""
    names = ("concurrency", "requests_per_minute", "tokens_per_minute")
    given = {name: getattr(teacher, name) for name in names}
    return teacher.model_copy(
        update={name: max(1, value // workers) for name, value in given.items() if value}
    )


def _load(path: Path, model: Path, teacher: TeacherParams) -> SystemCalibration:
    found = SystemCalibration.load(path)
    if found.weights != hash_weights(model):
        raise DataError(
            f"{path}: it was calibrated for other weights than those in {model}, for which nothing "
            "is promised; `dvc repro calibrate` does it again, --calibration FILE names another"
        )
    now = {"base_url": teacher.base_url, "model": teacher.model}
    if found.teacher != now:
        raise DataError(
            f"{path}: it was calibrated against {_name(found.teacher)}, and the section teacher "
            f"has {_name(now)}; change it, or `dvc repro calibrate`"
        )
    return found


def _name(teacher: Mapping[str, str]) -> str:
    return f"{teacher.get('model')} at {teacher.get('base_url')}"


class TaskTeacher:
    """The teacher, asked by the task's own prompt as `label` and `zeroshot` ask it."""

    def __init__(self, task: TaskPrompt, params: TeacherParams, serve: ServeParams) -> None:
        self.model = params.model
        self._task, self._params, self._serve = task, params, serve
        self._desk: Desk | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """While the block runs, questions are answered."""
        ledger, cap = default_ledger(), self._serve.max_cost_usd
        async with open_desk(self._params, ledger, cap) as self._desk:
            yield

    async def ask(self, values: Mapping[str, str]) -> Taught:
        """See `understudy.serving.handover.Teacher`."""
        prompt, clean = self._task.prompt, self._task.clean(values)
        row = {name: clean.get(name, "") for name in prompt.variables}
        question = Question(
            prompt.fill(row), row, settings=prompt.settings, field=prompt.field
        )
        answer = await self._answer(question)
        text, problem = prompt.read(answer)
        if problem is not None:
            raise TeacherFailedError("useless", problem, answer.request)
        return _teach(answer, text, "stop")

    async def relay(
        self, messages: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
    ) -> Taught:
        """See `understudy.serving.handover.Teacher`."""
        clean: Any = tuple(self._redact(message) for message in messages)
        kept = {name: one for name, one in settings.items() if name not in self._params.request}
        answer = await self._answer(Question(clean, settings=kept))
        text = answer.text or answer.refusal
        if not text:
            raise TeacherFailedError("useless", answer.find_problem() or "empty", answer.request)
        is_cut = normal_word(answer.finish_reason) in LIMITS
        return _teach(answer, text, "length" if is_cut else "stop")

    async def _answer(self, question: Question) -> Answer:
        assert self._desk is not None  # noqa: S101 - the server has opened it
        try:
            return await self._desk.answer(question, self._serve.teacher_timeout_seconds)
        except TeacherError as error:
            reason = next(name for kind, name in REASONS.items() if isinstance(error, kind))
            raise TeacherFailedError(reason, str(error)) from None

    def _redact(self, value: Any) -> Any:
        """All texts within a message without personal data."""
        if isinstance(value, str):
            return self._task.redact(value)
        if isinstance(value, list):
            return [self._redact(part) for part in value]
        if isinstance(value, dict):
            return {name: self._redact(part) for name, part in value.items()}
        return value

    @property
    def spent_usd(self) -> float:
        """See `understudy.serving.handover.Teacher`."""
        return self._desk.days.spent_usd if self._desk else 0.0

    @property
    def left_usd(self) -> float:
        """See `understudy.serving.handover.Teacher`."""
        return self._desk.days.left_usd if self._desk else 0.0


def _teach(answer: Answer, text: str, finish: Finish) -> Taught:
    return Taught(answer.request, text, finish, answer.prompt_tokens, answer.completion_tokens)
