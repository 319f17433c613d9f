"""What stands under its final name is whole; what cannot be read is a one-line error."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from understudy.core.errors import DataError
from understudy.core.files import read_json, replacing, write_json
from understudy.core.tables import BATCH_ROWS, iterate_table, read_table, table_writer, text_columns

ROOT = Path(__file__).parents[1]
Read = Callable[[Path, list[str]], Any]
READERS: list[Read] = [read_table, lambda path, columns: list(iterate_table(path, columns))]
_EACH_READER = pytest.mark.parametrize("read", READERS, ids=["read_table", "iterate_table"])


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def _write_folder(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "weights").write_text(text)
    (folder / "deeper").mkdir()
    (folder / "deeper" / "config").write_text(text)


def _fail(path: Path, write: Callable[[Path], object], error: type[BaseException]) -> None:
    """A block that writes something and then fails."""

    def block() -> None:
        with replacing(path) as partial:
            write(partial)
            assert partial.exists()
            raise error

    with pytest.raises(error):
        block()


def _write_rows(path: Path, count: int) -> None:
    with table_writer(path, text_columns("id", "article")) as table:
        for number in range(count):
            table.add({"id": f"{number}", "article": f"{number} {hash(str(number))}" * 20})


def _refusal(call: Callable[[], object]) -> str:
    with pytest.raises(DataError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_new_content_is_seen_when_the_block_ends_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file"
    for text in ("first", "second"):
        with replacing(path) as partial:
            partial.write_text(text)
        assert path.read_text() == text
    assert _names(path.parent) == ["file"]
    path = tmp_path / "file"
    with replacing(path) as partial:
        partial.write_text("whole")
        assert not path.exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failing_block_leaves_the_old_content(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    _fail(path, lambda partial: partial.write_text("half"), error)
    assert path.read_text() == "old"
    assert _names(tmp_path) == ["file"]


def test_what_fails_halfway_leaves_no_file(tmp_path: Path) -> None:
    _fail(tmp_path / "file", lambda partial: partial.write_text("half"), ValueError)
    assert _names(tmp_path) == []
    path = tmp_path / "table.parquet"

    def block() -> None:
        with table_writer(path, text_columns("id")) as table:
            for _ in range(BATCH_ROWS + 1):
                table.add({"id": "a"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        block()
    assert _names(tmp_path) == []


def test_a_folder_takes_the_place_of_an_old_one_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "model"
    _write_folder(path, "old")
    (path / "stale").write_text("old")
    with replacing(path) as partial:
        _write_folder(partial, "new")
    files = {str(f.relative_to(path)): f.read_text() for f in path.rglob("*") if f.is_file()}
    assert files == {"weights": "new", "deeper/config": "new"}
    assert _names(tmp_path) == ["model"]
    _fail(path, lambda partial: _write_folder(partial, "half"), ValueError)
    assert (path / "weights").read_text() == (path / "deeper" / "config").read_text() == "old"
    assert _names(tmp_path) == ["model"]


def test_what_a_killed_run_left_does_not_end_up_in_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "model"
    _write_folder(tmp_path / ".model.partial", "left by a killed run")
    with replacing(path) as partial:
        partial.mkdir()
        (partial / "weights").write_text("new")
    assert [file.name for file in path.iterdir()] == ["weights"]


@pytest.mark.parametrize("old", [True, False], ids=["over an old one", "the first time"])
@pytest.mark.parametrize("kind", ["file", "folder", "table"])
def test_a_killed_process_leaves_the_name_as_it_was(tmp_path: Path, kind: str, old: bool) -> None:
    path = tmp_path / "output"
    if old:
        path.write_text("old")
    write = {
        "file": "with replacing(path) as partial:\n    partial.write_text('half'); die()",
        "folder": "with replacing(path) as partial:\n"
        "    partial.mkdir(); (partial / 'weights').write_text('half'); die()",
        "table": f"with table_writer(path, text_columns('id')) as table:\n"
        f"    for number in range({BATCH_ROWS + 1}): table.add({{'id': 'a'}})\n"
        "    die()",
    }
    script = (
        "import os, signal\nfrom pathlib import Path\n"
        "from understudy.core.tables import replacing, table_writer, text_columns\n"
        f"path = Path({str(path)!r})\n"
        "def die(): os.kill(os.getpid(), signal.SIGKILL)\n" + write[kind]
    )
    process = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert (tmp_path / ".output.partial").exists()
    assert path.exists() == old
    assert not old or path.read_text() == "old"


@pytest.mark.parametrize("count", [0, 1, BATCH_ROWS, 2 * BATCH_ROWS + 1])
def test_every_row_comes_back_in_order(tmp_path: Path, count: int) -> None:
    path = tmp_path / "table.parquet"
    with table_writer(path, {**text_columns("id"), "row": pa.int64()}) as table:
        for number in range(count):
            table.add({"id": f"é\n{number}", "row": number})
    assert table.count == count
    rows = [{"id": f"é\n{number}", "row": number} for number in range(count)]
    assert list(iterate_table(path, ["id", "row"])) == rows
    assert read_table(path).to_dict("records") == rows


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pd.DataFrame({"a": [1], "b": [2], "c": [3]}).to_parquet(path)
    assert list(read_table(path, ["c", "a"]).columns) == ["c", "a"]
    assert list(iterate_table(path, ["b"])) == [{"b": 2}]


@_EACH_READER
def test_a_missing_table_is_named_with_what_brings_it(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "absent.parquet"
    expected = f"{path}: no such file; `dvc repro` makes it, `dvc pull` gets it"
    assert _refusal(lambda: read(path, ["id"])) == expected


@_EACH_READER
def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "table.parquet"
    _write_rows(path, 1)
    message = _refusal(lambda: read(path, ["id", "highlights"]))
    assert message.startswith(f"{path}: no column 'highlights'; it has id, article")
    assert "`dvc repro`" in message


@_EACH_READER
@pytest.mark.parametrize("damage", ["empty", "text", "cut", "holed", "folder"])
def test_a_broken_table_is_one_line_and_the_command(
    tmp_path: Path, read: Read, damage: str
) -> None:
    path = tmp_path / "table.parquet"
    _write_rows(path, 500)
    whole = path.read_bytes()
    hole = len(whole) // 4
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        content = {
            "empty": b"",
            "text": b"id,article\n1,a\n" * 9,
            "cut": whole[: len(whole) // 2],
            "holed": whole[:8] + b"\xff" * hole + whole[8 + hole :],
        }
        path.write_bytes(content[damage])
    message = _refusal(lambda: read(path, ["id", "article"]))
    assert message.startswith(f"{path}: not a readable Parquet file: ")
    assert "`dvc repro`" in message


def test_an_error_of_the_reader_of_rows_stays_that_error(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    _write_rows(path, 3)

    def full_disk() -> None:
        for _ in iterate_table(path, ["id"]):
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        full_disk()


def test_a_value_that_lacks_is_null_and_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    with table_writer(path, text_columns("id", "article")) as table:
        table.add({"id": "a"})
    assert pq.read_table(path).to_pylist() == [{"id": "a", "article": None}]
    with pytest.raises(pa.ArrowException), table_writer(path, text_columns("id")) as table:
        table.add({"id": 3})
    assert pq.read_table(path).num_rows == 1


def test_json_comes_back_as_it_was_and_stays_where_it_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"naïve": {"a": 1}})
    assert path.read_text("utf-8") == '{\n  "naïve": {\n    "a": 1\n  }\n}\n'
    assert read_json(path) == {"naïve": {"a": 1}}
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert _names(tmp_path) == ["metrics.json"]


@pytest.mark.parametrize("content", [None, b"", b'{"a": ', b"[1]", b"\xff"])
def test_broken_json_is_one_line_and_the_command(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "source.json"
    if content is not None:
        path.write_bytes(content)
    message = _refusal(lambda: read_json(path))
    assert message.startswith(f"{path}: ")
    assert "`dvc repro`" in message
