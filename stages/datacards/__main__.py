"""datacards: counts what the pairs of each source are like, and writes their data cards.

In:  data/gold/{train,validation,test}.parquet, data/written/{train,validation,answers}.parquet,
     data/raw/source.json, metrics/dataset.json, metrics/generated.json, the prompt template,
     models/*/settings.json.
Out: metrics/data.json: lengths, vocabulary, near duplicates, contamination of the test split,
     unusable answers, and leakage of highlights into articles; metrics/plots/lengths.csv, training
     texts by length; data/gold/README.md and data/written/README.md, which say the same in words.
Run: python -m stages.datacards
"""

from dataclasses import replace
from pathlib import Path

from stages.datacards.card import DataCardFacts, build_card
from stages.datacards.survey import survey_pairs
from understudy.contract.asked import WRITTEN_ANSWERS
from understudy.contract.dataset import Dataset
from understudy.contract.document import write_csv
from understudy.contract.generated import Generated
from understudy.contract.names import STUDENTS
from understudy.contract.origin import load_origin
from understudy.contract.pairs import GOLD, MODELS, WRITTEN
from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.training import Source
from understudy.contract.survey import HISTOGRAM
from understudy.contract.trained import LostPairs, TrainedSettings
from understudy.core.errors import DataError, one_line, run
from understudy.core.files import replacing
from understudy.core.params import load_section
from understudy.core.reading import read_text
from understudy.core.tables import read_table


def _read_prompt(path: Path) -> str:
    try:
        return read_text(path).strip()
    except OSError as error:
        reason = f"not a readable prompt ({one_line(error)})"
        raise DataError(f"{path}: {reason}; see generate.prompt") from None


def _read_losses(source: Source) -> dict[str, LostPairs]:
    """What each student's tokenizer cannot spell; settings of older versions do not say."""
    settings = {
        student: TrainedSettings.load(TrainedSettings.path_in(MODELS / f"{student}-{source}"))
        for student in STUDENTS
    }
    return {student: found.lost.train for student, found in settings.items() if found.lost}


def main() -> None:
    """Counts, then writes all files, or none if one to read is missing."""
    params = load_section("datacards", DatacardsParams)
    generate = load_section("generate", GenerateParams)
    generated = Generated.load()
    answers = read_table(WRITTEN_ANSWERS, ("model", "error"))  # a failed call names no model
    survey, histogram = survey_pairs(GOLD.parent, params, generated)
    gold = DataCardFacts(
        source="gold",
        survey=survey,
        origin=load_origin(),
        dataset=Dataset.load(),
        generated=generated,
        writer=", ".join(sorted(set(answers["model"][answers["error"] == ""]) - {""})),
        prompt=_read_prompt(Path(generate.prompt)),
        teacher=load_section("teacher", TeacherParams),
        filter=load_section("filter", FilterParams),
        generate=generate,
        params=params,
        lost=_read_losses("gold"),
    )
    written = replace(gold, source="written", lost=_read_losses("written"))
    cards = {GOLD: build_card(gold), WRITTEN: build_card(written)}
    survey.write()
    write_csv(HISTOGRAM, histogram)
    for folder, card in cards.items():
        with replacing(folder / "README.md") as partial:
            partial.write_text(card, encoding="utf-8")


if __name__ == "__main__":
    run(main)
