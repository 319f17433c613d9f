"""Decides what an unanswered call means: try again, give the row up, or stop the run."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from understudy.teacher.error_bodies import find_error, say_error
from understudy.teacher.errors import EndpointError
from understudy.teacher.waits import LONGEST_ASKED, read_wait

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
NO_CREDIT = "insufficient_quota"
NO_CREDIT_CODES = (NO_CREDIT, "billing_not_active", "billing_hard_limit_reached")
# A filter of the endpoint refuses the one prompt, not the account.
REFUSING_CODES = (
    "content_filter",
    "content_policy_violation",
    "invalid_prompt",
    "ResponsibleAIPolicyViolation",
)
# Too long a prompt is a fault of its row, not of the request settings.
ROW_CODES = ("context_length_exceeded", "string_above_max_length", "exceed_context_size_error")
TOO_LONG = re.compile(
    r"maximum context length|prompt is too long|^request too large|exceeds? the (available|maximum)"
    r" (context|number of tokens)",
    re.IGNORECASE,
)
"""Messages for too long a prompt, from endpoints that have no code for it."""
PUSHING_BACK = (429, 503, 529)
WORTH_RETRYING = (408, 409, 425, 429)
GATEWAY_GAVE_UP = (504, 524)
"""What is behind the gateway may answer all the same, to nobody."""
NOBODY_BEHIND = (502, 521, 522, 523, 530)
"""The gateway is there, and the server behind it is not."""
NOT_READY = re.compile(
    r"\b(loading|loaded|(re)?starting|start(ing)?[- ]?up|warming|initiali[sz]ing|not (yet )?ready"
    r"|no (healthy|available) (upstream|server)"
    r"|(service|temporarily|currently) unavailable|maintenance)\b",
    re.IGNORECASE,
)
"""Words of a server that takes no calls yet, in contrast to one that is busy with others."""


@dataclass
class RetryableError(Exception):
    """A call that may go better next time."""

    reason: str
    pause: float | None = None
    """Seconds that the endpoint asks for."""
    pushed_back: bool = False
    maybe_billed: bool = False
    """Nobody knows whether the endpoint has answered, and charged for it."""
    away: Literal["no", "perhaps", "surely"] = "no"
    """Whether there is no server at the address now, or one that is not ready."""


@dataclass
class RowError(Exception):
    """A row that fails for good, while the others go on."""

    reason: str


@dataclass
class RefusalError(Exception):
    """The endpoint's filter refuses this prompt."""

    reason: str


def classify_status(status: int, body: Any, headers: Mapping[str, str], model: str) -> Exception:
    """Returns the error for an HTTP status other than 200.

    Args:
        status: the HTTP status.
        body: the JSON body, or the text where it is none; already without the key.
        headers: by lower-case name.
        model: teacher.model, for the message.
    """
    error = find_error(body)
    said, code, kind = say_error(error), error.get("code"), error.get("type")
    if _is_filtered(error):
        return RefusalError(said)
    if code in ROW_CODES or kind in ROW_CODES or _is_too_long(status, said):
        return RowError(f"HTTP {status}: {said}")
    if _lacks_credit(status, code, kind) or (status < 500 and status not in WORTH_RETRYING):
        return EndpointError(explain(status, code, kind, said, model))
    return RetryableError(
        f"HTTP {status}: {said}",
        read_wait(status, body, headers),
        pushed_back=status in PUSHING_BACK,
        maybe_billed=status in GATEWAY_GAVE_UP,
        away=_is_away(status, body, said),
    )


def read_status(body: Any) -> int:
    """The status that an error with status 200 ought to have had; some endpoints write it."""
    code = find_error(body).get("code")
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def explain(status: int, code: Any, kind: Any, said: str, model: str) -> str:
    """One line for a call that stops the run: what it means, and what to do."""
    if _lacks_credit(status, code, kind):
        return f"the account has no credit left ({NO_CREDIT}): {said}"
    if status == 404 or code == "model_not_found":
        return (
            f"teacher.model = {model}: the endpoint has no such model, or no chat "
            f"completions at this address (HTTP {status}): {said}"
        )
    if status in (401, 403):
        return f"the endpoint refuses the API key (HTTP {status}): {said}"
    return f"the endpoint does not accept teacher.request (HTTP {status}): {said}"


def _is_away(status: int, body: Any, said: str) -> Literal["no", "perhaps", "surely"]:
    """Whether a status means that the server is gone; a busy one may say 503 and 529, too."""
    if status in NOBODY_BEHIND:
        return "surely"
    if status not in PUSHING_BACK or status == 429:
        return "no"
    is_page = isinstance(body, str) and body.lstrip().startswith("<")
    return "surely" if is_page or NOT_READY.search(said) else "perhaps"


def _is_filtered(error: Mapping[str, Any]) -> bool:
    inner, about = error.get("innererror"), error.get("metadata")
    codes = [error.get("code"), inner.get("code") if isinstance(inner, dict) else None]
    flagged = isinstance(about, dict) and "flagged_input" in about
    return flagged or any(code in REFUSING_CODES for code in codes)


def _is_too_long(status: int, said: str) -> bool:
    return status == 413 or (status in (400, 422, 429) and TOO_LONG.search(said) is not None)


def _lacks_credit(status: int, code: Any, kind: Any) -> bool:
    return status == 402 or code in NO_CREDIT_CODES or kind in NO_CREDIT_CODES


def backoff(attempt: int, asked: float | None) -> float:
    """Seconds before the next attempt: doubling from FIRST_PAUSE, or what the endpoint asked for.

    Both are spread a little; `attempt` counts those that have failed so far.
    """
    if asked is not None:
        return min(asked, LONGEST_ASKED) * random.uniform(1, 1.1)
    doubled = FIRST_PAUSE * 2.0 ** min(attempt - 1, 64)
    return min(LONGEST_PAUSE, doubled) * random.uniform(0.5, 1)
