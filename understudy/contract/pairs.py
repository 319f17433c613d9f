"""Pairs of an input and its output by source and split; folders of data and models."""

from pathlib import Path

import pyarrow as pa

from understudy.contract.kind import this_kind
from understudy.core.tables import text_columns

LEARNING_SPLITS = ("train", "validation")
"""What a student learns from, and chooses its checkpoint by; the teacher writes for both."""
SPLITS = (*LEARNING_SPLITS, "test")
DATA = Path("data")
RAW, GOLD = DATA / "raw", DATA / "gold"
WRITTEN, LABELLED = DATA / "written", DATA / "labelled"
MODELS = Path("models")
"""A folder for each student, such as models/t5-gold, with the model that ships."""
TEST = GOLD / "test.parquet"
"""The inputs that every system answers."""

SEEDS = "seeds"
"""Below MODELS and below the predictions: what was made of each seed, such as seeds/t5-gold/13."""

REJECTS = "rejects.parquet"
"""In RAW and in GOLD: each row that was dropped, and why."""
RAW_REJECTS_SCHEMA = {
    **text_columns("split", "file"), "row": pa.int64(), "reason": pa.string()
}  # fmt: skip
GOLD_REJECTS_SCHEMA = text_columns("split", "id", "reason")


def pairs_schema() -> dict[str, pa.DataType]:
    """Columns of every table of pairs in this project: id, input and output."""
    return text_columns(*this_kind().columns)


def seed_folder(system: str, seed: int) -> Path:
    """The model folder of one seed."""
    return MODELS / SEEDS / system / str(seed)
