"""select: of the models that were trained with different seeds, the best one becomes what ships.

In:  models/seeds/SYSTEM and data/predictions/seeds/SYSTEM, SYSTEM being a student and a source such
     as t5-gold.
Out: models/SYSTEM, the folder with the best validation loss, and redact.json in it, by which
     `understudy predict` replaces personal data as fetch did; data/predictions/SYSTEM.parquet and
     metrics/curves/SYSTEM.csv of the same seed; metrics/students/SYSTEM.json with all seeds. What
     seeds that params.yaml no longer lists have left in the folders is removed; DVC's cache keeps
     it.
Run: python -m stages.select SYSTEM …
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from understudy.contract.lineup import Lineup, split_system
from understudy.contract.pairs import MODELS, SEEDS, seed_folder
from understudy.contract.params.classifying import STUDENTS
from understudy.contract.params.fetch import FetchParams, RedactParams
from understudy.contract.personal import ReplacedKinds
from understudy.contract.predictions import PREDICTIONS, predictions_path, seed_predictions_path
from understudy.contract.trained import (
    CURVE,
    CURVES,
    SeedRun,
    TrainedSeeds,
    TrainedSettings,
    TrainingRun,
)
from understudy.core.errors import run
from understudy.core.files import remove_others, replacing
from understudy.core.params import load_section
from understudy.core.parser import command_parser


def select(system: str, seeds: Sequence[int], redact: RedactParams | None = None) -> TrainedSeeds:
    """Copies what was made of the best seed to where it ships from.

    Args:
        system: a student and a source.
        seeds: those of params.yaml.
        redact: what fetch has replaced in all texts; None for nothing.

    Raises:
        DataError: what training wrote about a seed is absent or broken.
    """
    for folder in (MODELS, PREDICTIONS):  # or the next stage would read more than a clone has
        remove_others(folder / SEEDS / system, [*map(str, seeds)], str.isdigit)
    trained = compare_seeds(system, seeds)
    best, target = seed_folder(system, trained.shipped), MODELS / system
    for source in sorted(best.iterdir()):
        if source.name != CURVE:
            _copy(source, target / source.name)
    ReplacedKinds.of(redact or RedactParams()).write(ReplacedKinds.path_in(target))
    trained.write(TrainedSeeds.path_of(system))
    _copy(best / CURVE, CURVES / f"{system}.csv")
    _copy(seed_predictions_path(system, trained.shipped), predictions_path(system))
    return trained


def compare_seeds(system: str, seeds: Sequence[int]) -> TrainedSeeds:
    """What training says about each seed, and which of them has the lowest validation loss."""
    runs = []
    for seed in seeds:
        folder = seed_folder(system, seed)
        settings = TrainedSettings.load(TrainedSettings.path_in(folder))
        took = TrainingRun.load(TrainingRun.path_beside(folder)).seconds
        loss = settings.best_validation_loss
        runs.append(SeedRun(seed=seed, best_validation_loss=loss, seconds=took))
    best = min(runs, key=lambda one: one.best_validation_loss)
    return TrainedSeeds(shipped=best.seed, runs=runs)


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as partial:
        if source.is_dir():
            shutil.copytree(source, partial, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, partial)


def main() -> None:
    """Reads params.yaml and selects among the seeds of each system on the command line."""
    parser = command_parser("python -m stages.select", __doc__)
    parser.add_argument(
        "systems",
        nargs="+",
        choices=Lineup().trained,
        metavar="SYSTEM",
        help="a folder's name under models/seeds/",
    )
    redact = load_section("fetch", FetchParams).redact
    for system in parser.parse_args().systems:
        student = split_system(system)[0]
        seeds = load_section(f"train-{student}", STUDENTS[student]).seeds
        trained = select(system, seeds, redact)
        if len(seeds) > 1:
            _tell(system, trained)


def _tell(system: str, trained: TrainedSeeds) -> None:
    losses = ", ".join(f"{one.seed}: {one.best_validation_loss:.3f}" for one in trained.runs)
    print(
        f"select {system}: seed {trained.shipped} ships; validation losses by seed: {losses}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run(main)
