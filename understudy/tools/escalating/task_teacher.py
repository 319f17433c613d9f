"""The teacher of params.yaml, as a server asks it: by the task's own prompt, through a desk."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from understudy.contract.answers import LIMITS, Answer, normal_word
from understudy.contract.params.serve import ServeParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.usable import UNLISTED
from understudy.serving.answering import Finish
from understudy.serving.handover import Reason, Taught, TeacherFailedError
from understudy.teacher.errors import (
    DailyCapError,
    EndpointError,
    LateAnswerError,
    QuestionError,
    TeacherError,
)
from understudy.teacher.ledger import default_ledger
from understudy.teacher.requests import Question
from understudy.tools.escalating.desk import Desk, open_desk
from understudy.tools.hosting import TaskPrompt

REASONS: dict[type[TeacherError], Reason] = {
    LateAnswerError: "slow",
    DailyCapError: "over_cap",
    QuestionError: "refused",
    EndpointError: "down",
    TeacherError: "failed",
}
"""By the first kind that fits."""


class TaskTeacher:
    """The teacher, asked by the task's own prompt as `label` and `zeroshot` ask it.

    Where it is to name a label, that is what its answer becomes; an answer that names none goes on
    as it came.
    """

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
        question = Question(prompt.fill(row), row, settings=prompt.settings, field=prompt.field)
        answer = await self._answer(question)
        text, problem = prompt.read(answer, self._task.labels)
        if problem not in (None, UNLISTED):
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
