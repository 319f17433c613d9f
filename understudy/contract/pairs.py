"""Pairs of an article and its highlights by source and split; folders of data and models."""

from pathlib import Path

import pyarrow as pa

from understudy.core.tables import text_columns

PAIR_COLUMNS = ("id", "article", "highlights")
PAIRS_SCHEMA = text_columns(*PAIR_COLUMNS)
LEARNING_SPLITS = ("train", "validation")
"""What a student learns from, and chooses its checkpoint by; the teacher writes for both."""
SPLITS = (*LEARNING_SPLITS, "test")
DATA = Path("data")
RAW, GOLD = DATA / "raw", DATA / "gold"
WRITTEN, LABELLED = DATA / "written", DATA / "labelled"
MODELS = Path("models")
"""A folder for each student, such as models/t5-gold, with the model that ships."""
TEST = GOLD / "test.parquet"
"""The articles that every system summarizes."""

SEEDS = "seeds"
"""Below MODELS and below the predictions: what was made of each seed, such as seeds/t5-gold/13."""

REJECTS = "rejects.parquet"
"""In RAW and in GOLD: each row that was dropped, and why."""
RAW_REJECTS_SCHEMA = {
    **text_columns("split", "file"), "row": pa.int64(), "reason": pa.string()
}  # fmt: skip
GOLD_REJECTS_SCHEMA = text_columns("split", "id", "reason")


def seed_folder(system: str, seed: int) -> Path:
    """The model folder of one seed."""
    return MODELS / SEEDS / system / str(seed)
