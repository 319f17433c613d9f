"""Facts as the stage cards gathers them, to be changed by tests."""

import re
from dataclasses import replace
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from stages.cards.card import CardFacts
from tests.contract.examples import (
    LABELLED_ALONE,
    LINEUP,
    make_answered,
    make_call_counts,
    make_calls,
    make_check,
    make_dataset,
    make_gap,
    make_origin,
    make_recipe_gap,
    make_recipes,
    make_settings,
    make_systems,
    make_teacher,
    make_trained_seeds,
)
from tests.contract.label_examples import CLASSES, LABELS
from tests.contract.payback_examples import make_calibration
from tests.stages.datacards.examples import PROFILE, STAGES, teacher_at
from understudy.contract.answered import AnswerCounts, Answered
from understudy.contract.evaluation import REFERENCE, Systems
from understudy.contract.lineup import Lineup, split_system
from understudy.contract.names import KINDS
from understudy.contract.params.classifying import BertRun, GbdtRun, LstmRun
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.fetch import RedactParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.personal import ReplacedKinds
from understudy.contract.teacher_use import TeacherUse
from understudy.contract.trained import TrainedSettings
from understudy.core.params import load_section

DATASET = make_dataset(180)
ANSWERED: dict[str, Answered] = {
    "generate": make_answered(
        train={"asked": 1396, "kept": 1286, "dropped": {"failed": 0, "too_long": 110}},
        validation={"asked": 76, "kept": 76, "dropped": {"failed": 0, "too_long": 0}},
        calls=make_call_counts(model="writer-1"),
    ),
    "label": make_answered(
        "label",
        train={"asked": 1400, "kept": 1286, "dropped": {"failed": 14, "not_json": 100}},
        validation={"asked": 70, "kept": 66, "dropped": {"failed": 0, "not_json": 4}},
        calls=make_call_counts(model="labeller-1"),
    ),
}
"""By the stage that asked."""
FAILED = make_check(
    passed=False,
    mean_difference=None,
    largest_difference=None,
    why="the converter failed: no file '/home/someone/models/model.bin'",
)


def distinct_systems(lineup: Lineup = LINEUP) -> Systems:
    """metrics/systems.json; no two of its figures are alike."""
    content: dict[str, Any] = {REFERENCE: {"words": 35.4, "empty": 0}}
    content["references"] = lineup.references
    for rank, name in enumerate(lineup.systems, 1):
        content[name] = {"words": 30.6 + rank, "empty": 0}
        for number, kind in enumerate(KINDS):
            f1 = 10 * rank + number + 0.1234
            content[name][kind] = {
                "recall": f1 + 0.2, "recall_low": f1 - 1.1, "recall_high": f1 + 1.2,
                "precision": f1 + 0.3, "precision_low": f1 - 1.3, "precision_high": f1 + 1.4,
                "f1": f1, "f1_low": f1 - 1.5, "f1_high": f1 + 1.7,
            }  # fmt: skip
    return Systems.model_validate(content)


SYSTEMS = distinct_systems()
WITH_SEEDS: dict[str, Any] = {
    "seeds": make_trained_seeds(3),
    "recipes": make_recipes(3, SYSTEMS),
    "recipe_gap": make_recipe_gap(3, {("t5-written", "zeroshot"): "better"}),
}
"""What facts are with three seeds."""


def settings_of(system: str = "t5-written", **changed: Any) -> TrainedSettings:
    """settings.json as a stage train-* writes it."""
    usual: dict[str, Any] = {
        "examples": {"train": 1286, "validation": 66},
        "cut": {"train": {"inputs": 17, "outputs": 3}, "validation": {"inputs": 0, "outputs": 0}},
    }
    params = {"seed": 13, "max_input_tokens": 500, "max_target_tokens": 96}
    params |= changed.pop("params", {})
    return make_settings(system, params=params, **{**usual, **changed})


