"""Rows of data/harvested.parquet that are to be asked about."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.rows.test_novelty import write_splits
from understudy.contract.harvested import HARVESTED, harvested_schema
from understudy.core.errors import DataError
from understudy.core.tables import table_writer, text_columns
from understudy.rows.harvested import HarvestedRows, open_harvested

SERVED = datetime(2026, 11, 28, 12, tzinfo=UTC)


def write_harvested(path: Path, *articles: str, **fields: str | None) -> None:
    with table_writer(path, harvested_schema(fields)) as table:
        for number, article in enumerate(articles):
            row: dict[str, Any] = {"id": f"h{number}", "article": article, "first_served": SERVED}
            table.add({**row, **fields, "times_served": 1, "request": "sha256:0"})


def open_rows(folder: Path, *fields: str) -> HarvestedRows:
    return HarvestedRows(folder / "harvested.parquet", folder / "gold", fields)


def test_rows_come_in_their_order_each_time(tmp_path: Path) -> None:
    write_splits(tmp_path / "gold", train=["T."])
    write_harvested(tmp_path / "harvested.parquet", "B.", "A.")
    rows = open_rows(tmp_path)
    expected = [
        {"id": f"h{n}", "article": text, "first_served": SERVED, "highlights": None}
        for n, text in enumerate(("B.", "A."))
    ]
    assert list(rows) == list(rows) == expected
    assert rows.count_left_out() == 0


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_row_that_a_split_has_got_since_is_left_out(tmp_path: Path, split: str) -> None:
    write_splits(tmp_path / "gold", **{split: ["b. "]})
    write_harvested(tmp_path / "harvested.parquet", "B.", "A.")
    rows = open_rows(tmp_path)
    assert [row["article"] for row in rows] == ["A."]
    assert rows.count_left_out() == 1


def test_a_row_without_a_column_of_the_prompt_is_left_out(tmp_path: Path) -> None:
    write_splits(tmp_path / "gold")
    write_harvested(tmp_path / "harvested.parquet", "A.", title="T", body=None)
    assert [row["title"] for row in open_rows(tmp_path, "title")] == ["T"]
    assert list(open_rows(tmp_path, "title", "body")) == []
    assert list(open_rows(tmp_path, "other")) == []
    assert open_rows(tmp_path, "other").count_left_out() == 1


def test_a_file_that_is_absent_or_no_table_says_what_makes_it(tmp_path: Path) -> None:
    write_splits(tmp_path / "gold")
    with pytest.raises(DataError, match=r"harvested\.parquet: no such file; `understudy harvest`"):
        list(open_rows(tmp_path))
    (tmp_path / "harvested.parquet").write_text("no table")
    with pytest.raises(DataError, match="not a readable Parquet file"):
        list(open_rows(tmp_path))
    with table_writer(tmp_path / "harvested.parquet", text_columns("id")) as table:
        table.add({"id": "a"})
    with pytest.raises(DataError, match="no column 'article'"):
        list(open_rows(tmp_path))


def test_without_a_file_in_params_there_are_no_rows(tmp_path: Path) -> None:
    assert open_harvested(None, tmp_path, ["article"]) is None
    assert open_harvested(HARVESTED, tmp_path, ["article"]) is not None
