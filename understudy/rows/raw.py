"""A row as its source has it, and what may be wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RawRow:
    """One row of one file: `values` under our column names, or the reason why it has none."""

    file: str
    number: int
    """Counts from 1: the line of a JSONL or text file, the record of a CSV or Parquet file."""
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def find_problem(row: RawRow) -> str | None:
    """Why a row is no pair: 'FIELD: missing | not text | empty | not UTF-8', or None."""
    if row.problem is not None:
        return row.problem
    for name in ("article", "highlights"):
        if problem := find_text_problem(row.values.get(name)):
            return f"{name}: {problem}"
    identity = row.values.get("id")
    if identity is None or (isinstance(identity, int) and not isinstance(identity, bool)):
        return None
    if not isinstance(identity, str):
        return "id: neither text nor a whole number"
    problem = find_text_problem(identity)
    return problem and f"id: {problem}"


def find_text_problem(value: object) -> str | None:
    """Why a value is no usable text: 'missing | not text | empty | not UTF-8', or None."""
    if value is None:
        return "missing"
    if not isinstance(value, str):
        return "not text"
    if not value.strip():
        return "empty"
    return None if is_utf8(value) else "not UTF-8"


def is_utf8(text: str) -> bool:
    """False for text with surrogates, which stand for bytes or escapes that are no characters."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
