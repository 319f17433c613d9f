"""cards: writes each student's model card, in the form that the Hugging Face Hub shows.

In:  models/SYSTEM/settings.json and models/SYSTEM/ctranslate2/check.json, SYSTEM being t5-gold,
     t5-written, bart-gold or bart-written; data/raw/source.json; metrics/systems.json,
     metrics/dataset.json, metrics/generated.json, metrics/teacher.json.
Out: models/SYSTEM/README.md.
Run: python -m stages.cards
"""

from pathlib import Path

from pydantic import ConfigDict, TypeAdapter

from stages.cards.card import build_card
from stages.cards.facts import (
    Conversion,
    Dataset,
    Facts,
    Generated,
    Scores,
    Settings,
    Teacher,
)
from understudy.contract.document import read_record
from understudy.contract.names import LEAD, TRAINED, ZEROSHOT
from understudy.contract.origin import ORIGIN
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CHECK, CONVERTED
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import run
from understudy.core.files import replacing
from understudy.core.params import Section, load_section

MODELS = Path("models")
METRICS = Path("metrics")
SOURCE = Path("data/raw/source.json")


class Limit(Section):
    """What a card tells of the sections `filter` and `generate`."""

    model_config = ConfigDict(extra="ignore")

    max_characters: int


def gather(system: str) -> Facts:
    """Reads params.yaml and the files of a system.

    Raises:
        ParamsError: params.yaml cannot be used.
        DataError: a file is absent, broken, or lacks what the card says.
    """
    teacher = load_section("teacher", TeacherParams)
    scores = METRICS / "systems.json"
    return Facts(
        system=system,
        settings=read_record(MODELS / system / "settings.json", TypeAdapter(Settings)),
        conversion=read_record(MODELS / system / CONVERTED / CHECK, TypeAdapter(Conversion)),
        scores={
            name: read_record(scores, TypeAdapter(Scores), name)
            for name in (system, LEAD, ZEROSHOT)
        },
        origin=read_record(SOURCE, ORIGIN),
        dataset=read_record(METRICS / "dataset.json", TypeAdapter(Dataset)),
        generated=read_record(METRICS / "generated.json", TypeAdapter(Generated)),
        teacher=read_record(METRICS / "teacher.json", TypeAdapter(Teacher)),
        base_url=teacher.base_url,
        teacher_model=teacher.model,
        max_characters={
            "gold": load_section("filter", Limit).max_characters,
            "written": load_section("generate", Limit).max_characters,
        },
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
