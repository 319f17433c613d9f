"""Pairs of an article and its highlights: where each source keeps them, and what was rejected."""

from pathlib import Path

import pyarrow as pa

from understudy.core.tables import text_columns

PAIR_COLUMNS = ("id", "article", "highlights")
PAIRS_SCHEMA = text_columns(*PAIR_COLUMNS)
SPLITS = ("train", "validation", "test")
RAW = Path("data/raw")
GOLD = Path("data/gold")
WRITTEN = Path("data/written")
TEST = GOLD / "test.parquet"
"""The articles that every system summarizes."""

REJECTS = "rejects.parquet"
"""In RAW and in GOLD: each row that was dropped, and why."""
RAW_REJECTS_SCHEMA = {
    **text_columns("split", "file"), "row": pa.int64(), "reason": pa.string()
}  # fmt: skip
GOLD_REJECTS_SCHEMA = text_columns("split", "id", "reason")
