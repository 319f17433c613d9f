"""Facts as the stage datacards gathers them, to be changed by tests."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import DatasetCard, DatasetCardData

from stages.datacards.card import DataCardFacts
from tests.contract.examples import make_origin
from tests.imports import ROOT
from tests.stages.datacards.planted import DATASET, GENERATED, WRITER
from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.survey import DataSurvey
from understudy.core.params import load_section

PROFILE = ROOT / "profiles" / "sample.yaml"
PROMPT = "Please write an article. '$highlights'"
PARAMS = load_section("datacards", DatacardsParams, PROFILE)
EACH_SOURCE = pytest.mark.parametrize("source", ["gold", "written"])


def teacher_at(base_url: str, model: str = "writer", **request: Any) -> TeacherParams:
    """The params section of an endpoint; what its checks refuse must not reach a card either."""
    teacher = load_section("teacher", TeacherParams, PROFILE)
    return teacher.model_copy(update={"base_url": base_url, "model": model, "request": request})


def facts_of(survey: DataSurvey, source: Any = "written", **changes: Any) -> DataCardFacts:
    """An OpenAI-compatible endpoint taught on the sample."""
    facts = DataCardFacts(
        source=source,
        survey=survey,
        origin=make_origin(),
        dataset=DATASET,
        generated=GENERATED,
        writer=WRITER,
        prompt=PROMPT,
        teacher=teacher_at("https://chat.example/v1", top_p=0.5),
        filter=load_section("filter", FilterParams, PROFILE),
        generate=load_section("generate", GenerateParams, PROFILE),
        params=PARAMS,
        lost={},
    )
    return replace(facts, **changes)


def change_survey(survey: DataSurvey, source: str, figures: Mapping[str, float]) -> DataSurvey:
    """The survey with other figures of a source, by their dotted keys."""
    content = survey.to_json()
    for key, value in figures.items():
        *above, last = key.split(".")
        target = content[source]
        for name in above:
            target = target[name]
        target[last] = value
    return DataSurvey.model_validate(content)


def front_matter(card: str) -> DatasetCardData:
    """What the Hub reads in a card."""
    data = DatasetCard(card).data
    assert isinstance(data, DatasetCardData)
    return data
