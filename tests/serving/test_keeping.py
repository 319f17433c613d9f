import signal
import subprocess
import sys
import threading
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.imports import run_python
from tests.serving.served_rows import (
    DAY,
    NOON,
    journals_in,
    read_served,
    requests_in,
    served_row,
)
from understudy.serving.compacting import compact
from understudy.serving.keeping import Journal, Keeper

KEEP = """
import sys
from itertools import count
from pathlib import Path
from tests.imports import run_python
from tests.serving.served_rows import served_row
from understudy.serving.keeping import Keeper
keeper = Keeper(lambda *_, **__: None, Path(sys.argv[1]))
for number in count(int(sys.argv[2])):
    keeper.add(served_row(number))
    print(number, flush=True)
"""


class Events(list[tuple[str, dict[str, Any]]]):
    """What was logged."""

    def __call__(self, event: str, level: str = "info", **facts: Any) -> None:
        self.append((event, {"level": level, **facts}))


@pytest.fixture
def events() -> Events:
    return Events()


def test_a_row_is_on_its_way_to_the_disk_at_once_and_in_the_table_at_the_end(
    tmp_path: Path, events: Events
) -> None:
    keeper = Keeper(events, tmp_path / "served")
    keeper.start()
    keeper.add(served_row(1, article="Müller's\r\n\x00 „text“ \u2028"))
    assert b"request-1" in journals_in(tmp_path / "served")[0].read_bytes()
    keeper.stop()
    assert read_served(tmp_path / "served") == [
        served_row(1, article="Müller's\r\n\x00 „text“ \u2028")
    ]
    assert journals_in(tmp_path / "served") == []
    assert (keeper.kept, keeper.lost, events) == (1, 0, [])


def test_a_server_that_answered_nothing_makes_no_file(tmp_path: Path, events: Events) -> None:
    keeper = Keeper(events, tmp_path / "served")
    keeper.start()
    keeper.stop()
    assert list(tmp_path.iterdir()) == []


def test_the_next_start_compacts_what_is_left(tmp_path: Path, events: Events) -> None:
    first = Keeper(events, tmp_path)
    first.add(served_row(1))
    second = Keeper(events, tmp_path)
    second.start()
    second.stop()
    assert requests_in(tmp_path) == ["request-1"]
    assert len(journals_in(tmp_path)) == 1  # of the first, which is still open
    first.add(served_row(2))
    first.stop()
    assert requests_in(tmp_path) == ["request-1", "request-2"]


def wait_for_compaction() -> None:
    for thread in threading.enumerate():
        if thread.name == "compaction":
            thread.join()


def test_midnight_compacts_the_day_that_is_over(tmp_path: Path, events: Events) -> None:
    keeper = Keeper(events, tmp_path)
    keeper.add(served_row(1))
    keeper.add(served_row(2, days=1))
    wait_for_compaction()
    assert "request-1" in requests_in(tmp_path)
    keeper.add(served_row(3))  # came before midnight, was answered after it
    keeper.add(served_row(4, days=1))
    assert len(journals_in(tmp_path)) == 2
    keeper.add(served_row(5, days=2))
    wait_for_compaction()
    assert len(journals_in(tmp_path)) == 2
    keeper.add(served_row(6, days=-9))
    keeper.stop()
    found = {path.stem: path for path in tmp_path.glob("*.parquet")}
    assert sorted(found) == ["2026-11-19", DAY, "2026-11-29", "2026-11-30"]
    assert sorted(requests_in(tmp_path)) == [f"request-{number}" for number in range(1, 7)]


