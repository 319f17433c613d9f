"""A classification in the working folder: its params, rows and prompts."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.doubles.teacher import ChatServer, settings
from tests.imports import ROOT
from understudy.contract.kind import CLASSIFICATION
from understudy.contract.pairs import GOLD, SPLITS
from understudy.core.tables import table_writer, text_columns

LABELS = ["billing", "late delivery", "Rückgabe, Umtausch"]
TASK = {"kind": "classification", "labels": LABELS, "synonyms": {"invoice": "billing"}}
PROMPTS = ROOT / "classification/prompts"
Row = dict[str, Any]


def write_params(**sections: Any) -> None:
    """Makes the working folder a classification's."""
    document = {"task": TASK, "filter": {}, "label": {}, **sections}
    for name, prompt in (("zeroshot", "zeroshot.txt"), ("generate", "generate.yaml")):
        document[name] = {"prompt": str(PROMPTS / prompt), **document.get(name, {})}
    Path("params.yaml").write_text(json.dumps(document), encoding="utf-8")


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """Writes rows of id, text and label."""
    with table_writer(path, text_columns(*CLASSIFICATION.columns)) as table:
        for row in rows:
            table.add(row)


def write_splits(*labels: str, folder: Path = GOLD) -> None:
    """Writes each split with a row for each label."""
    for split in SPLITS:
        names = [f"{split}-{at}" for at in range(len(labels))]
        rows = zip(names, labels, strict=True)
        write_table(
            folder / f"{split}.parquet",
            [{"id": name, "text": f"Text of {name}.", "label": label} for name, label in rows],
        )


def read_table(path: Path) -> list[Row]:
    """The rows of a table."""
    found: list[Row] = pq.read_table(path).to_pylist()
    return found


def run_stage(stage: Any, server: ChatServer, request: Row | None = None, **more: Any) -> list[Row]:
    """Runs a stage that asks; returns what it sends."""
    before, given = len(server.calls), {"request": request or {}, **more.pop("teacher", {})}
    write_params(teacher=settings(base_url=server.url, concurrency=1) | given, **more)
    stage.main()
    return [call.body for call in server.calls[before:]]
