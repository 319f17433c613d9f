"""Who answers a request of the task: the student, or the teacher in whose place it is.

cascade: the student where its confidence has reached the calibrated threshold, else the teacher.
canary:  the student for a share of the inputs, always the same ones; the teacher for the others.
shadow:  the teacher; the student runs beside it for a share, and both answers are compared.
"""

import asyncio
import hashlib
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from understudy.serving.answering import Reply, Values, Wanted, refuse_empty
from understudy.serving.batching import Decoded
from understudy.serving.duo import Draft, Duo
from understudy.serving.handover import TeacherFailedError
from understudy.serving.rejections import RejectedError

Rate = Callable[[Decoded, str, str], float]
"""The confidence in a decoded answer: out of it, what the student read, and the answer's text; NaN
where it is unknown."""
Said = tuple[str, str | None]
"""Key and text of a teacher's answer; None for a text that cannot be used."""


class Cascade:
    """The student where it is sure, else the teacher."""

    def __init__(self, duo: Duo, rate: Rate, threshold: float | None) -> None:
        """Takes the confidence and its threshold; with None the teacher answers everything."""
        self._duo, self._rate, self._threshold = duo, rate, threshold

    async def answer(self, values: Values, wanted: Wanted) -> Reply:
        """See `understudy.serving.answering.Answerer`."""
        refuse_empty(values)
        if self._threshold is None:
            return await self._duo.hand_over(values, wanted, "no_promise")
        draft = self._weigh(await self._duo.draft(values), values)
        if draft.confidence is None or draft.confidence < self._threshold:
            return await self._duo.hand_over(values, wanted, "unsure", draft)
        return self._duo.from_student(draft, wanted, "sure")

    def _weigh(self, draft: Draft, values: Values) -> Draft:
        confidence = float(self._rate(draft.decoded, self._duo.task.join(values), draft.text))
        if math.isnan(confidence):
            return draft
        self._duo.meters.confidence.observe(confidence)
        return replace(draft, confidence=confidence)


class Canary:
    """The student for a share of the inputs."""

    def __init__(self, duo: Duo, percent: float) -> None:
        self._duo, self._percent = duo, percent

    async def answer(self, values: Values, wanted: Wanted) -> Reply:
        """See `understudy.serving.answering.Answerer`."""
        refuse_empty(values)
        if is_chosen(self._duo.task.join(values), self._percent, "canary"):
            return self._duo.from_student(await self._duo.draft(values), wanted, "canary")
        return await self._duo.hand_over(values, wanted, "canary")


class Shadow:
    """The teacher, with the student beside it for a share of the inputs."""

    def __init__(self, duo: Duo, percent: float) -> None:
        self._duo, self._percent = duo, percent

    async def answer(self, values: Values, wanted: Wanted) -> Reply:
        """See `understudy.serving.answering.Answerer`."""
        refuse_empty(values)
        duo = self._duo
        if not is_chosen(duo.task.join(values), self._percent, "shadow"):
            return await duo.hand_over(values, wanted, "not_sampled")
        said: asyncio.Future[Said | None] = asyncio.get_running_loop().create_future()
        duo.run_beside(self._compare(values, said))
        try:
            taught = await duo.teacher.ask(values)
        except TeacherFailedError as error:
            said.set_result((error.request, None) if error.request else None)
            return await duo.do_without(values, wanted, "shadow", error)
        except BaseException:  # the client has left
            said.set_result(None)
            raise
        said.set_result((taught.request, taught.text))
        return duo.from_teacher(taught, wanted, "shadow")

    async def _compare(self, values: Values, said: "asyncio.Future[Said | None]") -> None:
        """Lets the student answer as well, and keeps what both said."""
        draft = None
        with suppress(RejectedError):  # a full queue is no reason to lose the teacher's answer
            draft = await self._duo.draft(values)
        if (answer := await said) is not None:
            await self._duo.record(values, *answer, "shadow", draft)


def is_chosen(text: str, percent: float, salt: str) -> bool:
    """Whether a text is among so many percent of all: always the same ones, by its hash."""
    drawn = hashlib.sha256(f"{salt} {text}".encode()).digest()[:8]
    return int.from_bytes(drawn) < percent / 100 * 2**64
