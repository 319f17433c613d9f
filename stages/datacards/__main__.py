"""datacards: counts what the pairs of each source are like, and writes their data cards.

In:  data/gold/{train,validation,test}.parquet, data/written/{train,validation,answers}.parquet,
     data/raw/source.json, metrics/dataset.json, metrics/generated.json, the prompt template.
Out: metrics/data.json: lengths, vocabulary, near duplicates, contamination of the test split,
     unusable answers, and leakage of highlights into articles; metrics/plots/lengths.csv, training
     texts by length; data/gold/README.md and data/written/README.md, which say the same in words.
Run: python -m stages.datacards
"""

from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import TypeAdapter

from stages.datacards.card import build_card
from stages.datacards.facts import (
    Answers,
    Asking,
    Dataset,
    Facts,
    Filtering,
    Generated,
    Writing,
)
from stages.datacards.survey import Survey, survey_pairs
from understudy.contract.document import read_record
from understudy.contract.origin import ORIGIN
from understudy.contract.params.datacards import DatacardsParams
from understudy.core.errors import DataError, run
from understudy.core.files import replacing, write_json
from understudy.core.params import load_section
from understudy.core.tables import read_table

DATA = Path("data")
METRICS = Path("metrics")
SOURCES: tuple[Literal["gold", "written"], ...] = ("gold", "written")


def gather(source: Literal["gold", "written"], survey: Survey) -> Facts:
    """Reads params.yaml and what the other stages have written down.

    Raises:
        ParamsError: params.yaml cannot be used.
        DataError: a file is absent, broken, or lacks what the card says.
    """
    writing = load_section("generate", Writing)
    return Facts(
        source=source,
        survey=survey,
        origin=read_record(DATA / "raw" / "source.json", ORIGIN),
        dataset=read_record(METRICS / "dataset.json", TypeAdapter(Dataset)),
        generated=read_record(METRICS / "generated.json", TypeAdapter(Generated)),
        writer=_name_writer(),
        prompt=_read_prompt(Path(writing.prompt)),
        asking=load_section("teacher", Asking),
        filtering=load_section("filter", Filtering),
        writing=writing,
        params=load_section("datacards", DatacardsParams),
    )


def _name_writer() -> str:
    """The models that have answered; a call that failed has no answer."""
    answers = read_table(DATA / "written" / "answers.parquet", ("model", "error"))
    return ", ".join(sorted(set(answers["model"][answers["error"] == ""])))


def _read_prompt(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not a readable prompt ({reason}); see generate.prompt") from None


def list_metrics(survey: Survey, generated: Generated) -> dict[str, Any]:
    """What metrics/data.json holds: numbers under slugs, shares in percent."""
    metrics: dict[str, Any] = {
        name: source.list_metrics() for name, source in survey.sources.items()
    }
    metrics["written"]["answers"] = {
        "train": _list_shares(generated.train),
        "validation": _list_shares(generated.validation),
    }
    metrics["between"] = vars(survey.between)
    rounded: dict[str, Any] = _round(metrics)
    return rounded


def _list_shares(answers: Answers) -> dict[str, float]:
    return {name: 100 * count / answers.asked for name, count in answers.dropped.items()}


def _round(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _round(part) for name, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    """Counts, then writes all files, or none if one to read is missing."""
    survey = survey_pairs(DATA, load_section("datacards", DatacardsParams))
    facts = {source: gather(source, survey) for source in SOURCES}
    cards = {source: build_card(facts[source]) for source in SOURCES}
    write_json(METRICS / "data.json", list_metrics(survey, facts["written"].generated))
    with replacing(METRICS / "plots" / "lengths.csv") as partial:
        pd.DataFrame(survey.histogram).to_csv(partial, index=False)
    for source, card in cards.items():
        with replacing(DATA / source / "README.md") as partial:
            partial.write_text(card, encoding="utf-8")


if __name__ == "__main__":
    run(main)
