"""Reads how long an endpoint asks to wait: by headers, fields of the body, or its words."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from understudy.teacher.quota import parse_duration

LONGEST_ASKED = 600.0
"""Seconds; a run that is asked to wait for longer ends."""
LONGEST_TACIT = 60.0
"""Seconds; a longer wait is told."""
LONGEST_SAID = 366 * 86400.0
EPOCH, EPOCH_MS = 1e9, 1e11
"""Larger numbers are moments since 1970, in seconds or in milliseconds."""
FIELDS = {
    "retrydelay": 1.0,  # Gemini's RetryInfo
    "retry_delay": 1.0,
    "retry_after": 1.0,
    "retry-after": 1.0,
    "retry_after_seconds": 1.0,
    "retry_after_ms": 1e-3,
    "estimated_time": 1.0,  # of a model that loads, at Hugging Face
}
"""Fields of error bodies that say a wait, with the unit of bare numbers in seconds."""
UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
PART = (
    r"(\d+(?:\.\d+)?)\s*"
    r"(ms|milliseconds?|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)(?![a-z])"
)
PARTS = re.compile(PART, re.IGNORECASE)
ASKS = r"\b(?:again|retry|retrying|wait|resets?|available)\b[^.!?;\d]{0,40}?"
IN_WORDS = re.compile(rf"{ASKS}((?:{PART}[\s,]*(?:and\s+)?)+)", re.IGNORECASE)
AT_A_TIME = re.compile(
    rf"{ASKS}(\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?)",
    re.IGNORECASE,
)


def read_wait(status: int, body: Any, headers: Mapping[str, str]) -> float | None:
    """Seconds that a refused call is asked to wait, None where nothing says so.

    The ends of rate limits count only where nothing else is said, and only beyond LONGEST_ASKED:
    up to there, the run's own pace knows them better.

    Args:
        status: the HTTP status.
        body: the JSON body, or the text where it is none.
        headers: by lower-case name.
    """
    asked = [read_pause(headers), *_read_fields(body), *_read_words(body)]
    said = [seconds for seconds in asked if seconds is not None]
    if not said and status == 429:
        resets = [*_read_resets(headers), *_read_resets(dict(_texts_by_name(body)))]
        said = [seconds for seconds in resets if seconds > LONGEST_ASKED]
    return min(max(said), LONGEST_SAID) if said else None


def read_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds in `retry-after-ms` or `retry-after` (a number, or a date)."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        seconds = _seconds_until(headers.get(name, ""), unit)
        if seconds is not None:
            return seconds
    return None


def moment(seconds: float) -> str:
    """The local time after so many seconds, with the date where that is not today."""
    now = datetime.now(UTC).astimezone()
    end = now + timedelta(seconds=min(seconds, LONGEST_SAID))
    if seconds > LONGEST_ASKED:  # whoever comes back at this minute is not too early
        end = (end + timedelta(seconds=59)).replace(second=0)
    text = end.strftime("%H:%M" if seconds > LONGEST_ASKED else "%H:%M:%S")
    return text if end.date() == now.date() else f"{end:%Y-%m-%d} {text}"


def _seconds_until(text: str, unit: float = 1.0) -> float | None:
    """Seconds in a number, a duration such as `6m0s`, or until a moment in any usual form."""
    seconds = parse_duration(text)
    if seconds is not None and seconds * unit < EPOCH:
        return max(0.0, seconds * unit)
    now, end = datetime.now(UTC), None
    if seconds is not None:
        with suppress(OverflowError, OSError, ValueError):
            end = datetime.fromtimestamp(seconds / (1000 if seconds > EPOCH_MS else 1), UTC)
        return max(0.0, (end - now).total_seconds()) if end else None
    with suppress(TypeError, ValueError):
        end = parsedate_to_datetime(text)
    if end is None:
        with suppress(ValueError):
            end = datetime.fromisoformat(re.sub(r"\s?UTC$", "Z", text.strip()))
    if end is None:
        return None
    end = end if end.tzinfo else end.replace(tzinfo=UTC)  # written as -0000, or without a zone
    return max(0.0, (end - now).total_seconds())


def _read_fields(body: Any) -> Iterator[float | None]:
    for name, text in _texts_by_name(body):
        if name in FIELDS:
            yield _seconds_until(text, FIELDS[name])


def _read_words(body: Any) -> Iterator[float | None]:
    for name, text in _texts_by_name(body):
        if name in ("", "message", "detail", "error", "title", "msg"):
            for found in IN_WORDS.finditer(text):
                yield sum(float(n) * UNITS[_unit(unit)] for n, unit in PARTS.findall(found[1]))
            for found in AT_A_TIME.finditer(text):
                yield _seconds_until(found[1])


def _unit(name: str) -> str:
    name = name.lower()
    return "ms" if name.startswith(("ms", "milli")) else name[0]


def _read_resets(headers: Mapping[str, str]) -> Iterator[float]:
    """When used-up limits begin anew, by `x-ratelimit-reset-requests` and its relatives."""
    for name, text in headers.items():
        if "ratelimit" in name and "reset" in name:
            seconds = _seconds_until(text)
            left = parse_duration(headers.get(name.replace("reset", "remaining"), "0"))
            if seconds is not None and not left:
                yield seconds


def _texts_by_name(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text and number within a JSON value, with the name of its field in lower case."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts_by_name(part, str(key).lower())
    elif isinstance(value, list):
        for part in value:
            yield from _texts_by_name(part, name)
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        yield name, str(value)
