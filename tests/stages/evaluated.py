"""A small test set with every system's predictions, as the stage evaluate reads it."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from tests.contract.examples import TRAINED
from tests.imports import ROOT, run_python
from understudy.contract.answered import AnswerCounts, Answered, CallCounts
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.predictions import seed_predictions_path
from understudy.contract.trained import TrainedSeeds

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
WHOLE = (False, False, False)
"""No call has failed."""
ASKED = {
    "generate": ("train", "validation"), "label": ("train", "validation"), "zeroshot": ("test",)
}  # fmt: skip
"""The splits by the stage that asks about them."""
TEXTS = {
    "t5-gold": ["Anna was in Rome.", "Boris saw cats.", "Clara won."],
    "t5-written": ["Anna was in Oslo.", "Boris slept.", ""],
    "bart-gold": ["It rained.", "He saw cats in Oslo.", "Lee lost."],
    "bart-written": [
        "Anna was in Rome. It rained.",
        "Boris saw cats in Oslo.",
        "Clara won. Lee lost.",
    ],
    "t5-labelled": ["Anna came to Rome.", "Cats slept.", "Clara won."],
    "bart-labelled": ["Anna came to Rome and left.", "Cats in Oslo slept.", "Lee lost."],
    "zeroshot": ["Anna came to Rome and it rained all day.", "Cats in Oslo slept.", "Clara won."],
}


def make_calls(failed: int = 0, **changed: Any) -> CallCounts:
    """Three rows, of which as many as said have failed; tokens as if none had."""
    known = {"model": "m-1, m-2", "rows": 3, "unusable": 1, "failed": failed, "imported": 0}
    tokens = {"prompt_tokens": 600, "cached_tokens": 200, "completion_tokens": 60}
    none = dict.fromkeys((*tokens, "calls"), 0)
    return CallCounts.model_validate(
        {
            **known, "calls": 3 - failed, "metered": 3 - failed,
            "live": {**tokens, "calls": 3 - failed}, "batch": none, "logged": none,
            "reasoning_tokens": 0, "reasoning_stripped": 0, "finish_reasons": {"stop": 3 - failed},
            "timed": 0, **changed,
        }
    )  # fmt: skip


def write_answered(folder: Path, failed: Sequence[bool]) -> None:
    """metrics/answers of all stages that ask; zero-shot calls failed where it is said."""
    counts = AnswerCounts(asked=3, kept=2, dropped={"too_long": 1})
    for stage, splits in ASKED.items():
        calls = make_calls(sum(failed) if stage == "zeroshot" else 0)
        answered = Answered.model_validate({"calls": calls, **dict.fromkeys(splits, counts)})
        answered.write(folder / Answered.path_of(stage))


def write_predictions(folder: Path, failed: Sequence[bool] = WHOLE) -> None:
    """Every system's predictions; none where the teacher's call failed."""
    folder.mkdir(parents=True)
    for system, texts in TEXTS.items():
        if system == "zeroshot":
            said = [None if gone else text for text, gone in zip(texts, failed, strict=True)]
            reasons = ["failed" if gone else None for gone in failed]
            write_zeroshot(folder, said, reasons)
        else:
            write_model(folder, system, SEED, texts)


def write_zeroshot(
    folder: Path, texts: Sequence[str | None], reasons: Sequence[str | None]
) -> None:
    """The teacher's own summaries."""
    table = pd.DataFrame({"id": TEST["id"], "prediction": texts, "reason": reasons}, dtype=object)
    table.to_parquet(folder / "zeroshot.parquet")


def write_model(folder: Path, system: str, seed: int, texts: Sequence[str]) -> None:
    """The predictions of one model."""
    path = seed_predictions_path(system, seed, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"id": TEST["id"], "prediction": list(texts)}).to_parquet(path)


def ship(folder: Path, system: str, seed: int, seeds: Sequence[int] = (SEED,)) -> None:
    """Makes a seed's model the one that ships."""
    runs = [{"seed": one, "best_validation_loss": 1.5, "seconds": 60.0} for one in seeds]
    trained = TrainedSeeds.model_validate({"shipped": seed, "runs": runs})
    trained.write(folder / TrainedSeeds.path_of(system))


def fill_project(folder: Path, failed: Sequence[bool] = WHOLE) -> None:
    """Writes what the command reads."""
    (folder / "data" / "gold").mkdir(parents=True)
    TEST.to_parquet(folder / "data" / "gold" / "test.parquet")
    write_predictions(folder / "data" / "predictions", failed)
    for system in SEEDS:
        ship(folder, system, SEED)
    write_answered(folder, failed)
    params = YAML(typ="safe").load((ROOT / "profiles" / "sample.yaml").read_text(encoding="utf-8"))
    params["teacher"]["prices"] = PRICES
    params["evaluate"] = PARAMS.model_dump()
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(params, file)


def evaluate(project: Path) -> "subprocess.CompletedProcess[str]":
    """Runs the command in a project."""
    return run_python("-m", "stages.evaluate", cwd=project, env={"HF_HUB_OFFLINE": "1"})


def read(project: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (project / "metrics" / f"{name}.json").read_text(encoding="utf-8")
    )
    return content
