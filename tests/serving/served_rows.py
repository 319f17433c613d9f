"""Rows of data/served/ for tests, and what has become of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from understudy.contract.served import SERVED_SCHEMA
from understudy.core.tables import iterate_table

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
DAY = "2026-11-28"


def served_row(number: int, *, days: int = 0, **changes: Any) -> dict[str, Any]:
    """A row of SERVED_SCHEMA, a millisecond after the one before."""
    row = {
        "time": NOON + timedelta(days=days, milliseconds=number),
        "request": f"request-{number}",
        "article": f"Article {number} is told.",
        "fields": None,
        "model": "models/t5-labelled",
        "mode": "cascade",
        "why": "unsure",
        "teacher": f"Answer {number}.",
        "student": None,
        "confidence": 0.25,
        "agreement": None,
    }
    return {**row, **changes}


def read_served(folder: Path) -> list[dict[str, Any]]:
    """The rows of all days in a folder, in the order of their files."""
    return [
        row
        for path in sorted(folder.glob("*.parquet"))
        for row in iterate_table(path, list(SERVED_SCHEMA))
    ]


def requests_in(folder: Path) -> list[str]:
    """Their keys."""
    return [row["request"] for row in read_served(folder)]


def journals_in(folder: Path) -> list[Path]:
    """Journals that are not compacted, or still open."""
    return sorted(folder.glob("*.jsonl"))
