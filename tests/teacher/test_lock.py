"""Two runs that ask the same teacher take turns."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from understudy.core.parent_watch import DVC_STAGE
from understudy.teacher.errors import StoppedError, TeacherError
from understudy.teacher.lock import teacher_lock

ROOT = Path(__file__).parents[2]
PATIENCE = 30
TEACHER = "http://127.0.0.1:1/v1 double"

ASKS = """
import sys
from pathlib import Path
from understudy.teacher.lock import teacher_lock
with teacher_lock(Path(sys.argv[1]), sys.argv[2], sys.argv[3]):
    print("alone", flush=True)
    sys.stdin.readline()
"""


class Runs:
    """Processes that hold a teacher until they are let go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, stage: str, teacher: str = TEACHER) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop(DVC_STAGE, None)
        process = subprocess.Popen(
            [sys.executable, "-c", ASKS, str(self.folder), teacher, stage],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    found = Runs(tmp_path)
    yield found
    for process in found.started:
        process.kill()
        process.communicate(timeout=PATIENCE)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def warned(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.readline().strip()


def release(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_the_second_run_names_the_first_and_waits_for_it(runs: Runs) -> None:
    first = runs.start("generate")
    assert said(first) == "alone"
    second = runs.start("zeroshot")
    waits = (
        f"waiting for generate (process {first.pid} in {Path.cwd()}), which asks the same teacher"
    )
    assert warned(second) == waits
    assert second.poll() is None
    release(first)
    assert said(second) == "alone"
    assert first.wait(PATIENCE) == 0


def test_a_killed_run_leaves_the_teacher_to_the_next(runs: Runs) -> None:
    first = runs.start("generate")
    assert said(first) == "alone"
    second = runs.start("zeroshot")
    assert warned(second).startswith("waiting for generate")
    first.kill()
    assert said(second) == "alone"


def test_what_a_killed_run_left_behind_names_nobody_who_waits(runs: Runs) -> None:
    first = runs.start("generate")
    assert said(first) == "alone"
    first.kill()
    first.wait(PATIENCE)
    second = runs.start("zeroshot")
    assert said(second) == "alone"
    assert warned(runs.start("generate")).startswith(f"waiting for zeroshot (process {second.pid} ")


def test_different_teachers_do_not_wait_for_each_other(runs: Runs) -> None:
    for number in range(3):
        assert said(runs.start("generate", f"{TEACHER}-{number}")) == "alone"


def test_an_unreadable_note_names_another_run(runs: Runs, tmp_path: Path) -> None:
    first = runs.start("generate")
    assert said(first) == "alone"
    note(tmp_path).write_bytes(b"\xff{")
    assert warned(runs.start("zeroshot")).startswith("waiting for another run, which asks")


def test_the_note_is_gone_afterwards(tmp_path: Path) -> None:
    with teacher_lock(tmp_path / "new", TEACHER, "generate"):
        about = json.loads(note(tmp_path / "new").read_text(encoding="utf-8"))
        assert (about["pid"], about["stage"]) == (os.getpid(), "generate")
    assert not note(tmp_path / "new").exists()


def test_a_folder_that_cannot_be_used_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with (
        pytest.raises(TeacherError, match=r"cannot hold a ledger .*set UNDERSTUDY_LEDGER"),
        teacher_lock(tmp_path / "file", TEACHER, "generate"),
    ):
        pass


def test_an_error_inside_frees_the_teacher(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="own"), teacher_lock(tmp_path, TEACHER, "generate"):
        raise ValueError("own")
    with teacher_lock(tmp_path, TEACHER, "generate"):
        pass


def test_a_run_whose_parent_is_gone_stops_waiting(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.teacher.lock.ParentWatch.alive", lambda _: False)
    assert said(runs.start("generate")) == "alone"
    with pytest.raises(StoppedError), teacher_lock(tmp_path, TEACHER, "zeroshot"):
        pass
    assert note(tmp_path).exists()  # it is the other run's


def note(folder: Path) -> Path:
    return folder / f"asking-{hashlib.sha256(TEACHER.encode()).hexdigest()[:16]}.json"
