"""Files as people have them: compressed, with marks and blank lines, or one JSON array."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.logs.shapes import ask, dump, langfuse, openai, write_lines
from understudy.core.errors import DataError
from understudy.logs import arrays, rawrecords
from understudy.logs.logged import LogCounts, LoggedCall, Reject
from understudy.logs.rawrecords import iterate_records
from understudy.logs.reader import read_log

LINE = dump(openai(ask("Ça va?"), "Oui."))


def read(path: Path) -> tuple[list[str], LogCounts]:
    """What became of the records of a file: "call", or the reason."""
    counts = LogCounts()
    found = list(read_log(path, counts=counts))
    assert counts.read == counts.calls + counts.rejected == len(found)
    return [one.reason if isinstance(one, Reject) else "call" for one in found], counts


def write(folder: Path, data: bytes, name: str = "log.jsonl") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_marks_blank_lines_and_other_line_ends_are_no_records(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + LINE + b"\r\n\r\n  \t\n" + LINE + b"\r\n\n"
    path = write(tmp_path, data)
    assert read(path)[0] == ["call", "call"]
    assert [call.line for call in read_log(path)] == [1, 4]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_a_file_of_nothing_has_no_records(tmp_path: Path, data: bytes) -> None:
    assert read(write(tmp_path, data))[1] == LogCounts()


def test_the_last_line_needs_no_end_but_its_whole_text(tmp_path: Path) -> None:
    assert read(write(tmp_path, LINE + b"\n" + LINE))[0] == ["call", "call"]
    assert read(write(tmp_path, LINE + b"\n" + LINE[:-9]))[0] == ["call", "not_json"]


def test_zeros_that_a_crash_left_at_the_end_are_one_reject(tmp_path: Path) -> None:
    assert read(write(tmp_path, LINE + b"\n" + b"\0" * 9000))[0] == ["call", "not_json"]


@pytest.mark.parametrize("name", ["log.jsonl.gz", "log.gz", "log.jsonl"])
def test_a_compressed_log_is_known_by_its_bytes(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, gzip.compress(LINE + b"\n" + LINE), name)
    assert read(path)[0] == ["call", "call"]


def test_a_plain_log_may_be_called_compressed(tmp_path: Path) -> None:
    assert read(write(tmp_path, LINE, "log.jsonl.gz"))[0] == ["call"]


@pytest.mark.parametrize("end", [-1, -8, -20])
def test_a_compressed_log_that_was_cut_off_ends_with_a_reject(tmp_path: Path, end: int) -> None:
    packed = gzip.compress((LINE + b"\n") * 50)
    found, _ = read(write(tmp_path, packed[:end], "log.jsonl.gz"))
    assert found[-1] == "not_json"
    assert set(found[:-1]) <= {"call"}


@pytest.mark.parametrize("packed", [b"\x1f\x8b", b"\x1f\x8bno gzip at all, but its first bytes"])
def test_what_only_begins_like_gzip_is_one_reject(tmp_path: Path, packed: bytes) -> None:
    assert read(write(tmp_path, packed))[0] == ["not_json"]


def test_a_line_that_is_too_large_is_skipped_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rawrecords, "LARGEST", 1000)
    large = dump(openai(ask("x" * 5000), "y"))
    path = write_lines(tmp_path / "log.jsonl", [LINE, large, LINE])
    assert read(path)[0] == ["call", "too_large", "call"]
    last = list(iterate_records(path))[-1]
    assert last.offset == len(LINE) + len(large) + 2
    assert read(write(tmp_path, LINE + b"\n" + large))[0] == ["call", "too_large"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_named_with_the_way_out(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, LINE.decode().encode(encoding))
    with pytest.raises(DataError, match=r"this is UTF-\d\d.*iconv -f UTF"):
        read(path)


@pytest.mark.parametrize("name", ["answers.parquet", "log.csv", "log"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"{name}: expected a log of JSON lines ending in .jsonl"):
        read(write(tmp_path, LINE, name))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none.jsonl: no such file"):
        read(tmp_path / "none.jsonl")


def array(*records: Any, **layout: Any) -> bytes:
    return json.dumps(records, ensure_ascii=False, **layout).encode()


RECORDS = [langfuse(ask(f"Nummer {number} “ü” [,] {{"), f"{number}") for number in range(9)]


@pytest.mark.parametrize("layout", [{}, {"indent": 2}, {"separators": (",", ":")}])
@pytest.mark.parametrize("chunk", [1, 7, 100, 2**20])
def test_an_array_is_read_element_by_element(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: dict[str, Any], chunk: int
) -> None:
    monkeypatch.setattr(arrays, "CHUNK", chunk)
    path = write(tmp_path, array(*RECORDS, **layout), "export.json")
    calls = list(read_log(path))
    assert [call.messages for call in calls if isinstance(call, LoggedCall)] == [
        record["input"] for record in RECORDS
    ]
    assert [call.line for call in calls] == list(range(1, 10))


@pytest.mark.parametrize("name", ["export.json", "export.JSON", "export.json.gz"])
def test_an_array_is_known_by_its_first_character(tmp_path: Path, name: str) -> None:
    data = b"\xef\xbb\xbf\n " + array(*RECORDS) + b"\n"
    path = write(tmp_path, gzip.compress(data) if name.endswith("gz") else data, name)
    assert read(path)[0] == ["call"] * 9


@pytest.mark.parametrize("data", [b"[]", b" [ ] \n"])
def test_an_empty_array_has_no_records(tmp_path: Path, data: bytes) -> None:
    assert read(write(tmp_path, data, "export.json"))[0] == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[", ["not_json"]),
        (b"[1", ["not_a_call", "not_json"]),
        (b"[1, 22, null, true]", ["not_a_call"] * 4),
        (b"[1,]", ["not_a_call", "not_json"]),
        (b"[1 2]", ["not_a_call", "not_json"]),
        (b"[1] 2", ["not_a_call", "not_json"]),
        (b"[nope]", ["not_json"]),
        (b'["\xff", 1]', ["not_json", "not_a_call"]),
        (b"[" * 100_000, ["not_json"]),
        (array(*RECORDS)[:-100], [*["call"] * 8, "not_json"]),
        (array(*RECORDS)[:-1], [*["call"] * 9, "not_json"]),
    ],
)
def test_a_damaged_array_is_read_up_to_the_damage(
    tmp_path: Path, data: bytes, expected: list[str]
) -> None:
    assert read(write(tmp_path, data, "export.json"))[0] == expected


def test_an_element_that_is_too_large_or_never_ends_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rawrecords, "LARGEST", 5000)
    monkeypatch.setattr(arrays, "CHUNK", 512)
    large = langfuse(ask("x" * 20_000), "y")
    path = write(tmp_path, array(RECORDS[0], large, RECORDS[1]), "export.json")
    assert read(path)[0] == ["call", "too_large"]


def test_an_array_in_a_compressed_file_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(array(*RECORDS))[:-30], "export.json.gz")
    found, _ = read(path)
    assert found[-1] == "not_json"
    assert set(found[:-1]) <= {"call"}
