"""The user's files: every row of every format arrives, or says in which row what is wrong."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.rows.writing import FORMATS, SAME, write_file
from understudy.core.errors import DataError
from understudy.rows.raw import find_problem
from understudy.rows.reader import Hints, hash_file, read_file

GOOD = {"id": "a", "article": "Some news.", "highlights": "News ."}


def _read(path: Path, columns: dict[str, str] = SAME) -> list[dict[str, Any]]:
    """The values of a file's rows, none of which has a problem."""
    rows = list(read_file(path, columns))
    assert [find_problem(row) for row in rows] == [None] * len(rows)
    return [dict(row.values) for row in rows]


def _problems(path: Path) -> dict[int, str]:
    """The problem of each row that cannot be used, by its number; each names its file."""
    rows = list(read_file(path, SAME))
    assert {row.file for row in rows} == {str(path)}
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    found = {row.number: find_problem(row) for row in rows}
    return {number: problem for number, problem in found.items() if problem is not None}


def _refusal(path: Path, columns: dict[str, str] = SAME) -> str:
    with pytest.raises(DataError) as caught:
        list(read_file(path, columns))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert "set fetch.files." in str(caught.value)
    return str(caught.value)


@FORMATS
def test_every_row_arrives_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    rows = [
        {**GOOD, "id": f"{number}", "article": text}
        for number, text in enumerate(
            [
                "plain",
                'a "quoted", text',
                "two\nlines",
                "naïve — 🦀 e\u0301",
                "a\u2028b\u2029c\x85d",
            ]
        )
    ]
    assert _read(write_file(tmp_path / f"rows.{suffix}", rows)) == rows


@FORMATS
def test_columns_may_have_other_names_and_others_or_the_ids_be_left_out(
    tmp_path: Path, suffix: str
) -> None:
    row = {"key": "a", "body": "Some news.", "article": "not this", "summary": "News ."}
    path = write_file(tmp_path / f"rows.{suffix}", [row])
    assert _read(path, {"id": "key", "article": "body", "highlights": "summary"}) == [GOOD]
    row = {"article": "Some news.", "highlights": "News ."}
    assert [one.get("id") for one in _read(write_file(path, [row]))] == [None]


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_byte_order_mark_and_line_ends_as_on_windows_are_no_part_of_rows(
    tmp_path: Path, suffix: str
) -> None:
    path = write_file(tmp_path / f"rows.{suffix}", [GOOD, GOOD])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert _read(path) == [GOOD, GOOD]


def test_a_suffix_may_be_written_in_capitals(tmp_path: Path) -> None:
    assert _read(write_file(tmp_path / "rows.jsonl", [GOOD]).rename(tmp_path / "ROWS.JSONL")) == [
        GOOD
    ]


def test_an_empty_line_of_jsonl_is_no_row_but_counts_as_a_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n\n  \n{json.dumps(GOOD)}\n", "utf-8")
    assert [row.number for row in read_file(path, SAME)] == [1, 4]


@FORMATS
def test_a_missing_or_empty_text_is_a_problem_of_its_row(tmp_path: Path, suffix: str) -> None:
    rows: list[dict[str, Any]] = [
        GOOD,
        {**GOOD, "article": " \n"},
        GOOD,
        {**GOOD, "highlights": None},
    ]
    path = write_file(tmp_path / f"rows.{suffix}", rows)
    missing = "empty" if suffix == "csv" else "missing"
    assert _problems(path) == {2: "article: empty", 4: f"highlights: {missing}"}


def test_jsonl_tells_each_line_that_cannot_be_used(tmp_path: Path) -> None:
    lines = {
        b'{"article": "a", "highlights"': "row: not valid JSON",
        b"[" * 100_000: "row: not valid JSON",
        b'{"id": 1' + b"1" * 5_000 + b"}": "row: not valid JSON",
        b'["a", "b"]': "row: not a JSON object",
        b'{"highlights": "h"}': "article: missing",
        b'{"article": 3, "highlights": "h"}': "article: not text",
        b'{"article": "a", "highlights": ["h"]}': "highlights: not text",
        b'{"article": "caf\xe9", "highlights": "h"}': "article: not UTF-8",
        b'{"article": "a", "highlights": "\\ud800"}': "highlights: not UTF-8",
        b'{"id": "\xff", "article": "a", "highlights": "h"}': "id: not UTF-8",
        b'{"id": 1.5, "article": "a", "highlights": "h"}': "id: neither text nor a whole number",
        b'{"id": true, "article": "a", "highlights": "h"}': "id: neither text nor a whole number",
    }
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join([*lines, json.dumps(GOOD).encode()]))
    assert _problems(path) == dict(enumerate(lines.values(), start=1))


