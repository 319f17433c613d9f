"""What a client is told when it gets no answer: a status, and a body as OpenAI's API has it."""

from collections.abc import Mapping
from typing import Any

from understudy.core.errors import UnderstudyError

INVALID, OVERLOADED, FAILED = "invalid_request_error", "rate_limit_error", "server_error"
TIMED_OUT, STOPPING = "timeout", "stopping"


class ServeError(UnderstudyError):
    """A server that cannot start."""


class RejectedError(Exception):
    """A request that gets an error in place of an answer."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Takes what the client is told.

        Args:
            status: of HTTP.
            message: the value, what was expected and what to do.
            code: a slug for programs.
            param: the key of the body that is meant.
            headers: of the response, beside the usual ones.
        """
        super().__init__(message)
        self.status, self.code, self.headers = status, code, dict(headers or {})
        kind = OVERLOADED if status == 429 else FAILED if status >= 500 else INVALID
        self.body: dict[str, Any] = {
            "error": {"message": message, "type": kind, "param": param, "code": code}
        }


def queue_full(seconds: int) -> RejectedError:
    """429: as many requests wait as may; `seconds` is when to try again."""
    return RejectedError(
        429,
        f"The queue is full: try again in {seconds} s.",
        "queue_full",
        headers={"retry-after": str(seconds)},
    )


def timed_out(seconds: float) -> RejectedError:
    """504: no answer within the limit."""
    return RejectedError(504, f"No answer within {seconds:g} s: try again.", TIMED_OUT)


def stopping() -> RejectedError:
    """503: the server answers what it has, and takes no more."""
    return RejectedError(
        503, "The server is stopping: try again.", STOPPING, headers={"retry-after": "1"}
    )


def engine_failed() -> RejectedError:
    """500: decoding failed; the log says why."""
    return RejectedError(
        500, "The student failed on this request; the server's log says why.", "student_failed"
    )


def teacher_unavailable(why: str, *, retry: bool) -> RejectedError:
    """503: the teacher gave no answer; `retry` says whether another try may go better."""
    headers = {"retry-after": "5"} if retry else {"x-should-retry": "false"}  # for OpenAI's clients
    hint = "try again in some seconds" if retry else "another try will not go better"
    return RejectedError(
        503, f"The teacher gave no answer ({why}): {hint}.", "teacher_unavailable", headers=headers
    )


def daily_cap(seconds: int) -> RejectedError:
    """429: the teacher's calls of this day have cost what they may; a new one begins by UTC."""
    return RejectedError(
        429,
        f"The cap of the day for the teacher's calls is reached: try again in {seconds} s.",
        "daily_cap",
        headers={"retry-after": str(seconds)},
    )
