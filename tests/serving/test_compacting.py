import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.serving.served_rows import DAY, journals_in, read_served, requests_in, served_row
from understudy.contract.served import SERVED_SCHEMA
from understudy.core.errors import DataError
from understudy.serving.compacting import Compacted, compact, to_line
from understudy.serving.keeping import Journal

COMPACT = """
import sys
from pathlib import Path
from understudy.serving.compacting import compact
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    compact(Path(sys.argv[1]))
"""


def write_journal(folder: Path, *numbers: int, end: bytes = b"") -> Path:
    """What a process that was killed has left."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{DAY}.{'-'.join(map(str, numbers))}.jsonl"
    path.write_bytes(b"".join(to_line(served_row(number)) for number in numbers) + end)
    return path


def test_rows_come_back_as_they_were_sorted_by_time(tmp_path: Path) -> None:
    (tmp_path / f".{DAY}.parquet.partial").write_bytes(b"PAR1 half")  # of a run that was killed
    write_journal(tmp_path, 5, 1)
    write_journal(tmp_path, 3)
    assert compact(tmp_path) == Compacted(rows=3)
    assert read_served(tmp_path) == [served_row(number) for number in (1, 3, 5)]
    assert journals_in(tmp_path) == []
    schema = pq.read_schema(tmp_path / f"{DAY}.parquet")
    assert dict(zip(schema.names, schema.types, strict=True)) == SERVED_SCHEMA
    before = (tmp_path / f"{DAY}.parquet").stat().st_ino
    write_journal(tmp_path)
    assert compact(tmp_path) == Compacted()
    assert (tmp_path / f"{DAY}.parquet").stat().st_ino == before  # nothing new, nothing written
    write_journal(tmp_path, 2)
    assert compact(tmp_path) == Compacted(rows=1)
    assert requests_in(tmp_path) == [f"request-{number}" for number in (1, 2, 3, 5)]


def test_a_kill_before_the_journals_are_removed_doubles_no_row(tmp_path: Path) -> None:
    left = [write_journal(tmp_path, 1, 2), write_journal(tmp_path, 3)]
    content = [path.read_bytes() for path in left]
    compact(tmp_path)
    for path, data in zip(left, content, strict=True):
        path.write_bytes(data)
    write_journal(tmp_path, 4)
    assert compact(tmp_path) == Compacted(rows=1)
    assert requests_in(tmp_path) == [f"request-{number}" for number in (1, 2, 3, 4)]
    assert journals_in(tmp_path) == []


def test_an_open_journal_is_read_up_to_now_and_stays(tmp_path: Path) -> None:
    journal = Journal(date.fromisoformat(DAY), tmp_path)
    for number in range(3):
        journal.add(to_line(served_row(number)))
        assert compact(tmp_path) == Compacted(rows=1)
        assert len(journals_in(tmp_path)) == 1
    journal.close()
    assert compact(tmp_path) == Compacted()
    assert requests_in(tmp_path) == ["request-0", "request-1", "request-2"]
    assert journals_in(tmp_path) == []


def test_half_a_line_at_the_end_is_dropped_and_counted(tmp_path: Path) -> None:
    write_journal(tmp_path, 1, 2, end=to_line(served_row(3))[:40])
    assert compact(tmp_path) == Compacted(rows=2, dropped=1)
    assert requests_in(tmp_path) == ["request-1", "request-2"]
    assert compact(tmp_path) == Compacted()


def test_half_a_line_of_a_running_server_is_not_read_yet(tmp_path: Path) -> None:
    journal = Journal(date.fromisoformat(DAY), tmp_path)
    line = to_line(served_row(1))
    with journals_in(tmp_path)[0].open("ab") as file:
        file.write(line[:40])
        file.flush()
        assert compact(tmp_path) == Compacted()
        file.write(line[40:])
    assert compact(tmp_path) == Compacted(rows=1)
    journal.close()


@pytest.mark.parametrize(
    "line",
    [
        b"\0\0\0\0\n",
        b"\xff\n",
        b"[]\n",
        b'"text"\n',
        b"{}\n",
        b'{"time": "noon"}\n',
        b'{"time": "2026-11-28T12:00:00+00:00", "article": 5}\n',
        b'{"time": "2026-11-28T12:00:00+00:00", "article": "\\ud800"}\n',
        b'{"time": "2026-11-28T12:00:00"}\n',
    ],
)
def test_a_line_that_is_no_row_is_dropped_and_counted(tmp_path: Path, line: bytes) -> None:
    write_journal(tmp_path, 1, end=line + to_line(served_row(2)))
    assert compact(tmp_path) == Compacted(rows=2, dropped=1)
    assert requests_in(tmp_path) == ["request-1", "request-2"]


def test_each_day_has_a_file(tmp_path: Path) -> None:
    write_journal(tmp_path, 1)
    (tmp_path / "2026-11-29.other.jsonl").write_bytes(to_line(served_row(2, days=1)))
    assert compact(tmp_path) == Compacted(rows=2)
    assert [path.name for path in sorted(tmp_path.glob("*.parquet"))] == [
        "2026-11-28.parquet",
        "2026-11-29.parquet",
    ]


def test_a_broken_table_is_an_error_and_its_rows_wait(tmp_path: Path) -> None:
    journal = write_journal(tmp_path, 1)
    (tmp_path / f"{DAY}.parquet").write_bytes(b"no table")
    with pytest.raises(DataError, match=r"2026-11-28\.parquet: not a readable.*move it away"):
        compact(tmp_path)
    assert journal.exists()
    (tmp_path / f"{DAY}.parquet").unlink()
    assert compact(tmp_path) == Compacted(rows=1)


def test_without_a_folder_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert compact(tmp_path / "none") == Compacted()
    assert not (tmp_path / "none").exists()


def test_processes_that_compact_at_once_beside_a_writer_lose_and_double_no_row(
    tmp_path: Path,
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COMPACT, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for start in range(0, 1000, 100):
        journal = Journal(date.fromisoformat(DAY), tmp_path)
        for number in range(start, start + 100):
            journal.add(to_line(served_row(number)))
        journal.close()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    compact(tmp_path)
    assert requests_in(tmp_path) == [f"request-{number}" for number in range(1000)]
    assert journals_in(tmp_path) == []
