"""train-t5 and train-bart that are stopped or killed: the next run goes on, and ends the same."""

import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.imports import ROOT
from tests.students import (
    digest,
    make_project,
    student_section,
    toy_pairs,
    train_params,
    write_pairs,
)
from understudy.contract.params.training import TrainParams
from understudy.students.training.resume import SEAL, StoppedTrainingError
from understudy.students.training.stage import train_on_source

MODEL = "models/seeds/t5-gold/3"
PATIENCE = 240
"""Seconds for a process to get somewhere; on a busy machine importing torch takes a minute."""


def many_checkpoints(**changes: Any) -> TrainParams:
    """A run of a few seconds."""
    return train_params(**{"max_steps": 40, "epochs": 99.0, "validations": 20, **changes})


def state_of(project: Path) -> list[Path]:
    """What runs have left to go on from."""
    folders = (project / ".dvc/cache/training").glob("t5-gold-*")
    return [folder for folder in folders if folder.is_dir()]


def whole_steps(project: Path) -> list[int]:
    """Of the checkpoints that a run may go on from."""
    sealed = [path for state in state_of(project) for path in state.glob(f"checkpoint-*/{SEAL}")]
    return sorted(int(path.parent.name.removeprefix("checkpoint-")) for path in sealed)


def await_checkpoint(project: Path, than: int = 0) -> int:
    """Wait for a whole checkpoint of a later step; return its step."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        steps = whole_steps(project)
        if steps and steps[-1] > than:
            return steps[-1]
        time.sleep(0.01)
    raise AssertionError("no checkpoint")


@contextlib.contextmanager
def started(project: Path, **options: Any) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-m", "stages.train_t5", "gold", "3"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stop_here(project: Path, **changes: Any) -> None:
    """Start training in this process and stop it by a signal once it has a checkpoint."""

    def stop() -> None:
        await_checkpoint(project)
        os.kill(os.getpid(), signal.SIGTERM)

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(StoppedTrainingError):
        train_on_source("t5", "gold", many_checkpoints(**changes))
    stopper.join()


def results(project: Path) -> dict[str, str]:
    files = (f"{MODEL}/model.safetensors", f"{MODEL}/curve.csv")
    return {file: digest(project / file) for file in files}


@pytest.fixture(scope="module")
def run_through(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which train-t5 ran on gold without interruption; tests only read it."""
    project = make_project(tmp_path_factory.mktemp("through"))
    with contextlib.chdir(project):
        train_on_source("t5", "gold", many_checkpoints())
    return project


@pytest.fixture
def commanded(project: Path) -> Path:
    """The project, for runs by command."""
    with (project / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump({"train-t5": student_section(many_checkpoints())}, file)
    return project


def test_a_run_that_succeeds_leaves_nothing_to_go_on_from(run_through: Path) -> None:
    assert state_of(run_through) == []
    assert [path.name for path in sorted((run_through / MODEL).parent.iterdir())] == ["3", "3.json"]


def test_a_run_killed_thrice_ends_with_the_same_bytes_as_one_run_through(
    commanded: Path, run_through: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw, step = random.Random(5), 0
    for _ in range(3):
        with started(commanded) as process:
            step = await_checkpoint(commanded, step)
            time.sleep(draw.uniform(0, 0.3))
        assert process.returncode == -signal.SIGKILL
        assert not (commanded / "models").exists()
        assert not (commanded / "metrics").exists()
    train_on_source("t5", "gold", many_checkpoints())
    [done] = re.findall(r"train-t5@gold-3: goes on from step (\d+) of 40", capsys.readouterr().err)
    assert int(done) >= step >= 6
    assert results(commanded) == results(run_through)
    assert state_of(commanded) == []


def test_sigterm_keeps_the_step_at_hand_and_says_where_the_next_run_goes_on(
    commanded: Path, run_through: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with started(commanded) as process:
        await_checkpoint(commanded)
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=PATIENCE)[1]
    pattern = (
        r"error: train-t5@gold-3: stopped by SIGTERM after step (\d+) of 40; "
        r"the next `dvc repro` goes on there"
    )
    found = re.fullmatch(pattern, told.rstrip().splitlines()[-1])
    assert process.returncode == 1
    assert found, told
    assert "Traceback" not in told
    assert whole_steps(commanded)[-1] == int(found[1])
    train_on_source("t5", "gold", many_checkpoints())
    assert f"goes on from step {found[1]} of 40" in capsys.readouterr().err
    first, second = (pd.read_csv(p / MODEL / "curve.csv") for p in (commanded, run_through))
    assert first["validation_loss"].equals(second["validation_loss"])
    weights = f"{MODEL}/model.safetensors"
    assert results(commanded)[weights] == results(run_through)[weights]


def test_a_checkpoint_that_cannot_be_written_is_one_line_and_spares_the_one_before(
    commanded: Path, run_through: Path
) -> None:
    stop_here(commanded)
    before = whole_steps(commanded)[-1]
    [state] = state_of(commanded)
    limit = 1_000_000  # bytes; the weights take more
    with started(
        commanded, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    ) as process:
        told = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 1, told
    [line] = re.findall(r"error: .*", told)
    assert line.startswith(f"error: train-t5@gold-3: {state}: no checkpoint can be written (")
    assert line.endswith("free some space, then `dvc repro` goes on from the checkpoint before")
    assert "Traceback" not in told
    assert whole_steps(commanded)[-1] == before
    train_on_source("t5", "gold", many_checkpoints())
    weights = f"{MODEL}/model.safetensors"
    assert results(commanded)[weights] == results(run_through)[weights]


def test_another_number_of_tokens_a_pass_goes_on_from_the_checkpoint(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_here(project)
    train_on_source("t5", "gold", many_checkpoints(tokens_per_pass=200))
    assert "train-t5@gold-3: goes on from step" in capsys.readouterr().err
    settings = json.loads((project / f"{MODEL}/settings.json").read_text(encoding="utf-8"))
    assert settings["params"]["tokens_per_pass"] == 200


@pytest.mark.parametrize("changes", [{"learning_rate": 0.002}, {"max_steps": 39}, {"patience": 5}])
def test_changed_params_start_afresh_and_clear_up(
    changes: dict[str, Any], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_here(project)
    assert len(state_of(project)) == 1
    train_on_source("t5", "gold", many_checkpoints(**changes))
    assert "goes on" not in capsys.readouterr().err
    assert state_of(project) == []


def test_another_seed_leaves_what_this_one_goes_on_from(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_here(project)
    train_on_source("t5", "gold", many_checkpoints(seed=4))
    assert "goes on" not in capsys.readouterr().err
    assert len(state_of(project)) == 1
    train_on_source("t5", "gold", many_checkpoints())
    assert "train-t5@gold-3: goes on from step" in capsys.readouterr().err
    assert state_of(project) == []


def test_a_changed_row_starts_afresh(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stop_here(project)
    pairs = toy_pairs(48)
    pairs["article"] = [*pairs["article"][:-1], "Nobody knew."]
    write_pairs(project / "data" / "gold", pairs, toy_pairs(8, seed=1))
    train_on_source("t5", "gold", many_checkpoints())
    assert "goes on" not in capsys.readouterr().err


def test_a_changed_start_folder_starts_afresh(
    project: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = shutil.copytree(trained / MODEL, project / "start")
    stop_here(project, model="start")
    (start / "settings.json").write_text("{}", encoding="utf-8")
    train_on_source("t5", "gold", many_checkpoints(model="start"))
    assert "goes on" not in capsys.readouterr().err
