"""Ids and column names: one rule for JSONL, CSV and Parquet."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.rows.writing import FORMATS, SAME, write_file
from understudy.core.errors import DataError
from understudy.rows.raw import find_problem, normalize_id
from understudy.rows.reader import read_file
from understudy.rows.texts import read_texts


@FORMATS
@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([101, 102, 103], ["101", "102", "103"]),
        ([101, None, 0], ["101", None, "0"]),
        ([101.0, None, 0.0], ["101", None, "0"]),
        (["1.10", "007", "x.0"], ["1.10", "007", "x.0"]),
        (["a", None, "2.0"], ["a", None, "2"]),
        (["a", "  ", "-3.0"], ["a", None, "-3"]),
    ],
)
def test_an_id_is_the_same_in_every_format(
    ids: list[Any], expected: list[str | None], suffix: str, tmp_path: Path
) -> None:
    given = [{"id": one, "article": "News.", "highlights": "N ."} for one in ids]
    rows = list(read_file(write_file(tmp_path / f"rows.{suffix}", given), SAME))
    assert [find_problem(row) for row in rows] == [None] * 3
    assert [normalize_id(row.values.get("id")) for row in rows] == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (True, "neither text nor a whole number"),
        (0.5, "neither text nor a whole number"),
        (float("inf"), "neither text nor a whole number"),
        (Decimal("1.5"), "neither text nor a whole number"),
        (["a"], "neither text nor a whole number"),
        (b"a", "neither text nor a whole number"),
        (2.0**53 + 2, "^a float too large for its last digits; write"),
        ("9007199254740994.0", "^a float too large for its last digits; write"),
        ("\ud800", "not UTF-8"),
    ],
)
def test_what_is_no_id_is_refused_with_its_reason(value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        normalize_id(value)


def test_large_whole_numbers_keep_their_digits() -> None:
    assert normalize_id(2**63 + 1) == str(2**63 + 1)
    assert normalize_id(2.0**53) == str(2**53)
    assert normalize_id(Decimal("12.0")) == "12"
    assert normalize_id(-0.0) == "0"


def test_ids_that_are_alike_after_reading_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": 7, "text": "x"}\n{"id": "7.0", "text": "y"}\n', "utf-8")
    with pytest.raises(DataError, match="row 2: id '7' was there before"):
        read_texts(path, "text", "--column")


@pytest.mark.parametrize("twice", ["article", "id", "note"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_column_that_is_there_twice_is_an_error_unless_nobody_reads_it(
    suffix: str, twice: str, tmp_path: Path
) -> None:
    path, names = tmp_path / f"rows.{suffix}", ["id", "article", "note", "highlights", twice]
    if suffix == "csv":
        path.write_text(",".join(names) + "\nx,x,x,x,x\n", "utf-8")
    else:
        pq.write_table(pa.Table.from_arrays([pa.array(["x"])] * 5, names), path)
    if twice == "note":
        assert [row.values["article"] for row in read_file(path, SAME)] == ["x"]
    else:
        with pytest.raises(DataError, match=f"the column '{twice}' is there twice"):
            list(read_file(path, SAME))


def test_a_key_that_is_there_twice_is_a_problem_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = {"article": "News.", "highlights": "N ."}
    within = json.dumps({**row, "more": {}}).replace("{}", '{"article": 1, "article": 2}')
    path.write_text(json.dumps(row)[:-1] + ', "article": "x"}\n' + within + "\n", "utf-8")
    problems = [find_problem(row) for row in read_file(path, SAME)]
    assert problems == ["row: the key 'article' is there twice", None]
