"""datacards: counts what the pairs of a source are like, and writes its data card.

In:  data/SOURCE/{train,validation}.parquet, SOURCE being gold, written or labelled;
     data/gold/{train,validation,test}.parquet, data/raw/source.json, metrics/dataset.json,
     metrics/answers with a file for each stage that asks, the prompt templates, settings.json of
     the source's students; of labels of a classification, metrics/noise.json.
Out: metrics/data/SOURCE.json: lengths, vocabulary, near duplicates, contamination of the test
     split, unusable answers, and leakage of highlights into articles or the balance of labels;
     metrics/plots/lengths/SOURCE.csv, training texts by length; data/SOURCE/README.md, which says
     the same in words.
Run: python -m stages.datacards SOURCE
"""

from pathlib import Path

from stages.datacards.card import DataCardFacts, build_card
from stages.datacards.survey import survey_source
from understudy.contract.answered import Answered
from understudy.contract.classes import LabelNoise
from understudy.contract.dataset import Dataset
from understudy.contract.document import write_csv
from understudy.contract.kind import this_kind
from understudy.contract.lineup import name_system
from understudy.contract.origin import load_origin
from understudy.contract.pairs import DATA, MODELS
from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.label import LabelParams
from understudy.contract.params.sources import MADE_BY, SOURCES, Source
from understudy.contract.params.task import TaskParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.contract.survey import SourceSurvey, histogram_of
from understudy.contract.trained import LostPairs, TrainedSettings
from understudy.core.errors import DataError, one_line, run
from understudy.core.files import replacing
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.core.reading import read_text


def _read_prompt(key: str, path: Path) -> str:
    try:
        return read_text(path).strip()
    except OSError as error:
        reason = f"not a readable prompt ({one_line(error)})"
        raise DataError(f"{path}: {reason}; see {key}") from None


def _load_prompt(source: Source) -> str:
    """The template that made a source's pairs; none for gold."""
    if source == "written":
        generate = load_section("generate", GenerateParams)
        return _read_prompt("generate.prompt", Path(generate.prompt))
    if source == "labelled":
        zeroshot = load_section("zeroshot", ZeroshotParams)
        return _read_prompt("zeroshot.prompt", Path(zeroshot.prompt))
    return ""


def _load_answered(source: Source) -> Answered | None:
    """What became of the answers that a source's pairs are made of; None for gold."""
    stage = next((stage for stage, made in MADE_BY.items() if made == source), None)
    return Answered.load(Answered.path_of(stage)) if stage else None


def _read_losses(source: Source) -> dict[str, LostPairs]:
    """What each student's tokenizer cannot spell; settings of older versions do not say."""
    settings = {
        student: TrainedSettings.load(
            TrainedSettings.path_in(MODELS / name_system(student, source))
        )
        for student in this_kind().students
    }
    return {student: found.lost.train for student, found in settings.items() if found.lost}


def main() -> None:
    """Counts, then writes all files of the source on the command line, or none."""
    parser = command_parser("python -m stages.datacards", __doc__)
    parser.add_argument("source", choices=SOURCES, help="whose pairs are counted")
    source: Source = parser.parse_args().source
    params = load_section("datacards", DatacardsParams)
    answered, is_labels = _load_answered(source), this_kind().has_labels
    survey, histogram = survey_source(DATA, source, params, answered)
    facts = DataCardFacts(
        source=source,
        survey=survey,
        origin=load_origin(),
        dataset=Dataset.load(),
        answered=answered,
        prompt=_load_prompt(source),
        teacher=load_section("teacher", TeacherParams),
        filter=load_section("filter", FilterParams),
        generate=load_section("generate", GenerateParams),
        label=load_section("label", LabelParams),
        params=params,
        lost=_read_losses(source),
        labels=load_section("task", TaskParams).labels,
        noise=LabelNoise.load() if source == "labelled" and is_labels else None,
    )
    card = build_card(facts)
    survey.write(SourceSurvey.path_of(source))
    write_csv(histogram_of(source), histogram)
    with replacing(DATA / source / "README.md") as partial:
        partial.write_text(card, encoding="utf-8")


if __name__ == "__main__":
    run(main)
