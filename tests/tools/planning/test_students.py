"""What the plan says of students: models to train, their time, their size."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from understudy.contract.trained import TrainingRun
from understudy.tools.planning.students import plan_students
from understudy.versioning.status import Stage


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """T5 with three seeds, one of which is trained on gold pairs; BART with one."""
    monkeypatch.chdir(tmp_path)
    write_params({"train-t5": {"seeds": [13, 14, 15]}, "train-bart": {"seeds": [13]}})
    train(tmp_path / "models/seeds/t5-gold/13", seconds=90.0, size=1000)
    return tmp_path


def write_params(document: dict[str, Any]) -> None:
    with Path("params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(document, file)


def train(model: Path, seconds: float, size: int) -> None:
    (model / "ctranslate2").mkdir(parents=True)
    (model / "model.safetensors").write_bytes(bytes(size // 2))
    (model / "ctranslate2" / "model.bin").write_bytes(bytes(size // 2))
    TrainingRun(seconds=seconds, device="cpu").write(TrainingRun.path_beside(model))


def due(*names: str) -> list[Stage]:
    return [Stage(name, "stale", ("never run",)) for name in names]


def test_models_to_train_are_those_whose_stage_would_run(project: Path) -> None:
    stages = [
        *due("train-t5@gold-14", "train-t5@gold-15"),
        Stage("train-t5@gold-13", "missing", ()),
    ]
    stages += [Stage("train-t5@written-13", "waits", ("depends on generate",))]
    found = plan_students(stages)["t5"]
    assert (found.models, found.to_train) == (9, 3)


def test_time_and_size_are_those_of_the_models_that_are_there(project: Path) -> None:
    train(project / "models/seeds/t5-written/13", seconds=110.0, size=3000)
    found = plan_students(due("train-t5@gold-14", "train-t5@gold-15"))["t5"]
    assert (found.seconds_a_model, found.seconds) == (100.0, 200.0)
    assert found.bytes_a_model == 2000
    assert found.bytes == 2000 * (9 + 3)  # the model that ships is there twice
    for seed in ("t5-gold/13", "t5-written/13"):
        (project / f"models/seeds/{seed}.json").write_text("{", encoding="utf-8")
    assert plan_students([])["t5"].seconds_a_model is None


def test_before_the_first_model_nothing_is_known(project: Path) -> None:
    found = plan_students(due("train-bart@gold-13"))["bart"]
    assert (found.models, found.to_train) == (3, 1)
    assert found.seconds_a_model is found.seconds is found.bytes_a_model is found.bytes is None


@pytest.mark.parametrize(("quantization", "size"), [("float32", 2000), ("int8", 1250)])
def test_a_local_start_tells_the_size(project: Path, quantization: str, size: int) -> None:
    start = project / "start"
    start.mkdir()
    (start / "model.safetensors").write_bytes(bytes(1000))
    write_params({"train-bart": {"model": str(start)}, "export": {"quantization": quantization}})
    assert plan_students([])["bart"].bytes_a_model == size
