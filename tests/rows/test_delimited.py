"""CSV files: what separates fields, and quotes that swallowed rows."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rows.writing import SAME
from understudy.core.errors import DataError
from understudy.rows.raw import RawRow
from understudy.rows.reader import read_file

MARKS = pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
Edit = Callable[[list[str]], None]


def lines_of(count: int, mark: str = ",") -> list[str]:
    """A header, and rows of which row 5 is line 6."""
    rows = [("id", "article", "highlights")]
    rows += [
        (f"{n}", f"Ticket {n}: no page. A restart did not help.", f"Printer {n} works .")
        for n in range(1, count + 1)
    ]
    return [mark.join(row) for row in rows]


def read(path: Path, lines: list[str], ending: str = "\n") -> list[RawRow]:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline=ending)
    return list(read_file(path, SAME))


def put(line: int, old: str, new: str) -> Edit:
    """An edit of a line that counts from 1."""

    def edit(lines: list[str]) -> None:
        assert old in lines[line - 1]
        lines[line - 1] = lines[line - 1].replace(old, new, 1)

    return edit


ENDLESS = "is never closed, so lines {} to 41 became one text; close it "
LATER = "ends only in line {1}, so lines {0} to {1} became one text; close it "
OPENED = put(6, "Ticket", '"Ticket')
DAMAGE: dict[str, tuple[list[Edit], int, str, str]] = {
    "to the end": ([put(21, "Ticket", '"Ticket')], 21, "column 'article'", ENDLESS.format(21)),
    "in the last row": ([put(41, "Ticket", '"Ticket')], 41, "column 'article'", "is never closed;"),
    "in the first column": ([put(6, "5", '"5')], 6, "column 'id'", ENDLESS.format(6)),
    "in the header": ([put(1, "article", '"article')], 1, "column 2", ENDLESS.format(1)),
    "in the header's last": ([put(1, "high", '"high')], 1, "column 3", ENDLESS.format(1)),
    "to a row with quotes": (
        [OPENED, put(10, "Ticket", '"Ticket'), put(10, "help.", 'help."')],
        6,
        "column 'article'",
        LATER.format(6, 10),
    ),
    "to inches at the end of a field": (
        [OPENED, put(10, "help.", '15"')],
        6,
        "column 'article'",
        LATER.format(6, 10),
    ),
    "to the next row": ([OPENED, put(7, "help.", '5"')], 6, "column 'article'", LATER.format(6, 7)),
    "to inches at the end of a row": (
        [OPENED, put(10, "works .", '15"')],
        6,
        "column 'article'",
        LATER.format(6, 10),
    ),
    "from the last column": (
        [put(6, "Printer", '"Printer'), put(10, "help.", '15"')],
        6,
        "column 'highlights'",
        LATER.format(6, 10),
    ),
    "from id to id": (
        [put(6, "5", '"5'), put(10, "9", '9"')],
        6,
        "column 'id'",
        LATER.format(6, 10),
    ),
}


@MARKS
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_quote_that_swallowed_rows_is_an_error_that_names_where_it_began(
    damage: str, mark: str, ending: str, tmp_path: Path
) -> None:
    edits, line, column, end = DAMAGE[damage]
    lines, path = lines_of(40, mark), tmp_path / "rows.csv"
    for edit in edits:
        edit(lines)
    with pytest.raises(DataError) as caught:
        read(path, lines, ending)
    assert str(caught.value).startswith(f"{path}:{line}: a quote that begins in {column} {end}")


@MARKS
def test_a_quote_is_found_where_there_are_no_ids(mark: str, tmp_path: Path) -> None:
    lines = [re.sub(r"^\w+.", "", line) for line in lines_of(40, mark)]
    OPENED(lines)
    put(7, "help.", '15".')(lines)
    with pytest.raises(DataError, match=r"rows\.csv:6: a quote that begins in column 'article' "):
        read(tmp_path / "rows.csv", lines)


LONG = (
    "Dear sir,\nplease look at this, it\nis 1,000 years old; and\n\na,b\n1,2,3\n7;8;9\n|x|\n"
    '<<<<<<< HEAD\n=======\n>>>>>>> b\nsays ""yes"" to 15""\tor so,\nbye'
)


@MARKS
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_quoted_text_of_many_lines_is_a_text(mark: str, ending: str, tmp_path: Path) -> None:
    lines = lines_of(10, mark)
    lines[5] = mark.join(["5", f'"{LONG}"', '"Two\nlines, no more ."'])
    lines[0] = lines[0].replace("highlights", '"highlights"') + mark + '"a note\nof two lines"'
    rows = read(tmp_path / "rows.csv", lines, ending)
    assert [row.values["id"] for row in rows] == [str(number) for number in range(1, 11)]
    text = LONG.replace('""', '"').replace("\n", ending)
    assert rows[4].values["article"] == text
    assert rows[4].values["highlights"] == f"Two{ending}lines, no more ."


@MARKS
def test_what_separates_fields_is_read_from_the_header(mark: str, tmp_path: Path) -> None:
    lines = ["", *lines_of(3, mark), "", f"4{mark}News.{mark}N ."]
    rows = read(tmp_path / "rows.csv", lines)
    assert [row.values["id"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[3].values == {"id": "4", "article": "News.", "highlights": "N ."}


def test_a_merge_conflict_between_rows_is_an_error(tmp_path: Path) -> None:
    lines = lines_of(5)
    lines[3:4] = ["<<<<<<< HEAD", lines[3], "=======", lines[3], ">>>>>>> b"]
    with pytest.raises(DataError, match=r"rows\.csv:4: a merge conflict is not resolved "):
        read(tmp_path / "rows.csv", lines)
