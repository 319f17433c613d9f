"""What train-t5 and train-bart share: pairs in, a folder with a whole model out."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ruamel.yaml import YAML

from understudy.contract.document import write_csv
from understudy.contract.kind import this_kind
from understudy.contract.pairs import DATA, LEARNING_SPLITS, seed_folder
from understudy.contract.params.sources import SOURCES, Source
from understudy.contract.params.training import StudentParams, TrainParams
from understudy.contract.trained import CURVE, TrainedSettings, TrainingRun
from understudy.core.errors import StudentError
from understudy.core.files import replacing_files
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.core.tables import iterate_table
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import Student, open_student
from understudy.students.model.machine import keep_memory, limit_threads, name_device
from understudy.students.training.launch import launch, rank, started_by_launcher
from understudy.students.training.resume import hash_files, identify, resumable
from understudy.students.training.trainer import Trained, train

ROOT = Path(__file__).parents[3]
"""Where the running code's dvc.yaml is, if this is a checkout of the project."""
SAME_STEPS = {"tokens_per_pass", "processes"}
"""Params that may change before a run resumes from a checkpoint: each step still learns from the
same examples, though dropout differs."""


def main(family: str, about: str | None) -> None:
    """Trains what the command line names; `about` is for its --help."""
    parser = command_parser(f"python -m stages.train_{family}", about)
    parser.add_argument("source", choices=SOURCES, help="whose pairs it learns from")
    parser.add_argument("seed", type=int, help=f"one of train-{family}.seeds, as a rule")
    options = parser.parse_args()
    params = load_section(f"train-{family}", StudentParams).run(options.seed)
    keep_memory()
    if params.threads is not None:
        limit_threads(params.threads)
    if params.processes > 1 and not started_by_launcher():
        arguments = (options.source, str(options.seed))
        launch(f"stages.train_{family}", arguments, params.processes)
    else:
        train_on_source(family, options.source, params)


def train_on_source(family: str, source: Source, params: TrainParams) -> None:
    """Writes the files of models/seeds/FAMILY-SOURCE/SEED, and SEED.json beside it.

    Raises:
        StudentError: the model cannot be loaded or trained.
        DataError: the pairs cannot be read.
    """
    system = f"{family}-{source}"
    pairs = {split: DATA / source / f"{split}.parquet" for split in LEARNING_SPLITS}
    label = f"train-{family}@{source}-{params.seed}"
    try:
        student = open_student(
            params.model, params.revision, FAMILIES[family], _texts(pairs["train"]), params.seed
        )
        identity = _identify(student, pairs, params)
        run = f"{system}-{params.seed}"
        with resumable(run, identity, lock=rank() == 0) as state:
            trained = train(student, pairs, params, state, label)
            if rank() == 0:
                settings = TrainedSettings(
                    system=system,
                    family=student.family.name,
                    source=source,
                    params=params,
                    commit=student.commit,
                    parameters=student.model.num_parameters(),
                    device=name_device(),
                    versions=_versions(),
                    examples=trained.examples,
                    cut=trained.cut,
                    lost=trained.lost,
                    steps=trained.curve[-1].step,
                    best_step=trained.best_step,
                    best_validation_loss=trained.best_validation_loss,
                )
                _save(student, trained, settings, seed_folder(system, params.seed))
    except StudentError as error:
        raise type(error)(f"{label}: {error}") from None


def _texts(pairs: Path) -> Iterator[str]:
    for row in iterate_table(pairs, this_kind().columns):
        yield row["article"]
        yield row["highlights"]


def _identify(student: Student, pairs: Mapping[str, Path], params: TrainParams) -> str:
    """Hash of everything the trained weights depend on."""
    start = Path(params.model)
    files = sorted(path for path in start.iterdir() if path.is_file()) if start.is_dir() else []
    settings = {
        "params": params.model_dump(exclude=SAME_STEPS),
        "commit": student.commit,
        "versions": _versions(),
    }
    return identify(
        (
            json.dumps(settings, sort_keys=True).encode("utf-8"),
            hash_files(pairs.values()),
            hash_files(files),
            hash_files(list_code(f"train-{student.family.name}")),
        )
    )


def list_code(stage: str, root: Path = ROOT) -> list[Path]:
    """The code that a training stage depends on, as the deps in the dvc.yaml of its kind say.

    An installed package has no dvc.yaml beside it; all of its students' code counts then.
    """
    deps, kind = ["understudy/students"], this_kind()
    for graph in (root / "dvc.yaml", *sorted(root.glob("*/dvc.yaml"))):
        if graph.is_file() and this_kind(graph.with_name("params.yaml")) == kind:
            listed = YAML(typ="safe").load(graph.read_text(encoding="utf-8"))["stages"]
            paths = [dep.removeprefix("../") for dep in listed.get(stage, {}).get("deps", ())]
            deps = [path for path in paths if path.startswith(("stages/", "understudy/"))] or deps
            break
    return sorted(
        path
        for dep in deps
        for path in ((root / dep).rglob("*.py") if (root / dep).is_dir() else [root / dep])
    )


def _versions() -> dict[str, str]:
    import torch
    import transformers

    return {"torch": torch.__version__, "transformers": transformers.__version__}


def _save(student: Student, trained: Trained, settings: TrainedSettings, folder: Path) -> None:
    with replacing_files(folder) as partial:
        write_csv(partial / CURVE, trained.curve)
        student.model.save_pretrained(partial)
        student.tokenizer.model_max_length = settings.params.max_input_tokens
        student.tokenizer.save_pretrained(partial)
        (partial / "generation_config.json").unlink()  # export writes it, with our beam search
        settings.write(TrainedSettings.path_in(partial))
    took = TrainingRun(seconds=trained.seconds, device=settings.device)
    took.write(TrainingRun.path_beside(folder))
