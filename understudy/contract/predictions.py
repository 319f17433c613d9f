"""data/predictions/SYSTEM.parquet: one summary a test article, in the order of the test split."""

from pathlib import Path

from understudy.contract.pairs import SEEDS
from understudy.core.tables import text_columns

PREDICTIONS = Path("data/predictions")
PREDICTIONS_SCHEMA = text_columns("id", "prediction")
"""Columns of a student's predictions; zero-shot ones have what came with each answer too
(contract/asked.py). A prediction is null where the teacher's call failed for good."""


def predictions_path(system: str, folder: Path = PREDICTIONS) -> Path:
    """Where a system's summaries are."""
    return folder / f"{system}.parquet"


def seed_predictions_path(system: str, seed: int, folder: Path = PREDICTIONS) -> Path:
    """Where the summaries of one seed's model are."""
    return folder / SEEDS / system / f"{seed}.parquet"
