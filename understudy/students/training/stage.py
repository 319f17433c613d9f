"""What the stages train-* share: pairs in, a folder with a whole model out."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ruamel.yaml import YAML

from understudy.contract.document import write_csv
from understudy.contract.kind import this_kind
from understudy.contract.pairs import DATA, LEARNING_SPLITS, seed_folder
from understudy.contract.params.classifying import STUDENTS, BertRun, GbdtRun, LstmRun
from understudy.contract.params.sources import SOURCES, Source
from understudy.contract.params.task import TaskParams
from understudy.contract.params.training import TrainParams
from understudy.contract.trained import CURVE, TrainedSettings, TrainingRun
from understudy.core.errors import StudentError
from understudy.core.files import replacing_files
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.core.tables import iterate_table
from understudy.students.model.families import FAMILIES, as_classifier
from understudy.students.model.loading import open_student
from understudy.students.model.machine import keep_memory, limit_threads, name_device, share_cores
from understudy.students.training.launch import launch, rank, started_by_launcher
from understudy.students.training.resume import hash_files, identify, resumable
from understudy.students.training.trainer import Trained, train

Params = TrainParams | GbdtRun | LstmRun | BertRun
ROOT = Path(__file__).parents[3]
"""Where the running code's dvc.yaml is, if this is a checkout of the project."""
SAME_STEPS = {"tokens_per_pass", "processes"}
"""Params that may change before a run resumes from a checkpoint: each step still learns from the
same examples, though dropout differs."""


class Learner(Protocol):
    """A student before and after its training."""

    commit: str | None
    """Of the Hub repository that its weights start from."""
    files: tuple[Path, ...]
    """Local files that it starts from."""
    parameters: int

    def versions(self) -> dict[str, str]:
        """Of the libraries that it depends on."""
        ...

    def train(self, pairs: Mapping[str, Path], state: Path, label: str) -> Trained:
        """Learns from Parquet files of pairs; `state` is the folder of this very run.

        Raises:
            StudentError: it cannot learn from them.
            StoppedTrainingError: a signal ended it; the next start goes on from `state`.
        """
        ...

    def save(self, folder: Path) -> None:
        """Writes what was learned, settings and curve aside."""
        ...


Open = Callable[[Any, Path, Sequence[str]], Learner]
"""Makes a student of its params, the file with its training pairs, and the labels, if any."""


class SequenceLearner:
    """T5 and BART: see `Learner`."""

    def __init__(self, family: str, params: Any, train: Path, labels: Sequence[str]) -> None:
        start = Path(params.model)
        self._params: TrainParams = params
        self._student = open_student(
            params.model, params.revision, FAMILIES[family], _texts(train), params.seed
        )
        if labels:
            self._student = replace(self._student, family=as_classifier(self._student.family))
        self.commit = self._student.commit
        self.parameters = self._student.model.num_parameters()
        files = start.iterdir() if start.is_dir() else ()
        self.files = tuple(sorted(path for path in files if path.is_file()))

    def versions(self) -> dict[str, str]:
        """See `Learner`."""
        import torch
        import transformers

        return {"torch": torch.__version__, "transformers": transformers.__version__}

    def train(self, pairs: Mapping[str, Path], state: Path, label: str) -> Trained:
        """See `Learner`."""
        return train(self._student, pairs, self._params, state, label)

    def save(self, folder: Path) -> None:
        """See `Learner`."""
        self._student.model.save_pretrained(folder)
        self._student.tokenizer.model_max_length = self._params.max_input_tokens
        self._student.tokenizer.save_pretrained(folder)
        (folder / "generation_config.json").unlink()  # export writes it, with our beam search


def main(family: str, about: str | None, opening: Open | None = None) -> None:
    """Trains what the command line names.

    Args:
        family: names the student.
        about: what the stage does, for its --help.
        opening: makes the student, after all that torch must be told before it is imported; None
            for one that writes.
    """
    parser = command_parser(f"python -m stages.train_{family}", about)
    parser.add_argument("source", choices=SOURCES, help="whose pairs it learns from")
    parser.add_argument("seed", type=int, help=f"one of train-{family}.seeds, as a rule")
    options = parser.parse_args()
    params = load_section(f"train-{family}", STUDENTS[family]).run(options.seed)
    keep_memory()
    share_cores()
    if params.threads is not None:
        limit_threads(params.threads)
    processes = params.processes if isinstance(params, TrainParams) else 1
    if processes > 1 and not started_by_launcher():
        arguments = (options.source, str(options.seed))
        launch(f"stages.train_{family}", arguments, processes)
    else:
        train_on_source(family, options.source, params, opening)


def train_on_source(
    family: str, source: Source, params: Params, opening: Open | None = None
) -> None:
    """Writes the files of models/seeds/FAMILY-SOURCE/SEED, and SEED.json beside it.

    Args:
        family: names the student.
        source: whose pairs it learns from.
        params: of this very model.
        opening: as for `main`.

    Raises:
        StudentError: the model cannot be loaded or trained.
        DataError: the pairs cannot be read.
    """
    system = f"{family}-{source}"
    pairs = {split: DATA / source / f"{split}.parquet" for split in LEARNING_SPLITS}
    label = f"train-{family}@{source}-{params.seed}"
    labels = load_section("task", TaskParams).labels if this_kind().has_labels else []
    try:
        learner = (opening or partial(SequenceLearner, family))(params, pairs["train"], labels)
        identity = _identify(family, learner, pairs, params, labels)
        run = f"{system}-{params.seed}"
        with resumable(run, identity, lock=rank() == 0) as state:
            trained = learner.train(pairs, state, label)
            if rank() == 0:
                settings = TrainedSettings(
                    system=system,
                    family=family,
                    labels=list(labels) or None,
                    source=source,
                    params=params,
                    commit=learner.commit,
                    parameters=learner.parameters,
                    device=name_device() if "torch" in sys.modules else "cpu",
                    versions=learner.versions(),
                    examples=trained.examples,
                    cut=trained.cut,
                    lost=trained.lost,
                    steps=trained.curve[-1].step,
                    best_step=trained.best_step,
                    best_validation_loss=trained.best_validation_loss,
                )
                _save(learner, trained, settings, seed_folder(system, params.seed))
    except StudentError as error:
        raise type(error)(f"{label}: {error}") from None


def _texts(pairs: Path) -> Iterator[str]:
    kind = this_kind()
    for row in iterate_table(pairs, kind.columns):
        yield row[kind.input]
        yield row[kind.output]


def _identify(
    family: str,
    learner: Learner,
    pairs: Mapping[str, Path],
    params: Params,
    labels: Sequence[str],
) -> str:
    """Hash of everything the trained weights depend on."""
    settings = {
        "params": params.model_dump(exclude=SAME_STEPS),
        "labels": list(labels),
        "commit": learner.commit,
        "versions": learner.versions(),
    }
    return identify(
        (
            json.dumps(settings, sort_keys=True).encode("utf-8"),
            hash_files(pairs.values()),
            hash_files(learner.files),
            hash_files(list_code(f"train-{family}")),
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


def _save(learner: Learner, trained: Trained, settings: TrainedSettings, folder: Path) -> None:
    with replacing_files(folder) as made:
        write_csv(made / CURVE, trained.curve)
        learner.save(made)
        settings.write(TrainedSettings.path_in(made))
    took = TrainingRun(seconds=trained.seconds, device=settings.device)
    took.write(TrainingRun.path_beside(folder))
