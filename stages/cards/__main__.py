"""cards: writes each student's model card, in the form that the Hugging Face Hub shows.

In:  models/SYSTEM/settings.json, models/SYSTEM/redact.json, models/SYSTEM/ctranslate2/check.json
     or, of a classifier, models/SYSTEM/check.json and metrics/confusion/SYSTEM.csv,
     SYSTEM being a student and a source such as t5-gold; metrics/students/SYSTEM.json;
     data/raw/source.json;
     metrics/systems.json, metrics/gap.json, metrics/seeds.json, metrics/recipes.json,
     metrics/dataset.json, metrics/teacher.json, metrics/answers,
     metrics/calibration/SYSTEM.json.
Out: models/SYSTEM/README.md.
Run: python -m stages.cards [SYSTEM …]
"""

from collections import Counter
from pathlib import Path

from stages.cards.card import CardFacts, build_card
from understudy.contract.answered import Answered
from understudy.contract.calibration import SystemCalibration
from understudy.contract.classes import ConfusionLine, confusion_path
from understudy.contract.conversion import ConversionCheck
from understudy.contract.dataset import Dataset
from understudy.contract.document import read_csv
from understudy.contract.evaluation import Gap, Systems
from understudy.contract.lineup import Lineup, split_system
from understudy.contract.origin import load_origin
from understudy.contract.pairs import MODELS
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CHECK
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.sources import MADE_BY, load_sources
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.personal import ReplacedKinds
from understudy.contract.recipes import RecipeGap, Recipes
from understudy.contract.teacher_use import TeacherUse
from understudy.contract.trained import TrainedSeeds, TrainedSettings
from understudy.core.errors import run
from understudy.core.files import replacing
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.students.model.families import FAMILIES


def _load_check(folder: Path, settings: TrainedSettings) -> ConversionCheck | None:
    """Of the model that answers; None of trees, which answer as they were trained."""
    if settings.family in FAMILIES:
        return ConversionCheck.load(ConversionCheck.path_in(folder))
    return None if settings.family == "gbdt" else ConversionCheck.load(folder / CHECK)


def _count_confusions(system: str) -> dict[tuple[str, str], int]:
    lines = read_csv(confusion_path(system), ConfusionLine)
    return dict(Counter((line.actual, line.predicted) for line in lines))


def gather(system: str) -> CardFacts:
    """Reads params.yaml and what the other stages have written about a system.

    Raises:
        ParamsError: params.yaml cannot be used.
        DataError: a file is absent, broken, or lacks what the card shows.
    """
    folder = MODELS / system
    stages = {source: stage for stage, source in MADE_BY.items()}
    stage = stages.get(split_system(system)[1])
    settings = TrainedSettings.load(TrainedSettings.path_in(folder))
    return CardFacts(
        settings=settings,
        seeds=TrainedSeeds.load(TrainedSeeds.path_of(system)),
        check=_load_check(folder, settings),
        replaced=ReplacedKinds.load(ReplacedKinds.path_in(folder)),
        systems=Systems.load(),
        gap=Gap.load(),
        recipes=Recipes.load(),
        recipe_gap=RecipeGap.load(),
        origin=load_origin(),
        dataset=Dataset.load(),
        answered=Answered.load(Answered.path_of(stage)) if stage else None,
        use=TeacherUse.load(),
        calibration=SystemCalibration.load(SystemCalibration.path_of(system)),
        confusions=_count_confusions(system) if settings.labels else {},
        tested=Answered.load(Answered.path_of("zeroshot")).tested,
        filter=load_section("filter", FilterParams),
        generate=load_section("generate", GenerateParams),
        teacher=load_section("teacher", TeacherParams),
        decoding=load_section("predict", DecodingParams),
    )


def main() -> None:
    """Writes the cards of the systems on the command line, or of all."""
    parser = command_parser("python -m stages.cards", __doc__)
    parser.add_argument(
        "systems", nargs="*", metavar="SYSTEM", help="folders' names under models/ (default: all)"
    )
    systems, known = parser.parse_args().systems, Lineup().trained
    if unknown := [system for system in systems if system not in known]:
        parser.error(f"{unknown[0]}: expected one of {', '.join(known)}")
    for system in systems or Lineup(load_sources()).trained:
        card = build_card(gather(system))
        with replacing(MODELS / system / "README.md") as partial:
            partial.write_text(card, encoding="utf-8")


if __name__ == "__main__":
    run(main)
