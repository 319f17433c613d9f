"""train-t5 and train-bart as stages: pairs in, a folder with a whole model and a curve out."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.imports import ROOT, imported_files, run_python
from tests.students import (
    make_project,
    student_section,
    toy_pairs,
    train_params,
    write_pairs,
)
from understudy.core.errors import DataError, StudentError
from understudy.students.model.families import FAMILIES
from understudy.students.training.stage import list_code, train_on_source

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))


def files_in(folder: Path) -> list[str]:
    """All files and folders below, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def model_of(project: Path, family: str) -> Path:
    """The folder of the model that `train_params` trains on gold pairs."""
    return project / "models" / "seeds" / f"{family}-gold" / "3"


@EACH_FAMILY
def test_a_stage_writes_its_model_and_curve_and_nothing_else(family: str, trained: Path) -> None:
    models = [path.name for path in (trained / "models" / "seeds").iterdir()]
    assert sorted(models) == ["bart-gold", "t5-gold"]
    assert not (trained / "metrics").exists()
    assert files_in(model_of(trained, family).parent) == [
        "3",
        "3.json",
        "3/config.json",
        "3/curve.csv",
        "3/model.safetensors",
        "3/settings.json",
        "3/tokenizer.json",
        "3/tokenizer_config.json",
    ]


@EACH_FAMILY
def test_the_model_folder_generates_through_the_auto_classes(family: str, trained: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folder = model_of(trained, family)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    inputs = tokenizer("summarize: Anna arrived in Rome.", return_tensors="pt")
    output = model.generate(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], max_new_tokens=6
    )
    assert type(model).__name__ == f"{family.capitalize()}ForConditionalGeneration"
    assert 1 < output.shape[1] <= 7


@EACH_FAMILY
def test_the_curve_has_one_whole_row_a_validation(family: str, trained: Path) -> None:
    curve = pd.read_csv(model_of(trained, family) / "curve.csv")
    assert list(curve.columns) == ["step", "epoch", "train_loss", "validation_loss"]
    assert list(curve["step"]) == [2, 4]
    assert not curve.isna().any(axis=None)
    assert (curve > 0).all(axis=None)


@EACH_FAMILY
def test_settings_tell_what_the_model_was_made_from(family: str, trained: Path) -> None:
    folder = model_of(trained, family)
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    curve = pd.read_csv(model_of(trained, family) / "curve.csv")
    best = curve.sort_values("validation_loss").iloc[0]
    assert (settings["system"], settings["family"], settings["source"]) == (
        f"{family}-gold",
        family,
        "gold",
    )
    assert settings["params"] == train_params(max_steps=4).model_dump()
    assert settings["commit"] is None
    assert settings["parameters"] == count_parameters(folder)
    assert settings["examples"] == {"train": 48, "validation": 8}
    assert (settings["best_step"], settings["best_validation_loss"]) == (
        best["step"],
        best["validation_loss"],
    )
    assert set(settings["versions"]) == {"torch", "transformers"}
    assert settings["device"]
    took = json.loads(folder.with_name("3.json").read_text(encoding="utf-8"))
    assert took["device"] == settings["device"]
    assert took["seconds"] > 0


def count_parameters(folder: Path) -> int:
    from transformers import AutoModelForSeq2SeqLM

    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def test_a_local_folder_can_be_trained_further(trained: Path, project: Path) -> None:
    start = model_of(trained, "t5")
    train_on_source("t5", "gold", train_params(model=str(start), max_steps=1))
    settings = json.loads((model_of(project, "t5") / "settings.json").read_text(encoding="utf-8"))
    assert settings["params"]["model"] == str(start)
    tokenizer = (model_of(project, "t5") / "tokenizer.json").read_text(encoding="utf-8")
    assert (
        json.loads(tokenizer)["model"]["vocab"]
        == (json.loads((start / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])
    )


def test_a_failed_run_leaves_neither_model_nor_curve(project: Path) -> None:
    params = train_params().model_copy(update={"learning_rate": 1e30})
    with pytest.raises(StudentError) as caught:
        train_on_source("t5", "gold", params)
    assert str(caught.value).startswith("train-t5@gold-3: the validation loss is not a number")
    assert not (project / "models").exists()
    assert not (project / "metrics").exists()


def test_a_failed_run_leaves_the_model_of_the_run_before(project: Path, trained: Path) -> None:
    shutil.copytree(model_of(trained, "t5"), model_of(project, "t5"))
    before = files_in(project / "models")
    params = train_params().model_copy(update={"learning_rate": 1e30})
    with pytest.raises(StudentError):
        train_on_source("t5", "gold", params)
    assert files_in(project / "models") == before


@pytest.mark.parametrize("empty", ["train", "validation"])
def test_no_pairs_are_one_clear_error(empty: str, project: Path) -> None:
    pairs = {"train": toy_pairs(8), "validation": toy_pairs(8), empty: toy_pairs(0)}
    write_pairs(project / "data" / "gold", pairs["train"], pairs["validation"])
    with pytest.raises(StudentError) as caught:
        train_on_source("t5", "gold", train_params())
    assert str(caught.value) == (
        f"train-t5@gold-3: data/gold/{empty}.parquet: no pairs to learn from; metrics/dataset.json "
        "and metrics/generated.json count what was dropped, and why"
    )
    assert not (project / "models").exists()


def test_a_missing_source_is_an_error_that_names_the_command(project: Path) -> None:
    with pytest.raises(DataError, match=r"data/written/train\.parquet: no such file; `dvc repro`"):
        train_on_source("t5", "written", train_params())


def test_a_model_of_the_wrong_family_is_refused_before_training(
    project: Path, trained: Path
) -> None:
    params = train_params(model=str(model_of(trained, "bart")))
    with pytest.raises(StudentError, match="its family is 'bart', expected t5"):
        train_on_source("t5", "gold", params)
    assert not (project / "models").exists()


@pytest.mark.parametrize("stage", ["train-t5", "train-bart"])
def test_the_code_that_names_a_run_is_the_code_that_dvc_yaml_lists(stage: str) -> None:
    code = {str(path.relative_to(ROOT)) for path in list_code(stage)}
    assert imported_files("stages." + stage.replace("-", "_")) <= code
    assert not [path for path in code if path.startswith(("tests/", "understudy/tools/"))]


def test_without_dvc_yaml_all_code_of_the_students_names_a_run(tmp_path: Path) -> None:
    code = tmp_path / "understudy/students/model/tokens.py"
    for path in (code, tmp_path / "understudy/tools/plan.py", code.with_suffix(".txt")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert list_code("train-t5", tmp_path) == [code]


def test_threads_of_params_and_not_those_of_the_environment_decide_on_the_weights(
    tmp_path: Path,
) -> None:
    section = student_section(train_params(max_steps=12, epochs=99.0, threads=1))
    found = set()
    for threads in ("1", "2"):
        project = make_project(tmp_path / threads, **{"train-t5": section})
        command = ("-m", "stages.train_t5", "gold", "3")
        run_python(*command, cwd=project, env={"OMP_NUM_THREADS": threads}, check=True)
        found.add((model_of(project, "t5") / "model.safetensors").read_bytes())
    assert len(found) == 1
