"""What the tests of understudy/students share: toy pairs, settings, a student that learned them.

A toy article tells who was where on which day among filler; its highlights repeat these facts.
"""

import functools
import hashlib
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CONVERTED, ExportParams
from understudy.contract.params.training import StudentParams, TrainingSettings, TrainParams
from understudy.students.decoding.conversion import convert
from understudy.students.decoding.decoding import decode
from understudy.students.decoding.engines import Transformers, Writer
from understudy.students.decoding.protocol import Engine
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import Student, build_tiny
from understudy.students.training.trainer import Trained, train

# Before torch is imported: threads that wait for each other make tiny models slower, and ten times
# slower where another process uses the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

PEOPLE = ("Anna", "Boris", "Clara", "Dmitri", "Elena", "Farid", "Greta", "Hugo")
PLACES = ("Rome", "Oslo", "Lima", "Cairo", "Quito", "Delhi", "Tunis", "Perth")
DAYS = ("Monday", "Tuesday", "Friday", "Sunday")
FILLER = (
    "The weather was mild.",
    "Nobody was hurt.",
    "Officials gave no details on the matter.",
    "A statement is expected soon.",
)


def digest(file: Path) -> str:
    """For comparing files of weights: pytest would list how their bytes differ, for hours."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def toy_pairs(count: int, seed: int = 0) -> pd.DataFrame:
    """Pairs with the columns id, article, highlights; articles differ in length."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        person, place, day = draw.choice(PEOPLE), draw.choice(PLACES), draw.choice(DAYS)
        sentences = [f"{person} arrived in {place} on {day}.", *draw.choices(FILLER, k=number % 4)]
        draw.shuffle(sentences)
        highlights = f"{person} was in {place} .\nIt was {day} ."
        rows.append((f"toy-{seed}-{number}", " ".join(sentences), highlights))
    return pd.DataFrame(rows, columns=["id", "article", "highlights"])


def train_params(**changes: Any) -> TrainParams:
    """A few quick steps."""
    settings: dict[str, Any] = {
        "model": "tiny",
        "revision": None,
        "seed": 3,
        "epochs": 1.0,
        "max_steps": 8,
        "batch_size": 8,
        "tokens_per_pass": 2048,
        "processes": 1,
        "precision": "float32",
        "compile": False,
        "learning_rate": 0.003,
        "warmup": 0.0,
        "weight_decay": 0.0,
        "label_smoothing": 0.0,
        "max_input_tokens": 64,
        "max_target_tokens": 32,
        "validations": 2,
        "patience": None,
    }
    return TrainParams(**{**settings, **changes})


def student_section(params: TrainParams) -> dict[str, Any]:
    """The section of params.yaml of which one model's params are left."""
    settings = TrainingSettings(
        **{name: getattr(params, name) for name in TrainingSettings.model_fields}
    )
    section = StudentParams(
        model=params.model, revision=params.revision, seeds=[params.seed], settings=settings
    )
    return section.model_dump()


def decoding_params(**changes: Any) -> DecodingParams:
    """Beam search in batches that the toy articles do not fill evenly."""
    settings: dict[str, Any] = {
        "beams": 2,
        "max_tokens": 24,
        "length_penalty": 1.0,
        "no_repeat_ngram": 0,
        "max_input_tokens": 64,
        "tokens_per_batch": 100,
        "engine": "transformers",
    }
    return DecodingParams(**{**settings, **changes})


def export_params(**changes: Any) -> ExportParams:
    """The exact conversion, compared on a few pairs."""
    settings: dict[str, Any] = {"quantization": "float32", "limit": 0.001, "rows": 8}
    return ExportParams(**{**settings, **changes})


def tiny(family: str, seed: int = 3) -> Student:
    """An untrained student whose tokenizer knows the toy texts."""
    pairs = toy_pairs(64)
    return build_tiny(FAMILIES[family], [*pairs["article"], *pairs["highlights"]], seed)


def write_pairs(folder: Path, train: pd.DataFrame, validation: pd.DataFrame) -> dict[str, Path]:
    """The splits as the Parquet files that training reads."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = {split: folder / f"{split}.parquet" for split in ("train", "validation")}
    train.to_parquet(pairs["train"])
    validation.to_parquet(pairs["validation"])
    return pairs


def train_toy(
    state: Path,
    family: str = "t5",
    validation: pd.DataFrame | None = None,
    student: Student | None = None,
    **changes: Any,
) -> tuple[Student, Trained]:
    """Trains a tiny student on 64 pairs; `changes` are those of `train_params`."""
    student = student or tiny(family)
    held_out = toy_pairs(16, seed=1) if validation is None else validation
    pairs = write_pairs(state, toy_pairs(64), held_out)
    return student, train(student, pairs, train_params(**changes), state)


@functools.cache
def taught(family: str) -> Student:
    """A student that learned to tell toy articles apart; made once a process, not to be changed."""
    student = tiny(family)
    params = train_params(max_steps=60, epochs=10.0, validations=1)
    with tempfile.TemporaryDirectory() as scratch:
        pairs = write_pairs(Path(scratch), toy_pairs(256), toy_pairs(16, seed=1))
        train(student, pairs, params, Path(scratch))
    return student


def save(student: Student, folder: Path) -> Path:
    """A model folder with nothing but weights, config and tokenizer."""
    student.model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    return folder


@functools.cache
def taught_engine(family: str) -> Transformers:
    """The same student, ready to decode with transformers."""
    with tempfile.TemporaryDirectory() as scratch:
        return Transformers(save(taught(family), Path(scratch, family)))


def as_writer(engine: Engine) -> Writer:
    """An engine with the tokenizer that it has."""
    assert isinstance(engine, Writer)
    return engine


def summarize(engine: Engine, articles: list[str], **changes: Any) -> list[str]:
    """Summaries with the settings of `decoding_params`."""
    params = decoding_params(**changes)
    return list(decode(engine, articles, params, "test", len(articles)))


def make_project(folder: Path, **sections: dict[str, Any]) -> Path:
    """A folder in which `stages.train_t5 gold 3` works, with toy pairs and a DVC cache."""
    write_pairs(folder / "data" / "gold", toy_pairs(48), toy_pairs(8, seed=1))
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text("[core]\n    no_scm = True\n", encoding="utf-8")
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(sections, file)
    return folder


def export_taught(family: str, folder: Path, **changes: Any) -> Path:
    """The model folder of a student that learned, with its converted model."""
    pairs = toy_pairs(8, seed=4)
    save(taught(family), folder)
    convert(
        folder,
        list(pairs["article"]),
        list(pairs["highlights"]),
        (64, 32),
        export_params(**changes),
        folder / CONVERTED,
    )
    return folder
