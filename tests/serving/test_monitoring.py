"""Figures of several workers, and the form of the log's lines."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import run_python
from understudy.serving.monitoring import SHARED, ToJson, forget_dead_workers, log


def test_gauges_of_dead_workers_are_forgotten_and_what_they_counted_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SHARED, str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid in (gone.pid, os.getpid()):
        for kind in ("gauge_livesum", "counter", "histogram"):
            (tmp_path / f"{kind}_{pid}.db").touch()
    forget_dead_workers()
    left = {f"{kind}_{os.getpid()}.db" for kind in ("gauge_livesum", "counter", "histogram")}
    left |= {f"{kind}_{gone.pid}.db" for kind in ("counter", "histogram")}
    assert {file.name for file in tmp_path.iterdir()} == left


def test_a_line_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    log("event", text="a\nb\u2028c\ud800")
    [line] = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert (found["event"], found["level"], found["text"]) == ("event", "info", "a\nb\u2028c\ud800")


@pytest.mark.parametrize("end", ["sys.stderr.close()", "pass"])
def test_a_log_that_takes_no_more_lines_stops_nothing(end: str) -> None:
    code = (
        f"import sys; from understudy.serving.monitoring import log; {end}; log('a'); print('on')"
    )
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = run_python("-c", code, capture_output=False, stdout=subprocess.PIPE, stderr=full)
    assert done.stdout == "on\n"


def test_what_libraries_say_becomes_such_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("uvicorn", logging.WARNING, "", 0, "two\nlines", (), None)
    ToJson().emit(record)
    [line] = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert (found["event"], found["level"]) == ("uvicorn", "warning")
    assert found["message"] == "two lines"