def from_model(model: str, commit: str | None) -> TrainedSettings:
    """Settings of a student that started from a model."""
    settings = settings_of(commit=commit)
    return settings.model_copy(
        update={"params": settings.params.model_copy(update={"model": model})}
    )


def answered_by(model: str) -> Answered:
    """Another writer's answers."""
    return ANSWERED["generate"].model_copy(
        update={"calls": ANSWERED["generate"].calls.model_copy(update={"model": model})}
    )


def answers(**dropped: int) -> AnswerCounts:
    """What the teacher said to the 180 test articles."""
    return AnswerCounts(asked=180, kept=180 - sum(dropped.values()), dropped=dropped)


def used_teacher(reader: str = "writer-2", **changed: Any) -> TeacherUse:
    """metrics/teacher.json, with other figures of zero-shot."""
    return make_teacher(zeroshot=make_calls(model=reader, **{"failed": 0, **changed}))


def facts_of(system: str = "t5-written", **changed: Any) -> CardFacts:
    """An OpenAI-compatible endpoint taught on the sample."""
    generate = load_section("generate", GenerateParams, PROFILE)
    facts = CardFacts(
        settings=settings_of(system),
        seeds=make_trained_seeds(),
        check=make_check(),
        replaced=ReplacedKinds.of(RedactParams()),
        systems=SYSTEMS,
        gap=make_gap(),
        recipes=make_recipes(1, SYSTEMS),
        recipe_gap=make_recipe_gap(),
        origin=make_origin(),
        dataset=DATASET,
        answered=ANSWERED.get(STAGES.get(split_system(system)[1], "")),
        use=used_teacher(),
        tested=answers(),
        calibration=make_calibration(),
        confusions={},
        filter=load_section("filter", FilterParams, PROFILE),
        generate=generate.model_copy(update={"max_characters": 3000}),
        teacher=teacher_at("https://chat.example/v1"),
        decoding=load_section("predict", DecodingParams, PROFILE),
    )
    return replace(facts, **changed)


def agreeing(system: str = "t5-labelled", **changed: Any) -> CardFacts:
    """The facts where there is no gold: the references are the teacher's own answers."""
    systems = distinct_systems(LABELLED_ALONE)
    found = {
        "systems": systems,
        "gap": make_gap(lineup=LABELLED_ALONE),
        "recipes": make_recipes(1, systems),
        "recipe_gap": make_recipe_gap(lineup=LABELLED_ALONE),
        "use": make_teacher(LABELLED_ALONE, zeroshot=make_calls(model="writer-2")),
        "tested": answers(failed=1, empty=3),
    }
    return facts_of(system, **{**found, **changed})


def classifying(system: str = "gbdt-labelled", **changed: Any) -> CardFacts:
    """The facts of a classification, by a student that has no weights to start from."""
    params = {"gbdt": GbdtRun(), "lstm": LstmRun(), "bert": BertRun()}
    family = split_system(system)[0]
    settings = settings_of(system).model_copy(
        update={"labels": list(LABELS), "params": params.get(family, settings_of().params)}
    )
    systems = make_systems(CLASSES)
    found = {
        "settings": settings,
        "check": None if family == "gbdt" else make_check(tokens=0, equal=0.995),
        "systems": systems,
        "gap": make_gap(lineup=CLASSES),
        "recipes": make_recipes(1, systems),
        "recipe_gap": make_recipe_gap(lineup=CLASSES),
        "confusions": {(LABELS[0], LABELS[0]): 20, (LABELS[0], LABELS[2]): 4, (LABELS[2], "|"): 1},
    }
    return facts_of(system, **{**found, **changed})


def snippets(card: str, language: str) -> list[str]:
    """The code of a card's blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", card, re.MULTILINE | re.DOTALL)


def front_matter(card: str) -> ModelCardData:
    """What the Hub reads in a card."""
    data = ModelCard(card).data
    assert isinstance(data, ModelCardData)
    return data
