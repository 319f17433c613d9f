"""A small test set with every system's predictions, as the stage evaluate reads it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from tests.contract.examples import make_settings
from tests.imports import ROOT
from understudy.contract.names import TRAINED
from understudy.contract.pairs import MODELS
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.predictions import seed_predictions_path
from understudy.contract.trained import TrainedSettings

PARAMS = EvaluateParams(source="written", stemmer=True, resamples=200, seed=4, margin=1.0)
PRICES = {"input": 2.0, "cached_input": 0.5, "output": 10.0, "batch_factor": 0.5}
TEST = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "article": [
            "Anna came to Rome on Monday. It rained. Nobody was hurt. She left on Friday.",
            "Boris saw 3.5 cats in Oslo. They slept. He left. It snowed.",
            "Clara won. Then Mr. Lee lost.",
        ],
        "highlights": [
            "Anna was in Rome .\nIt rained .",
            "Boris saw cats in Oslo .",
            "Clara won and Lee lost .",
        ],
    }
)
SEED = 13
SEEDS = {system: [SEED] for system in TRAINED}
TEACHER = "the teacher of the params"
TEXTS = {
    "t5-gold": ["Anna was in Rome.", "Boris saw cats.", "Clara won."],
    "t5-written": ["Anna was in Oslo.", "Boris slept.", ""],
    "bart-gold": ["It rained.", "He saw cats in Oslo.", "Lee lost."],
    "bart-written": [
        "Anna was in Rome. It rained.",
        "Boris saw cats in Oslo.",
        "Clara won. Lee lost.",
    ],
    "zeroshot": ["Anna came to Rome and it rained all day.", "Cats in Oslo slept.", "Clara won."],
}


def make_answers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": ["m-1", "m-2", "m-1"],
            "reason": [None, "too_long", None],
            "prompt_tokens": [100, 200, 300],
            "cached_tokens": [0, 150, 50],
            "completion_tokens": [10, 20, 30],
            "batch": [False, False, False],
            "error": ["", "", ""],
            "request": ["sha256:1", "sha256:2", "sha256:3"],
            "finish_reason": ["stop", "STOP", "stop"],
        }
    )


def make_failed_answers() -> pd.DataFrame:
    """The same, but the second call has failed."""
    answers = make_answers()
    failed = [TEACHER, "failed", 0, 0, 0, False, "HTTP 500: Oops.", "sha256:2", ""]
    answers.loc[1] = pd.Series(failed, index=answers.columns, dtype=object)
    return answers


def write_predictions(folder: Path, answers: pd.DataFrame | None = None) -> None:
    """Every system's predictions; none where the teacher's call failed."""
    answers = make_answers() if answers is None else answers
    folder.mkdir(parents=True)
    for system, texts in TEXTS.items():
        table = pd.DataFrame({"id": TEST["id"], "prediction": texts})
        if system == "zeroshot":
            table.loc[answers["reason"] == "failed", "prediction"] = None
            table = pd.concat([table, answers], axis=1)
            table.to_parquet(folder / "zeroshot.parquet")
        else:
            write_model(folder, system, SEED, texts)


def write_model(folder: Path, system: str, seed: int, texts: Sequence[str]) -> None:
    """The predictions of one model."""
    path = seed_predictions_path(system, seed, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"id": TEST["id"], "prediction": list(texts)}).to_parquet(path)


def ship(folder: Path, system: str, seed: int) -> None:
    """Makes a seed's model the one that ships."""
    settings = make_settings(system, params={"seed": seed})
    settings.write(TrainedSettings.path_in(folder / MODELS / system))


def fill_project(folder: Path, answers: pd.DataFrame | None = None) -> None:
    """Writes what the command reads."""
    (folder / "data" / "gold").mkdir(parents=True)
    (folder / "data" / "written").mkdir()
    TEST.to_parquet(folder / "data" / "gold" / "test.parquet")
    write_predictions(folder / "data" / "predictions", answers)
    for system in SEEDS:
        ship(folder, system, SEED)
    make_answers().to_parquet(folder / "data" / "written" / "answers.parquet")
    params = YAML(typ="safe").load((ROOT / "profiles" / "sample.yaml").read_text(encoding="utf-8"))
    params["teacher"]["prices"] = PRICES
    params["evaluate"] = PARAMS.model_dump()
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(params, file)


def evaluate(project: Path) -> "subprocess.CompletedProcess[str]":
    """Runs the command in a project."""
    return subprocess.run(
        [sys.executable, "-m", "stages.evaluate"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def read(project: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (project / "metrics" / f"{name}.json").read_text(encoding="utf-8")
    )
    return content
