"""Rows as they come from a source, before anything is known to be right about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RawRow:
    """One row of one file, with `values` under our column names, or the reason it has none."""

    file: str
    number: int
    """Counts from 1: the line of a JSONL file, the record of a CSV or Parquet file."""
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def find_problem(row: RawRow) -> str | None:
    """Why a row cannot be used: 'FIELD: missing | not text | empty | not UTF-8', or None."""
    if row.problem is not None:
        return row.problem
    for name in ("article", "highlights"):
        problem = find_text_problem(row.values.get(name))
        if problem is not None:
            return f"{name}: {problem}"
    return _find_id_problem(row.values.get("id"))


def find_text_problem(value: object) -> str | None:
    """Why a value is no usable text: 'missing | not text | empty | not UTF-8', or None."""
    if value is None:
        return "missing"
    if not isinstance(value, str):
        return "not text"
    if not value.strip():
        return "empty"
    return "not UTF-8" if _has_surrogates(value) else None


def _find_id_problem(value: object) -> str | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return None
    if not isinstance(value, str):
        return "id: neither text nor a whole number"
    if not value.strip():
        return "id: empty"
    return "id: not UTF-8" if _has_surrogates(value) else None


def _has_surrogates(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