def test_the_day_is_that_of_utc(tmp_path: Path, events: Events) -> None:
    keeper = Keeper(events, tmp_path)
    late = NOON.replace(hour=23, minute=30).astimezone(timezone(timedelta(hours=2)))
    keeper.add(served_row(1, time=late))
    keeper.add({"time": late, "article": "A column that is not there.", "unknown": 1})
    keeper.stop()
    assert [path.stem for path in tmp_path.glob("*.parquet")] == [DAY]
    first, second = read_served(tmp_path)
    assert (first["time"], second["article"]) == (late, "A column that is not there.")
    assert second["request"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"article": "\ud800"},
        {"confidence": "high"},
        {"article": 5},
        {"time": None},
        {"time": NOON.replace(tzinfo=None)},
    ],
)
def test_a_row_of_another_form_is_lost_and_logged_and_spoils_no_other(
    tmp_path: Path, events: Events, change: dict[str, Any]
) -> None:
    keeper = Keeper(events, tmp_path)
    keeper.add(served_row(1))
    keeper.add(served_row(2, **change))
    keeper.add(served_row(3))
    keeper.stop()
    assert requests_in(tmp_path) == ["request-1", "request-3"]
    assert (keeper.kept, keeper.lost) == (2, 1)
    assert [event for event, _ in events] == ["served_row_lost"]


def test_a_folder_that_cannot_be_written_is_one_line_and_a_count(events: Events) -> None:
    keeper = Keeper(events, Path("/dev/null/served"))
    for number in range(5):
        keeper.add(served_row(number))
    assert (keeper.kept, keeper.lost) == (0, 5)
    assert [event for event, _ in events] == ["served_row_lost"]
    assert events[0][1]["level"] == "error"


def test_a_full_disk_is_one_line_and_leaves_no_half_row_and_later_rows_are_kept(
    tmp_path: Path,
) -> None:
    limited = """
import resource, signal, sys
from pathlib import Path
from tests.imports import run_python
from tests.serving.served_rows import served_row
from understudy.serving.keeping import Keeper
events = []
keeper = Keeper(lambda event, *_, **__: events.append(event), Path(sys.argv[1]))
keeper.add(served_row(1))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (600, resource.RLIM_INFINITY))
for number in range(2, 9):
    keeper.add(served_row(number, article="long " * 100))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
keeper.add(served_row(9))
print(keeper.kept, keeper.lost, *events)
"""
    done = run_python("-c", limited, tmp_path, check=True)
    kept, lost, *events = done.stdout.split()
    assert int(kept) + int(lost) == 9
    assert int(lost) > 0
    assert events == ["served_row_lost"]
    done_rows = compact(tmp_path)
    assert (done_rows.rows, done_rows.dropped) == (int(kept), 0)
    assert requests_in(tmp_path)[-1] == "request-9"


def start_worker(folder: Path, first: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", KEEP, str(folder), str(first)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_workers_that_are_killed_lose_and_double_no_row(tmp_path: Path) -> None:
    told: list[int] = []
    for turn in range(2):
        workers = [start_worker(tmp_path, 10_000 * (2 * turn + n)) for n in range(2)]
        for worker in workers:
            with worker, worker.stdout as output:  # type: ignore[union-attr]
                told.extend(int(next(output)) for _ in range(50))
                compact(tmp_path)
                worker.send_signal(signal.SIGKILL)
                told.extend(int(line) for line in output if line.endswith("\n"))
    assert compact(tmp_path).dropped == 0
    found = requests_in(tmp_path)
    assert len(found) == len(set(found))
    assert {f"request-{number}" for number in told} <= set(found)
    assert len(found) - len(told) <= 4  # kept, and killed before it could say so
    assert journals_in(tmp_path) == []


def test_a_table_that_cannot_be_read_is_logged_and_the_rows_wait(
    tmp_path: Path, events: Events
) -> None:
    (tmp_path / f"{DAY}.parquet").write_bytes(b"no table")
    keeper = Keeper(events, tmp_path)
    keeper.add(served_row(1))
    keeper.stop()
    assert [event for event, _ in events] == ["served_not_compacted"]
    assert len(journals_in(tmp_path)) == 1


def test_a_torn_line_is_logged_at_the_next_start(tmp_path: Path, events: Events) -> None:
    (tmp_path / f"{DAY}.torn.jsonl").write_bytes(b'{"time": "2026')
    keeper = Keeper(events, tmp_path)
    keeper.start()
    keeper.stop()
    assert events == [("served_lines_dropped", {"level": "warning", "lines": 1})]


def test_a_journal_is_locked_before_it_has_its_name(tmp_path: Path) -> None:
    journal = Journal(NOON.date(), tmp_path)
    compact(tmp_path)
    assert len(journals_in(tmp_path)) == 1
    journal.close()
