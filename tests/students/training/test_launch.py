"""Several training processes on one machine end as one does, together."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from tests.imports import ROOT, run_python
from tests.students import make_project, student_section, train_params
from understudy.core.errors import StudentError
from understudy.students.training.launch import launch
from understudy.students.training.resume import SEAL

MARK = "UNDERSTUDY_TEST_PROJECT"
COMMAND = ("-m", "stages.train_t5", "gold", "3")
MODEL = "models/seeds/t5-gold/3"


@dataclass(frozen=True)
class Run:
    project: Path
    status: int
    told: str


def prepare(project: Path, **changes: Any) -> Path:
    params = train_params(**{"max_steps": 12, "epochs": 99.0, "validations": 3, **changes})
    return make_project(project, **{"train-t5": student_section(params)})


def train(project: Path, **changes: Any) -> Run:
    prepare(project, **changes)
    done = run_python(*COMMAND, cwd=project, env={MARK: str(project)})
    return Run(project, done.returncode, done.stderr)


def settings_of(run: Run) -> dict[str, Any]:
    text = (run.project / MODEL / "settings.json").read_text(encoding="utf-8")
    settings: dict[str, Any] = json.loads(text)
    return settings


def processes_of(run: Run) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(run.project):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tmp_path_factory.mktemp("two"), processes=2)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tmp_path_factory.mktemp("one"))


def test_two_processes_learn_what_one_does(one: Run, two: Run) -> None:
    assert (one.status, two.status) == (0, 0), one.told + two.told
    first, second = settings_of(one), settings_of(two)
    curves = (pd.read_csv(run.project / MODEL / "curve.csv") for run in (one, two))
    pd.testing.assert_frame_equal(next(curves), next(curves), rtol=3e-3)
    assert second["steps"] == first["steps"] == 12
    assert second["params"] == {**first["params"], "processes": 2}


def test_two_processes_leave_what_one_does(one: Run, two: Run) -> None:
    for run in (one, two):
        assert sorted(path.name for path in (run.project / MODEL).iterdir()) == [
            "config.json",
            "curve.csv",
            "model.safetensors",
            "settings.json",
            "tokenizer.json",
            "tokenizer_config.json",
        ]
        [lock] = (run.project / ".dvc/cache/training").iterdir()
        assert lock.suffix == ".lock"


def test_the_model_of_two_processes_generates(two: Run) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folder = two.project / MODEL
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer("summarize: Anna arrived in Rome.", return_tensors="pt")
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    output = model.generate(input_ids=inputs["input_ids"], max_new_tokens=6)
    assert 1 < output.shape[1] <= 7


def test_the_result_is_told_once(two: Run) -> None:
    assert two.told.count("examples a second") == 1
    assert "Traceback" not in two.told


def test_a_failing_process_ends_all_with_a_clear_last_line(tmp_path: Path) -> None:
    run = train(tmp_path, processes=2, model="models/none")
    assert run.status == 1
    lines = run.told.rstrip().splitlines()
    assert lines[-1].startswith("error: process ")
    assert lines[-1].endswith(" of 2 ended with 1; what it said is above")
    assert any("error: train-t5@gold-3: " in line and "models/none" in line for line in lines[:-1])
    assert processes_of(run) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_with_a_clear_last_line(number: signal.Signals, tmp_path: Path) -> None:
    project = prepare(tmp_path, processes=2, max_steps=4000, epochs=9999.0, validations=1000)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), MARK: str(project)}
    command = [sys.executable, *COMMAND]
    with subprocess.Popen(
        command, cwd=project, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 240
        while not any(project.glob(f".dvc/cache/training/*/checkpoint-*/{SEAL}")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        told = process.communicate(timeout=240)[1]
    assert process.returncode == 1, told
    assert "Traceback" not in told
    assert told.rstrip().splitlines()[-1] == (
        f"error: stopped by {number.name}; the next `dvc repro` goes on from the last checkpoint"
    )
    assert processes_of(Run(project, 1, told)) == []


def test_no_process_is_left(two: Run) -> None:
    assert processes_of(two) == []


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    with pytest.raises(StudentError, match=r"processes = 3: .* has 2 GPUs; set it to 2 or less$"):
        launch("stages.train_t5", ["gold", "3"], 3)
