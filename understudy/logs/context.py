"""When a logged call was made, and what it belongs to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

TIMES = (
    *("startTime", "start_time", "timestamp", "created_at", "createdAt", "time", "created"),
    *("date", "at"),
)
SESSIONS = (
    *("end_user", "session_id", "sessionId", "session", "conversation_id", "thread_id"),
    *("trace_id", "traceId"),
)
"""The coarsest comes first: what has a session in common is kept together."""
MILLISECONDS = 10**11
"""Above it a time counts milliseconds since 1970, below it seconds."""


def find_time(*records: Any) -> str | None:
    """When the call of these records began, in ISO 8601; None where none says so."""
    for record in records:
        if isinstance(record, dict):
            for name in TIMES:
                if (found := _read_time(record.get(name))) is not None:
                    return found
    return None


def find_session(path: str | None, *records: Any) -> str | None:
    """What the call of these records belongs to.

    Args:
        path: the dotted path of the value that says so, such as `metadata.customer`; None looks
            for the names that are in use.
        records: the record, or the two lines of a batch.
    """
    values = (value for record in records for value in _list_sessions(path, record))
    known = (value for value in values if isinstance(value, str | int) and value != "")
    found = next(known, None)
    return None if found is None else str(found)


def _list_sessions(path: str | None, record: Any) -> list[Any]:
    if path is not None:
        return [reduce(_get, path.split("."), record)]
    return [_get(part, name) for name in SESSIONS for part in (record, _get(record, "metadata"))]


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _read_time(value: Any) -> str | None:
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).isoformat()
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            seconds = value / 1000 if value > MILLISECONDS else value
            return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
    return None
