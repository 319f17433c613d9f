"""understudy predict --engine ray, on a cluster of two workers on this machine."""

import importlib.util
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.imports import ROOT
from tests.tools.bulk.articles import (
    COMMAND,
    list_files,
    predict,
    read_all,
    times,
    write_articles,
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="needs ray: pip install ray"
)
NAMES = [f"part-{number:02}.jsonl" for number in range(12)]
WORKERS = ("--engine", "ray", "--workers", "2")
PATIENCE = 60.0
"""Seconds until processes that must end have ended."""
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("in")
    for seed, name in enumerate(NAMES):
        write_articles(folder / name, seed, rows=60)
    return folder


@pytest.fixture(scope="module")
def expected(
    model: Path, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What one process makes of it."""
    out = tmp_path_factory.mktemp("one")
    assert predict("--model", model, "--input", source, "--output", out) == 0
    return read_all(out)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def start(model: Path, source: Path, out: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the command with two workers; at the end nothing that it has started is alive."""
    started: list[psutil.Process] = []

    def run() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*COMMAND, *map(str, ("--model", model, "--input", source, "--output", out)), *WORKERS],
            env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(psutil.Process(process.pid))
        return process

    yield run
    for process in started:
        assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not (tmp_path / ".ray").exists()


def read_until(process: "subprocess.Popen[str]", text: str) -> None:
    """Reads what a command says up to a line with a text."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if text in line:
            return
    raise AssertionError("".join(said))


def family(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """All processes that a command has started. Ray's agents outlive a killed one for a minute."""
    return list(psutil.Process(process.pid).children(recursive=True))


def finish(process: "subprocess.Popen[str]") -> str:
    """What the command says until it ends, which it must do well."""
    _, said = process.communicate(timeout=PATIENCE * 3)
    assert process.returncode == 0, said
    return said


def test_two_workers_write_the_bytes_of_one_process_and_leave_no_process(
    start: Start, out: Path, expected: dict[str, bytes]
) -> None:
    with start() as process:
        read_until(process, "predict part-")
        started = family(process)
        workers = [one for one in started if one.cmdline()[0].startswith("ray::Worker")]
        listening = {
            place.laddr.ip
            for one in started
            for place in one.net_connections()
            if place.status == psutil.CONN_LISTEN
        }
        said = finish(process)
    assert len(workers) == 2
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
    assert read_all(out) == expected
    assert "predict: 12 files" in said
    _, alive = psutil.wait_procs(started, PATIENCE)
    assert alive == []


@pytest.mark.parametrize("address", ["127.0.0.1:9", "auto", "nonsense"])
def test_a_cluster_that_does_not_answer_is_one_line(
    address: str, model: Path, source: Path, tmp_path: Path
) -> None:
    given = ("--model", model, "--input", source, "--output", tmp_path, "--ray-address", address)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [*COMMAND, *map(str, given), *WORKERS],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert f"error: --ray-address {address}: no cluster answers (" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_that_is_killed_costs_its_file_one_more_try(
    start: Start, out: Path, expected: dict[str, bytes]
) -> None:
    with start() as process:
        read_until(process, "predict part-03")
        one = next(one for one in family(process) if one.cmdline()[0].startswith("ray::Worker"))
        one.kill()
        finish(process)
    assert read_all(out) == expected
    assert not list(out.glob(".understudy/work-*"))


def test_a_run_that_is_killed_ends_its_cluster_and_is_taken_up_where_it_was(
    start: Start, out: Path, expected: dict[str, bytes]
) -> None:
    with start() as process:
        read_until(process, "predict part-03")
        started = [one for one in family(process) if not one.name().endswith("Agent")]
        process.kill()
    _, alive = psutil.wait_procs(started, PATIENCE)
    assert alive == []
    finished = times(out)
    assert 0 < len(finished) < len(NAMES)
    with start() as process:
        said = finish(process)
    assert read_all(out) == expected
    assert list_files(out) == NAMES
    again = times(out)
    recorded = [name for name in finished if again[name] == finished[name]]
    assert len(recorded) >= len(finished) - 2  # each worker may have been at its record
    assert f"12 files: {len(recorded)} finished before, {12 - len(recorded)} to do" in said
    assert not list(out.glob(".understudy/work-*"))
