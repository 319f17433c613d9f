"""data/predictions/SYSTEM.parquet: one answer a test input, in the order of the test split."""

from pathlib import Path

import pyarrow as pa

from understudy.contract.kind import this_kind
from understudy.contract.pairs import SEEDS
from understudy.core.tables import text_columns

PREDICTIONS = Path("data/predictions")
PREDICTIONS_SCHEMA = text_columns("id", "prediction")
"""Columns of a student's predictions; zero-shot ones have what came with each answer too
(contract/asked.py). A prediction is null where the teacher's call failed for good."""
CONFIDENCE = "confidence"
"""Of a classification: the probability of the answer as the student sees it, or null."""


def predictions_schema() -> dict[str, pa.DataType]:
    """Columns of a student's predictions in this project."""
    more = {CONFIDENCE: pa.float64()} if this_kind().has_labels else {}
    return {**PREDICTIONS_SCHEMA, **more}


def predictions_path(system: str, folder: Path = PREDICTIONS) -> Path:
    """Where a system's summaries are."""
    return folder / f"{system}.parquet"


def seed_predictions_path(system: str, seed: int, folder: Path = PREDICTIONS) -> Path:
    """Where the summaries of one seed's model are."""
    return folder / SEEDS / system / f"{seed}.parquet"
