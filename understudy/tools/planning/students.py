"""What the students take: models to train, time and disk, for each seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.contract.kind import this_kind
from understudy.contract.pairs import seed_folder
from understudy.contract.params.classifying import STUDENTS
from understudy.contract.params.export import ExportParams
from understudy.contract.params.sources import load_sources
from understudy.contract.trained import TrainingRun
from understudy.core.errors import DataError
from understudy.core.params import load_section
from understudy.students.model.loading import TINY
from understudy.versioning.status import Stage

CONVERTED_SHARE = {"float32": 1.0, "int8": 0.25}
"""Size of a converted model, as a share of weights in float32; 16 bits take half."""


@dataclass(frozen=True)
class StudentPlan:
    """One student, on all sources."""

    models: int
    """One for each source and seed."""
    to_train: int
    """Those that `dvc repro` trains now, or may train."""
    seconds_a_model: float | None
    """Mean of the models that are there; None before the first one."""
    seconds: float | None
    """Of those to train, one after the other."""
    bytes_a_model: int | None
    """A seed's folder and predictions: mean of those that are there, or else of a model of that
    size elsewhere on this machine; None where nothing tells."""
    bytes: int | None
    """Of all seeds in the workspace, with a copy of each source's model that ships. DVC's cache
    takes as much again, less the copies, and the remote as much as the cache."""


def plan_students(stages: Sequence[Stage], folder: Path = Path()) -> dict[str, StudentPlan]:
    """Plans each student from params.yaml, and from the models that are there.

    Args:
        stages: what `dvc repro` would do, from `survey_stages`.
        folder: the project's.
    """
    due = {stage.name for stage in stages if stage.state in ("stale", "waits")}
    found, sources = {}, load_sources()
    for student in this_kind().students:
        params = load_section(f"train-{student}", STUDENTS[student])
        models = [(source, seed) for source in sources for seed in params.seeds]
        to_train = sum(f"train-{student}@{source}-{seed}" in due for source, seed in models)
        there = [folder / seed_folder(f"{student}-{source}", seed) for source, seed in models]
        times = [time for model in there if (time := _read_seconds(model)) is not None]
        sizes = [held for model in there if (held := _measure(model))]
        seconds = sum(times) / len(times) if times else None
        known = round(sum(sizes) / len(sizes)) if sizes else None
        size = known or _measure_start(getattr(params, "model", TINY))
        found[student] = StudentPlan(
            models=len(models),
            to_train=to_train,
            seconds_a_model=None if seconds is None else round(seconds, 1),
            seconds=None if seconds is None else round(seconds * to_train, 1),
            bytes_a_model=size,
            bytes=None if size is None else size * (len(models) + len(sources)),
        )
    return found


def _read_seconds(model: Path) -> float | None:
    try:
        seconds = TrainingRun.load(TrainingRun.path_beside(model)).seconds
    except DataError:
        return None
    return seconds or None


def _measure(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _measure_start(model: str) -> int | None:
    """A trained model is as large as the one that it starts from; its conversion comes on top."""
    weights = [path for path in _find_files(model) if path.suffix in (".safetensors", ".bin")]
    size = max((path.stat().st_size for path in weights), default=0)
    share = CONVERTED_SHARE.get(load_section("export", ExportParams).quantization, 0.5)
    return round(size * (1 + share)) or None


def _find_files(model: str) -> list[Path]:
    """The files of a local folder, or of a Hub id that this machine has downloaded."""
    if model == TINY:
        return []
    if Path(model).is_dir():
        return [path for path in Path(model).iterdir() if path.is_file()]
    from huggingface_hub.constants import HF_HUB_CACHE

    kept = Path(HF_HUB_CACHE, f"models--{model.replace('/', '--')}", "snapshots")
    return [path for path in kept.glob("*/*") if path.is_file()]
