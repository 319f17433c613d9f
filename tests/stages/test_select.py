"""select: the best of a system's seeds ships, and nothing of the others is in its way."""

import json
from pathlib import Path

import pandas as pd
import pytest

from stages import select as stage
from stages.select import select
from tests.contract.examples import make_settings
from understudy.contract.params.fetch import RedactParams
from understudy.contract.personal import ReplacedKinds
from understudy.contract.trained import TrainedSeeds, TrainedSettings, TrainingRun
from understudy.core.errors import DataError

KINDS = ("emails", "phones", "cards", "names")
LOSSES = {13: 1.5, 14: 1.2, 15: 1.2}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three seeds' models, predictions and curves; each file says whose it is."""
    monkeypatch.chdir(tmp_path)
    for seed, loss in LOSSES.items():
        folder = Path("models/seeds/t5-gold", str(seed))
        settings = make_settings(params={"seed": seed}, best_validation_loss=loss)
        settings.write(TrainedSettings.path_in(folder))
        TrainingRun(seconds=10.0 * seed, device="cpu").write(TrainingRun.path_beside(folder))
        (folder / "ctranslate2").mkdir()
        for name in ("model.safetensors", "curve.csv", "ctranslate2/model.bin"):
            (folder / name).write_text(f"{name} of {seed}", encoding="utf-8")
        predictions = Path("data/predictions/seeds/t5-gold", f"{seed}.parquet")
        predictions.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame({"id": ["a"], "prediction": [str(seed)]}).to_parquet(predictions)
    return tmp_path


def test_the_seed_with_the_lowest_validation_loss_ships_whole(project: Path) -> None:
    select("t5-gold", [13, 14])
    model = project / "models/t5-gold"
    assert sorted(path.name for path in model.iterdir()) == [
        *("ctranslate2", "model.safetensors", "redact.json", "settings.json")
    ]
    assert (model / "model.safetensors").read_text("utf-8") == "model.safetensors of 14"
    assert (model / "ctranslate2/model.bin").read_text("utf-8") == "ctranslate2/model.bin of 14"
    assert json.loads((model / "settings.json").read_text("utf-8"))["params"]["seed"] == 14
    curve = project / "metrics/curves/t5-gold.csv"
    assert curve.read_text("utf-8") == "curve.csv of 14"
    table = pd.read_parquet(project / "data/predictions/t5-gold.parquet")
    assert list(table["prediction"]) == ["14"]
    found = TrainedSeeds.load(project / "metrics/students/t5-gold.json")
    assert found.shipped == 14
    listed = [(run.seed, run.best_validation_loss, run.seconds) for run in found.runs]
    assert listed == [(13, 1.5, 130.0), (14, 1.2, 140.0)]


@pytest.mark.parametrize(("seeds", "shipped"), [([14, 15], 14), ([15, 14], 15)])
def test_of_equals_the_first_in_params_ships(project: Path, seeds: list[int], shipped: int) -> None:
    assert select("t5-gold", seeds).shipped == shipped


def test_what_other_seeds_and_other_times_left_is_removed_and_nothing_else(project: Path) -> None:
    models, predictions = Path("models/seeds/t5-gold"), Path("data/predictions/seeds/t5-gold")
    (models / "notes.txt").write_text("mine", encoding="utf-8")
    select("t5-gold", [13, 14])
    (project / "models/t5-gold/ctranslate2/stale").touch()
    select("t5-gold", [13])
    shipped = project / "models/t5-gold"
    assert [path.name for path in (shipped / "ctranslate2").iterdir()] == ["model.bin"]
    assert (shipped / "model.safetensors").read_text("utf-8") == "model.safetensors of 13"
    assert sorted(path.name for path in models.iterdir()) == ["13", "13.json", "notes.txt"]
    assert sorted(path.name for path in predictions.iterdir()) == ["13.parquet"]


@pytest.mark.parametrize("lost", ["13/settings.json", "14.json"])
def test_a_seed_without_its_files_is_an_error_and_ships_nothing(project: Path, lost: str) -> None:
    (project / "models/seeds/t5-gold" / lost).unlink()
    with pytest.raises(DataError, match=rf"{lost}: no such file; `dvc repro` makes it"):
        select("t5-gold", [13, 14])
    assert not (project / "models/t5-gold").exists()


def test_the_folder_says_which_personal_data_was_replaced_and_not_the_names(project: Path) -> None:
    path = project / "models/t5-gold/redact.json"
    select("t5-gold", [13])
    assert json.loads(path.read_text("utf-8")) == dict.fromkeys(KINDS, False)
    select("t5-gold", [13], RedactParams(emails=True, names="/home/anna/names.txt"))
    expected = {"emails": True, "phones": False, "cards": False, "names": True}
    assert json.loads(path.read_text("utf-8")) == expected


def test_the_command_takes_the_seeds_of_the_systems_student(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "train-t5: {seeds: [13, 14]}\ntrain-bart: {seeds: [15]}\n"
    text += "fetch: {redact: {cards: true}}\n"
    (project / "params.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["select", "t5-gold"])
    stage.main()
    assert capsys.readouterr().err == (
        "select t5-gold: seed 14 ships; validation losses by seed: 13: 1.500, 14: 1.200\n"
    )
    assert ReplacedKinds.load(project / "models/t5-gold/redact.json").cards
