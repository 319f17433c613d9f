"""A row as its source has it, and what may be wrong with it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from understudy.contract.kind import this_kind
from understudy.texts.encoding import is_utf8

WHOLE = re.compile(r"-?(0|[1-9][0-9]*)\.0")
"""A whole number as text, as pandas writes it in a column of floats."""
EXACT = 2**53
"""Beyond it, a float stands for several whole numbers."""


@dataclass(frozen=True)
class RawRow:
    """One row of one file: `values` under our column names, or the reason why it has none."""

    file: str
    number: int
    """Counts from 1: the line of a JSONL or text file, the record of a CSV or Parquet file."""
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def find_problem(row: RawRow, texts: Collection[str] | None = None) -> str | None:
    """Why a row cannot be used: 'FIELD: missing | not text | empty | not UTF-8', or None.

    Args:
        row: as its source has it.
        texts: what it must have; None for an input and its output.
    """
    if row.problem is not None:
        return row.problem
    for name in this_kind().columns[1:] if texts is None else texts:
        if problem := find_text_problem(row.values.get(name)):
            return f"{name}: {problem}"
    try:
        normalize_id(row.values.get("id"))
    except ValueError as error:
        return f"id: {error}"
    return None


def normalize_id(value: object) -> str | None:
    """An id as text, the same for a row in any kind of file.

    pandas makes floats of whole numbers once a row has none: 101.0, as a number or as text, is 101.

    Returns:
        The id; None where there is none or it is blank: such a row goes by its number.

    Raises:
        ValueError: it is none of text and whole numbers, or a float too large to tell ids apart.
            The message does not quote it: it may be the number of a card.
    """
    if isinstance(value, str):
        if not WHOLE.fullmatch(value):
            problem = find_text_problem(value)
            if problem not in (None, "empty"):
                raise ValueError(problem)
            return None if problem else value
        value = float(value)
    if value is None or value != value:  # only NaN differs from itself
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or value % 1:
        raise ValueError("neither text nor a whole number")
    if isinstance(value, float) and abs(value) > EXACT:
        raise ValueError("a float too large for its last digits; write it as text")
    return str(int(value))


def find_text_problem(value: object) -> str | None:
    """Why a value is no usable text: 'missing | not text | empty | not UTF-8', or None."""
    if value is None:
        return "missing"
    if not isinstance(value, str):
        return "not text"
    if not value.strip():
        return "empty"
    return None if is_utf8(value) else "not UTF-8"
