"""Progress: a bar in a terminal; whole lines, few of them, in a log."""

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.imports import ROOT
from understudy.core.progress import Lines, format_seconds, track

WORK = """
from understudy.core.progress import open_progress, track
for _ in track(range(5000), "fetch train"): pass
with open_progress("train-t5@gold", 700, "steps") as bar:
    for _ in range(700): bar.update()
    bar.set_postfix_str("train_loss=2.1")
"""


Captured = pytest.CaptureFixture[str]


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def advance(lines: Lines, clock: Clock, seconds: int, a_second: int = 1) -> None:
    for _ in range(seconds):
        clock.now += 1
        lines.update(a_second)


def test_lines_come_every_half_minute_and_at_the_end(clock: Clock, capsys: Captured) -> None:
    with Lines("train-t5@gold", 700, "steps", clock=clock) as lines:
        advance(lines, clock, 70, 10)
        lines.set_postfix_str("train_loss=2.1")
    assert capsys.readouterr().err.splitlines() == [
        "train-t5@gold: 300 of 700 steps (42%), 10.0 steps/s, 40 s left",
        "train-t5@gold: 600 of 700 steps (85%), 10.0 steps/s, 10 s left",
        "train-t5@gold: 700 steps in 70 s, 10.0 steps/s, train_loss=2.1",
    ]
    with Lines("generate", 20_000, "answers", clock=clock) as lines:
        advance(lines, clock, 3600)
    shown = capsys.readouterr().err
    assert (shown.count("\n"), shown.count("\r")) == (121, 0)
    third, last = shown.splitlines()[2::118]
    assert third == "generate: 90 of 20,000 answers (0%), 1.0 answers/s, 5 h 32 min left"
    assert last == "generate: 3,600 of 20,000 answers (18%) in 60 min, 1.0 answers/s"


def test_totals_batches_and_earlier_work_are_told(clock: Clock, capsys: Captured) -> None:
    with Lines("read gold/train", None, "rows", clock=clock) as lines:
        advance(lines, clock, 4, 500)
    lines.close()
    assert capsys.readouterr().err == "read gold/train: 2,000 rows in 4 s, 500 rows/s\n"
    lines = Lines("generate", 700, "answers", clock=clock)
    for _ in range(9):
        clock.now += 10
        lines.set_postfix_str("batch in_progress", refresh=False)
    assert capsys.readouterr().err == "generate: 0 of 700 answers (0%), batch in_progress\n" * 3
    with Lines("train-t5@gold", 700, "steps", initial=600, clock=clock) as lines:
        advance(lines, clock, 50, 2)
    first, last = capsys.readouterr().err.splitlines()
    assert first == "train-t5@gold: 660 of 700 steps (94%), 2.0 steps/s, 20 s left"
    assert last == "train-t5@gold: 700 steps in 50 s, 2.0 steps/s"


def test_work_that_is_not_worth_a_line_has_none(clock: Clock, capsys: Captured) -> None:
    short = Lines("train", 10, "rows", delay=2, clock=clock)
    passing = Lines("rouge", 10, "pairs", leave=False, clock=clock)
    off = Lines("off", 10, "rows", disable=True, clock=clock)
    failed = Lines("failed", 10, "rows", clock=clock)
    advance(short, clock, 1)
    short.close()
    advance(passing, clock, 9)
    passing.close()
    advance(off, clock, 60)
    for lines in (off, failed):
        lines.close()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "0 s"), (28.4, "28 s"), (99.4, "99 s"), (130, "2 min"), (7500, "2 h 05 min")],
)
def test_times_are_in_the_unit_that_fits(seconds: float, shown: str) -> None:
    assert format_seconds(seconds) == shown


def test_an_error_ends_the_line(capsys: Captured) -> None:
    def fail() -> None:
        for number in track(range(9), "fetch train"):
            if number == 5:
                raise ValueError("the fifth")

    with pytest.raises(ValueError, match="the fifth"):
        fail()
    assert re.fullmatch(r"fetch train: 5 rows in \d s, \S+ rows/s\n", capsys.readouterr().err)


def run(stderr: int, **env: str) -> None:
    subprocess.run(
        [sys.executable, "-c", WORK],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        stderr=stderr,
        check=True,
    )


def test_a_log_has_a_line_for_each_piece_of_work_and_no_carriage_return(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        run(log.fileno())
    shown = (tmp_path / "log").read_bytes().decode()
    assert re.fullmatch(
        r"fetch train: 5,000 rows in \d+ s, \S+ rows/s\n"
        r"train-t5@gold: 700 steps in \d+ s, \S+ steps/s, train_loss=2\.1\n",
        shown,
    )
    with (tmp_path / "quiet").open("wb") as log:
        run(log.fileno(), TQDM_DISABLE="1")
    assert (tmp_path / "quiet").read_bytes() == b""


def test_a_terminal_has_bars(tmp_path: Path) -> None:
    for env, redrawn in (({}, True), ({"TQDM_DISABLE": "1"}, False)):
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        run(slave, **env)
        os.close(slave)
        shown = b""
        try:
            while piece := os.read(master, 4096):
                shown += piece
        except OSError:  # the other end is closed
            pass
        os.close(master)
        assert (b"\rtrain-t5@gold: 100%" in shown) == redrawn


def test_nothing_else_draws_bars() -> None:
    using = [
        path.relative_to(ROOT).as_posix()
        for folder in ("understudy", "stages")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\btqdm import\b(?! disable_)|import tqdm", path.read_text(encoding="utf-8"))
    ]
    assert using == ["understudy/core/progress.py"]
