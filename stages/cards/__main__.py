"""cards: writes each student's model card, in the form that the Hugging Face Hub shows.

In:  models/SYSTEM/settings.json, models/SYSTEM/seeds.json and models/SYSTEM/ctranslate2/check.json,
     SYSTEM being t5-gold, t5-written, bart-gold or bart-written; data/raw/source.json;
     metrics/systems.json, metrics/gap.json, metrics/seeds.json, metrics/recipes.json,
     metrics/dataset.json, metrics/generated.json, metrics/teacher.json.
Out: models/SYSTEM/README.md.
Run: python -m stages.cards
"""

from stages.cards.card import CardFacts, build_card
from understudy.contract.conversion import ConversionCheck
from understudy.contract.dataset import Dataset
from understudy.contract.evaluation import Gap, Systems, TeacherUse
from understudy.contract.generated import Generated
from understudy.contract.names import TRAINED
from understudy.contract.origin import load_origin
from understudy.contract.pairs import MODELS
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.recipes import RecipeGap, Recipes
from understudy.contract.trained import TrainedSeeds, TrainedSettings
from understudy.core.errors import run
from understudy.core.files import replacing
from understudy.core.params import load_section


def gather(system: str) -> CardFacts:
    """Reads params.yaml and what the other stages have written about a system.

    Raises:
        ParamsError: params.yaml cannot be used.
        DataError: a file is absent, broken, or lacks what the card shows.
    """
    folder = MODELS / system
    return CardFacts(
        settings=TrainedSettings.load(TrainedSettings.path_in(folder)),
        seeds=TrainedSeeds.load(TrainedSeeds.path_in(folder)),
        check=ConversionCheck.load(ConversionCheck.path_in(folder)),
        systems=Systems.load(),
        gap=Gap.load(),
        recipes=Recipes.load(),
        recipe_gap=RecipeGap.load(),
        origin=load_origin(),
        dataset=Dataset.load(),
        generated=Generated.load(),
        use=TeacherUse.load(),
        filter=load_section("filter", FilterParams),
        generate=load_section("generate", GenerateParams),
        teacher=load_section("teacher", TeacherParams),
        decoding=load_section("predict", DecodingParams),
    )


def main() -> None:
    """Writes all cards, or none if a file is missing."""
    cards = {system: build_card(gather(system)) for system in TRAINED}
    for system, card in cards.items():
        with replacing(MODELS / system / "README.md") as partial:
            partial.write_text(card, encoding="utf-8")


if __name__ == "__main__":
    run(main)
