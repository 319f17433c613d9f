"""Decides what an unanswered call means: try again, give the row up, or stop the run."""

import random
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from understudy.teacher.errors import EndpointError
from understudy.teacher.quota import parse_duration

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
LONGEST_ASKED = 600.0
"""Seconds; longer requested pauses are cut to this."""
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


@dataclass
class RetryableError(Exception):
    """A call that may go better next time."""

    reason: str
    pause: float | None = None
    """Seconds that the endpoint asks for."""
    pushed_back: bool = False
    maybe_billed: bool = False
    """Nobody knows whether the endpoint has answered, and charged for it."""


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
    error = _error_in(body)
    said, code, kind = _message(error), error.get("code"), error.get("type")
    if _is_filtered(error):
        return RefusalError(said)
    if code in ROW_CODES or kind in ROW_CODES or _is_too_long(status, said):
        return RowError(f"HTTP {status}: {said}")
    if _lacks_credit(status, code, kind) or (status < 500 and status not in WORTH_RETRYING):
        return EndpointError(explain(status, code, kind, said, model))
    return RetryableError(
        f"HTTP {status}: {said}",
        read_pause(headers),
        pushed_back=status in PUSHING_BACK,
        maybe_billed=status in GATEWAY_GAVE_UP,
    )


def classify_unpaid(body: Mapping[str, Any], headers: Mapping[str, str], model: str) -> Exception:
    """Returns the error for an error object that came with status 200, and is not billed.

    Some endpoints write the status that it ought to have into it.
    """
    code = _error_in(body).get("code")
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return classify_status(status, body, headers, model)


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


def read_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds in `retry-after-ms` or `retry-after` (a number, or a date)."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        text = headers.get(name, "")
        seconds = parse_duration(text)
        if seconds is not None:
            return max(0.0, seconds * unit)
        with suppress(TypeError, ValueError):
            end = parsedate_to_datetime(text)
            end = end if end.tzinfo else end.replace(tzinfo=UTC)  # written as -0000
            return max(0.0, (end - datetime.now(UTC)).total_seconds())
    return None


def _error_in(body: Any) -> dict[str, Any]:
    """The error object, whichever of the usual forms the endpoint gives it."""
    if isinstance(body, dict):
        error = body.get("error", body)
        if isinstance(error, dict):
            return error
        return {"message": error, **{k: v for k, v in body.items() if k in ("code", "type")}}
    return {"message": body}


def _message(error: Mapping[str, Any]) -> str:
    """The endpoint's own words in one line."""
    texts = (error.get(name) for name in ("message", "detail"))
    said = next((text for text in texts if isinstance(text, str) and text), "(no explanation)")
    return " ".join(said.encode("utf-8", "replace").decode("utf-8").split())[:300]