def test_csv_tells_each_record_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(
        b"id,article,highlights\n"
        b"a,fine,fine\n"
        b"b,only an article\n"
        b"c,a,h,one field too many\n"
        b"d,caf\xe9,h\n"
        b'e,"a"b,h\n'
        b"f,fine,fine\n"
    )
    found = _problems(path)
    assert found.pop(5).startswith("row: not valid CSV: ")
    assert found == {
        2: "highlights: missing",
        3: "row: more fields than the header",
        4: "article: not UTF-8",
    }


def test_csv_may_have_a_column_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "written-by-pandas.csv"
    path.write_text(",id,article,highlights\n0,a,Some news.,News .\n", "utf-8")
    assert _read(path) == [GOOD]


def _raw_text(*values: bytes) -> pa.Array:
    """A column that says it is text, whatever its bytes."""
    return pa.Array.from_buffers(pa.string(), len(values), pa.array(values, pa.binary()).buffers())


def test_parquet_tells_each_row_whose_text_is_no_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    columns = {
        "id": _raw_text(b"a", b"b", b"\xff"),
        "article": _raw_text(b"caf\xe9", "café".encode(), b"fine"),
        "highlights": pa.array(["fine", "naïve", None]),
    }
    pq.write_table(pa.table(columns), path)
    assert _problems(path) == {1: "article: not UTF-8", 3: "highlights: missing"}
    assert [row.values["article"] for row in read_file(path, SAME)][1:] == ["café", "fine"]


@pytest.mark.parametrize("value", [3, 1.5, b"bytes", ["text"], {"text": "text"}])
def test_parquet_tells_each_row_whose_article_is_no_text(tmp_path: Path, value: object) -> None:
    path = write_file(tmp_path / "rows.parquet", [{**GOOD, "article": value}])
    assert _problems(path) == {1: "article: not text"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        *((f"absent.{suffix}", None, ": no such file; ") for suffix in ("jsonl", "csv", "parquet")),
        *(
            (name, b"{}", "expected a file ending in .jsonl, .csv, .parquet")
            for name in ("rows.txt", "rows.json", "rows")
        ),
        ("rows.jsonl", b"", ""),
        ("rows.jsonl", b"\n \n", ""),
        ("rows.csv", b"", ""),
        ("rows.csv", b"id,article,highlights\n", ""),
        ("rows.parquet", b"", ""),
    ],
)
def test_a_missing_file_another_kind_of_file_and_an_empty_one_are_refused(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert said in _refusal(path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_missing_column_is_refused_with_those_there_are(tmp_path: Path, suffix: str) -> None:
    path = write_file(tmp_path / f"rows.{suffix}", [{"id": "a", "text": "t", "highlights": "h"}])
    expected = "no column 'article' for article; it has id, text, highlights: "
    assert expected + "set fetch.files.columns.article" in _refusal(path)


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({name: pa.array([], pa.string()) for name in SAME}), path)
    assert ": the file has no rows; " in _refusal(path)


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _hole(content: bytes) -> bytes:
    hole = len(content) // 4
    return content[:8] + b"\xff" * hole + content[8 + hole :]


@pytest.mark.parametrize("damage", [_cut, _hole])
def test_a_broken_table_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    rows = [{**GOOD, "article": f"{number}" * 50} for number in range(500)]
    path = write_file(tmp_path / "rows.parquet", rows)
    path.write_bytes(damage(path.read_bytes()))
    assert "not a readable Parquet file" in _refusal(path)


def test_the_hash_is_the_sha_256_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"abc" * 100_000)
    assert hash_file(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


LINES = {"id": "id", "text": "any"}


def test_each_line_of_a_text_file_is_a_row_where_one_text_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    path.write_bytes("\ufeffone\r\n\ntwo\u2028three\x0cfour\n".encode() + b"\xff\nlast")
    rows = list(read_file(path, LINES))
    assert [row.values.get("text") for row in rows] == [
        "one",
        "",
        "two\u2028three\x0cfour",
        None,
        "last",
    ]
    assert [row.problem for row in rows] == [None, None, None, "not UTF-8", None]
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]


def test_lines_may_come_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("one\ntwo é".encode()), "ascii"))
    rows = list(read_file(Path("-"), LINES))
    assert [(row.file, row.values["text"]) for row in rows] == [
        ("stdin", "one"),
        ("stdin", "two é"),
    ]


def test_stdin_cannot_give_rows_of_several_texts() -> None:
    with pytest.raises(
        DataError, match=r"-: expected a file ending in \.jsonl, \.csv, \.parquet; "
    ):
        list(read_file(Path("-"), SAME))


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "txt"])
def test_a_file_that_breaks_while_it_is_read_is_refused(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    path = tmp_path / f"rows.{suffix}"
    path.touch()
    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(DataError) as caught:
        list(read_file(path, LINES, Hints("try again", "")))
    assert str(caught.value) == f"{path}: not a readable file (Input/output error); try again"
