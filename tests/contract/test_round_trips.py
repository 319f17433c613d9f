"""Each table and CSV file that passes between parts: what is written is what is read."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.contract.examples import TRAINED
from tests.imports import ROOT
from understudy.contract.answers import REASONS, Answer
from understudy.contract.asked import (
    LABELLED_ANSWERS_SCHEMA,
    WRITTEN_ANSWERS_SCHEMA,
    ZEROSHOT_ANSWERS_SCHEMA,
)
from understudy.contract.document import Record, read_csv, write_csv
from understudy.contract.evaluation import PLOT, PlotLine, scores_schema
from understudy.contract.kind import SUMMARIZATION
from understudy.contract.names import COLUMNS
from understudy.contract.pairs import GOLD_REJECTS_SCHEMA, RAW_REJECTS_SCHEMA, pairs_schema
from understudy.contract.params.sources import SOURCES
from understudy.contract.predictions import PREDICTIONS_SCHEMA
from understudy.contract.survey import LengthBin, histogram_of
from understudy.contract.trained import CURVES, CurvePoint
from understudy.core.errors import DataError
from understudy.core.tables import iterate_table, table_writer

ANSWER = Answer("sha256:0", "Ja.\nÄ 🦀", "stop", "", "m", 3, 1, 2, batch=True).to_record()
TABLES: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {
    "pairs": (pairs_schema(), {"id": "a", "article": " Ä 🦀\n", "highlights": "One .\nTwo ."}),
    "rejects of fetch": (
        RAW_REJECTS_SCHEMA,
        {"split": "train", "file": "a.csv", "row": 7, "reason": "article: missing"},
    ),
    "rejects of filter": (GOLD_REJECTS_SCHEMA, {"split": "train", "id": "a", "reason": "in_test"}),
    "answers of generate": (
        WRITTEN_ANSWERS_SCHEMA,
        {"split": "train", "id": "a", "reason": REASONS[0], **ANSWER},
    ),
    "answers of label": (
        LABELLED_ANSWERS_SCHEMA,
        {"split": "train", "id": "a", "sample": 2, "reason": None, **ANSWER},
    ),
    "answers of zeroshot": (
        ZEROSHOT_ANSWERS_SCHEMA,
        {"id": "a", "prediction": None, "reason": None, **ANSWER},
    ),
    "predictions": (PREDICTIONS_SCHEMA, {"id": "a", "prediction": "One."}),
    "scores": (
        scores_schema(SUMMARIZATION),
        {"id": "a", "system": "t5-gold", **dict.fromkeys(COLUMNS, 100 / 3)},
    ),
}
LINES: tuple[Record, ...] = (
    LengthBin(source="gold", text="article", words_from=0, words_to=20, pairs=3),
    CurvePoint(step=3, epoch=0.3333, train_loss=3.14159, validation_loss=2.0),
    CurvePoint(step=3, epoch=1.0, train_loss=math.inf, validation_loss=2.71828),
    PlotLine(system="lead-3", metric="rouge1", f1=33.3333),
)
COMMITTED: dict[Path, type[Record]] = {
    **{histogram_of(source): LengthBin for source in SOURCES},
    PLOT: PlotLine,
    **{CURVES / f"{system}.csv": CurvePoint for system in TRAINED},
}


@pytest.mark.parametrize("name", TABLES)
def test_a_row_is_read_back_with_the_types_of_its_schema(name: str, tmp_path: Path) -> None:
    schema, row = TABLES[name]
    path = tmp_path / "table.parquet"
    with table_writer(path, schema) as table:
        table.add(row)
    assert list(iterate_table(path, tuple(schema))) == [row]
    assert pq.read_schema(path).equals(pa.schema(list(schema.items())))


@pytest.mark.parametrize("line", LINES, ids=lambda line: type(line).__name__)
def test_a_line_of_a_csv_file_is_read_back(line: Record, tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    write_csv(path, [line, line])
    assert read_csv(path, type(line)) == [line, line]
    assert path.read_text("utf-8").splitlines()[0].split(",") == list(type(line).model_fields)


@pytest.mark.parametrize("path", COMMITTED, ids=str)
def test_a_committed_csv_file_is_rewritten_byte_for_byte(path: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "again.csv", read_csv(ROOT / path, COMMITTED[path]))
    assert (tmp_path / "again.csv").read_bytes() == (ROOT / path).read_bytes()


def test_a_training_loss_that_is_no_number_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    write_csv(path, [CurvePoint(step=1, epoch=1.0, train_loss=math.nan, validation_loss=2.0)])
    (point,) = read_csv(path, CurvePoint)
    assert math.isnan(point.train_loss)


@pytest.mark.parametrize("loss", ["", "nan", "inf"])
def test_a_validation_loss_is_a_number(loss: str, tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text(f"step,epoch,train_loss,validation_loss\n1,1,2,3\n2,2,2,{loss}\n", "utf-8")
    with pytest.raises(DataError, match=r"line 3\.validation_loss: expected a finite number; `dvc"):
        read_csv(path, CurvePoint)


def test_an_unknown_column_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "plot.csv"
    path.write_text("system,more,metric,f1\na,1,rouge1,2.5\n", "utf-8")
    assert read_csv(path, PlotLine) == [PlotLine(system="a", metric="rouge1", f1=2.5)]
