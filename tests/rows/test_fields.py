"""Inputs of several columns: joined into the article, and kept for prompts."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.rows.writing import FORMATS, Row, read_splits, write_file
from understudy.contract.pairs import SPLITS
from understudy.contract.params.fetch import NO_FILE, FetchParams
from understudy.contract.params.filter import FilterParams
from understudy.core.errors import DataError, ParamsError
from understudy.core.params import parse_section
from understudy.rows.fetching import fetch
from understudy.rows.fields import join_fields
from understudy.rows.filtering import filter_splits

pytestmark = pytest.mark.usefixtures("here")
TICKET = {"id": "a", "title": "No power", "body": "The lamp is dark.", "summary": "Lamp ."}


def _params(article: Any = ("title", "body"), **changed: Any) -> FetchParams:
    files = changed.pop("files", {})
    article = list(article) if isinstance(article, tuple) else article
    files = {"columns": {"article": article, "highlights": "summary"}, **files}
    section = {"source": "files", "files": files, **changed}
    return parse_section("fetch", FetchParams, {"fetch": section})


def _fetch(rows: list[Row], suffix: str = "jsonl", **changed: Any) -> list[Row]:
    """Fetches the rows as every split; returns those of train."""
    path = str(write_file(f"rows.{suffix}", rows))
    fetch(_params(files=dict.fromkeys(SPLITS, path), **changed), Path("raw"))
    return read_splits("raw", "train")["train"]


@FORMATS
def test_columns_are_joined_by_a_blank_line_and_stay_columns_without_empty_texts(
    suffix: str,
) -> None:
    rows: list[Row] = [TICKET, {**TICKET, "id": "b", "title": None}]
    rows.append({**TICKET, "id": "c", "body": ""})
    first, *others = _fetch(rows, suffix)
    joined = {"article": "No power\n\nThe lamp is dark.", "highlights": "Lamp ."}
    assert first == {"id": "a", **joined, "title": "No power", "body": "The lamp is dark."}
    assert [(row["article"], row["title"], row["body"]) for row in others] == [
        ("The lamp is dark.", "", "The lamp is dark."),
        ("No power", "No power", ""),
    ]


def test_a_row_that_lacks_a_column_has_an_empty_text_there() -> None:
    lacking = {name: value for name, value in TICKET.items() if name != "title"} | {"id": "b"}
    assert [row["title"] for row in _fetch([TICKET, lacking])] == ["No power", ""]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"title": None, "body": " "}, "article: empty"),
        ({"title": 7}, "title: not text"),
        ({"body": "\udc00"}, "body: not UTF-8"),
    ],
)
def test_a_row_without_usable_text_is_rejected(values: Row, reason: str) -> None:
    lines = [TICKET, {**TICKET, "id": "b", **values}]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines), "utf-8")
    fetch(_params(files=dict.fromkeys(SPLITS, "rows.jsonl"), max_rejected=0.5), Path("raw"))
    rejects = read_splits("raw", "rejects")["rejects"]
    assert [row["reason"] for row in rejects] == [reason] * 3


@FORMATS
def test_a_column_that_is_nowhere_is_an_error_that_names_it(suffix: str) -> None:
    with pytest.raises(
        DataError, match=r"rows\.\w+: no .*'titel'.*; set fetch\.files\.columns|'titel'"
    ):
        _fetch([TICKET], suffix, article=("titel", "body"))


def test_one_column_of_a_list_is_a_variable_too() -> None:
    assert _fetch([TICKET], article=("body",))[0]["body"] == "The lamp is dark."


def test_inputs_alone_may_have_several_columns() -> None:
    rows = [{"title": f"Ticket {n}", "body": "Dark."} for n in range(60)]
    files: Row = dict.fromkeys(SPLITS, NO_FILE) | {"inputs": str(write_file("inputs.csv", rows))}
    files["split"] = {"validation": 0.2, "test": 0.2}
    fetch(_params(files=files), Path("raw"))
    found = read_splits("raw", "test")["test"]
    assert [row["article"] for row in found] == [f"{row['title']}\n\nDark." for row in found]
    assert {row["highlights"] for row in found} == {None}


def test_the_filter_hands_the_columns_on() -> None:
    files = {s: str(write_file(f"{s}.jsonl", [{**TICKET, "title": s}])) for s in SPLITS}
    fetch(_params(files=files), Path("raw"))
    filter_splits(FilterParams(), Path("raw"), Path("gold"))
    for split in SPLITS:
        raw, gold = (pq.read_table(f"{folder}/{split}.parquet") for folder in ("raw", "gold"))
        assert gold.to_pylist() == raw.to_pylist()
        assert gold.schema.names == ["id", "article", "highlights", "title", "body"]


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        ([], "a list of names such as [title, body]"),
        (["title", 3], "a list of names such as [title, body]"),
        (["ti tle"], "letters, digits and _ as in $title, not 'ti tle'"),
        (["título"], "letters, digits and _ as in $title, not 'título'"),
        (["title", "article"], "'article' is the name of a column that fetch writes"),
        (["id", "body"], "'id' is the name of a column that fetch writes"),
        (["body", "body"], "expected each column once"),
    ],
)
def test_names_that_cannot_be_columns_are_refused(article: Any, expected: str) -> None:
    with pytest.raises(ParamsError) as caught:
        _params(article)
    assert "fetch.files.columns.article = " in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "joined"),
    [(["a", "b"], "a\n\nb"), (["a", " \n", "b"], "a\n\nb"), ([" a ", ""], " a "), ([], "")],
)
def test_blank_texts_leave_no_blank_lines(texts: list[str], joined: str) -> None:
    assert join_fields(texts) == joined
