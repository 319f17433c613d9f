"""Facts as the stage datacards gathers them, to be changed by tests."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import DatasetCard, DatasetCardData

from stages.datacards.card import DataCardFacts
from tests.contract.examples import make_origin
from tests.imports import ROOT
from tests.stages.datacards.planted import ANSWERED, DATASET
from understudy.contract.answered import Answered
from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.label import LabelParams
from understudy.contract.params.sources import MADE_BY, SOURCES
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.survey import SourceSurvey
from understudy.core.params import load_section

PROFILE = ROOT / "profiles" / "sample.yaml"
PROMPT = "Please write an article. '$highlights'"
PARAMS = load_section("datacards", DatacardsParams, PROFILE)
STAGES = {source: stage for stage, source in MADE_BY.items()}
EACH_SOURCE = pytest.mark.parametrize("source", SOURCES)
Surveys = Mapping[str, SourceSurvey]


def teacher_at(base_url: str, model: str = "writer", **request: Any) -> TeacherParams:
    """The params section of an endpoint; what its checks refuse must not reach a card either."""
    teacher = load_section("teacher", TeacherParams, PROFILE)
    return teacher.model_copy(update={"base_url": base_url, "model": model, "request": request})


def answered_by(source: str, **calls: Any) -> Answered:
    """The answers behind a source's pairs, with other figures of the calls."""
    found = ANSWERED[STAGES[source]]
    return found.model_copy(update={"calls": found.calls.model_copy(update=calls)})


def drop_answers(source: str, reason: str, rows: int = 1) -> Answered:
    """The same, with training rows dropped for another reason."""
    found = ANSWERED[STAGES[source]]
    assert found.train
    dropped = {**found.train.dropped, reason: rows}
    return found.model_copy(update={"train": found.train.model_copy(update={"dropped": dropped})})


def facts_of(surveys: Surveys, source: Any = "written", **changes: Any) -> DataCardFacts:
    """An OpenAI-compatible endpoint taught on the sample."""
    facts = DataCardFacts(
        source=source,
        survey=surveys[source],
        origin=make_origin(),
        dataset=DATASET,
        answered=ANSWERED.get(STAGES.get(source, "")),
        prompt=PROMPT if source in STAGES else "",
        teacher=teacher_at("https://chat.example/v1", top_p=0.5),
        filter=load_section("filter", FilterParams, PROFILE),
        generate=load_section("generate", GenerateParams, PROFILE),
        label=load_section("label", LabelParams, PROFILE),
        params=PARAMS,
        lost={},
        labels=[],
        noise=None,
    )
    return replace(facts, **changes)


def change_survey(surveys: Surveys, source: str, figures: Mapping[str, float]) -> Surveys:
    """The surveys with other figures of a source, by their dotted keys."""
    content = surveys[source].to_json()
    for key, value in figures.items():
        *above, last = key.split(".")
        target = content
        for name in above:
            target = target[name]
        target[last] = value
    return {**surveys, source: SourceSurvey.model_validate(content)}


def front_matter(card: str) -> DatasetCardData:
    """What the Hub reads in a card."""
    data = DatasetCard(card).data
    assert isinstance(data, DatasetCardData)
    return data
