"""Answers in Parquet: an export of a ledger, or the outputs of stages."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from understudy.contract.answers import COLUMNS, LATER, Answer
from understudy.core.tables import readable_parquet, text_columns
from understudy.teacher.lines import check_answer
from understudy.teacher.recall import TEXT
from understudy.teacher.requests import content_key

EXPORT = {
    **text_columns("key", "request", "state"),
    **{name: kind for name, kind in COLUMNS.items() if name != "request"},
    **text_columns("at", "source"),
}
HINT = "give a file of `understudy ledger export`, or a stage's file of answers"
ROWS = 256


def read_export(path: Path) -> Iterator[Answer | None]:
    """Yields the answers in a file; None for one that is damaged.

    Raises:
        DataError: it is no Parquet file with answers.
    """
    for row in _read_rows(path):
        try:
            yield _check(row)
        except ValueError:
            yield None


def _read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of answers in an export or a stage output."""
    with readable_parquet(path, hint=HINT) as file:
        names = file.schema_arrow.names
        text = "text" if "text" in names else TEXT
        wanted = EXPORT if {"key", "state"} <= set(names) else COLUMNS
        columns = [text if name == "text" else name for name in wanted]
        columns = [name for name in columns if name in names or name not in LATER]
    with readable_parquet(path, columns, HINT) as file:
        for batch in file.iter_batches(batch_size=ROWS, columns=columns):
            for row in batch.to_pylist():
                if row.get("state") in (None, "answered") and not row["error"]:
                    yield {**row, "text": row[text]}


def _check(row: Mapping[str, Any]) -> Answer:
    """The answer in a row.

    Raises:
        ValueError: it is none, or not the answer to the request in its row.
    """
    if "key" not in row:
        return check_answer(row)
    if row["request"] is not None and content_key(json.loads(row["request"])) != row["key"]:
        raise ValueError(f"{row['key']}: not the name of its request")
    return check_answer({**row, "request": row["key"]})
