"""Text files of any origin: what is read, and what is refused in one line."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.contract.document import Record, read_csv
from understudy.core.errors import DataError, ParamsError
from understudy.core.files import read_json
from understudy.core.params import read_params
from understudy.core.reading import iterate_lines, read_text

CONFLICT = "<<<<<<< HEAD\n{0}\n=======\n{1}\n>>>>>>> other branch\n"


class Line(Record):
    step: int


def test_a_byte_order_mark_is_left_out_of_every_text_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    mark = b"\xef\xbb\xbf"
    path.write_bytes(mark + "é\r\n\u2028\n".encode())
    assert read_text(path) == "é\n\u2028\n"
    path.write_bytes(mark + b'{"a": 1}')
    assert read_json(path) == {"a": 1}
    path.write_bytes(mark + b"fetch: {limit: 3}\n")
    assert read_params(path) == {"fetch": {"limit": 3}}
    path.write_bytes(mark + b"step\n3\n")
    assert read_csv(path, Line) == [Line(step=3)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_named_and_how_to_convert_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "my file.txt"
    path.write_bytes("id,article\n".encode(encoding))
    name = encoding.upper().replace("-LE", "LE").replace("-BE", "BE")
    expected = f"{path}: this is {name}, expected UTF-8: `iconv -f {name} -t UTF-8 '{path}' > NEW`"
    with pytest.raises(DataError) as caught:
        read_text(path)
    assert str(caught.value) == expected
    with pytest.raises(DataError) as caught:
        list(iterate_lines(path.open("rb"), path))
    assert str(caught.value) == expected


def test_a_byte_that_is_no_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes("a: 1\nb: Zürich\n".encode("cp1252"))
    with pytest.raises(ParamsError, match=r"params\.yaml: line 2: the byte 0xfc is not UTF-8; "):
        read_params(path)


def test_only_line_feeds_end_a_line() -> None:
    content = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei\rj\r\n\nlast".encode()
    assert list(iterate_lines(io.BytesIO(content), Path("x"))) == [
        (1, "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei\rj"),
        (2, ""),
        (3, "last"),
    ]


def test_a_merge_conflict_is_named_by_each_reader_with_file_and_line(tmp_path: Path) -> None:
    content = "step\n1\n" + CONFLICT.format(2, 3)
    readers: dict[str, Callable[[Path], object]] = {
        "metrics/systems.json": read_json,
        "params.yaml": read_params,
        "curve.csv": lambda path: read_csv(path, Line),
        "rows.jsonl": lambda path: list(iterate_lines(path.open("rb"), path)),
    }
    for name, read in readers.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        for ending in ("\n", "\r\n"):
            path.write_text(content, "utf-8", newline=ending)
            with pytest.raises((DataError, ParamsError)) as caught:
                read(path)
            assert str(caught.value).startswith(
                f"{path}:3: a merge conflict is not resolved (<<<<<<< HEAD); keep one side, and "
                "delete the marker lines down to line 7"
            )


@pytest.mark.parametrize(
    "text",
    [
        "News\n=======\nText\n",
        "<<<<<<< HEAD\n=======\n",
        ">>>>>>> b\n=======\n<<<<<<< HEAD\n",
        "a <<<<<<< HEAD\n=======\n>>>>>>> b\n",
        "<<<<<<<<< HEAD\n=======\n>>>>>>> b\n",
    ],
)
def test_what_only_looks_like_a_marker_is_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prompt.txt"
    path.write_text(text, "utf-8")
    assert read_text(path) == text


def test_a_quotation_of_a_conflict_in_a_row_is_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"article": CONFLICT}) + "\n", "utf-8")
    assert len(list(iterate_lines(path.open("rb"), path))) == 1
