"""Lets the teacher answer messages that are not the task: they go to it as they are."""

from understudy.serving.answering import Decision, Reply, Student
from understudy.serving.chat import ChatRequest
from understudy.serving.handover import Handover, TeacherFailedError, reject, to_reply
from understudy.serving.mode_meters import ModeMeters

WHY = "other_task"


class Relay:
    """Asks the teacher; nothing of it is kept to learn from, as it is no input of the task."""

    def __init__(self, student: Student, teacher: Handover, meters: ModeMeters) -> None:
        """Takes the student, too: by its tokens answers are cut."""
        self._student, self._teacher, self._meters = student, teacher, meters

    async def __call__(self, asked: ChatRequest) -> Reply:
        """Answers a request.

        Raises:
            RejectedError: the teacher gave no answer.
        """
        wants_form = asked.response_format is not None
        settings = {"response_format": asked.response_format} if wants_form else {}
        try:
            taught = await self._teacher.relay(asked.messages, settings)
        except TeacherFailedError as error:
            raise reject(error) from None
        self._meters.answers.labels("teacher", WHY).inc()
        decision = Decision("teacher", WHY, self._teacher.model)
        return to_reply(self._student, taught, asked.wanted, decision)
