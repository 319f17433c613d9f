"""Examples of what a classification alone has, to make fixtures from."""

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.contract.classes import LabelNoise, slugs
from understudy.contract.evaluation import (
    ByLabels,
    ClassScores,
    LabelDifference,
    LabelGap,
    LabelMeasures,
    LabelScores,
)
from understudy.contract.kind import CLASSIFICATION
from understudy.contract.lineup import Lineup
from understudy.contract.recipes import LabelRecipeDifference

CLASSES = Lineup(kind=CLASSIFICATION)
LABELS = ("billing", "opening hours", "Rückgabe, Umtausch")


def make_label_scores(accuracy: float, labels: Sequence[str] = LABELS) -> LabelScores:
    """A system with balanced accuracy and macro F1 a point and two above its accuracy."""
    found = {"accuracy": accuracy, "balanced": accuracy + 1, "macro_f1": accuracy + 2}
    figures = {
        name + end: figure + shift
        for name, figure in found.items()
        for end, shift in (("", 0.0), ("_low", -2.0), ("_high", 2.5))
    }
    measures = {name: figures.pop(name) for name in LabelMeasures.model_fields}
    rated = ClassScores(support=13, answered=12, precision=75.0, recall=69.2, f1=72.0)
    lost = ClassScores(support=0, answered=2, precision=0.0)
    classes = dict.fromkeys(slugs(labels).values(), rated) | {slugs(labels)[labels[1]]: lost}
    return LabelScores(
        labels=LabelMeasures(**measures),
        unlisted=1,
        ece=4.25,
        brier=0.125,
        classes=classes,
        **figures,
    )


def make_label_pair(figures: Mapping[str, Any]) -> LabelGap:
    """A pair of a classification, from figures in F1."""
    found = of_labels(figures)
    accuracy = found["accuracy"]
    alone = {"balanced": accuracy + 1, "first_only": 9, "second_only": 2, "mcnemar": 0.065}
    macro = {"macro_f1": accuracy, "macro_f1_low": accuracy - 2, "macro_f1_high": accuracy + 2}
    return LabelGap(labels=LabelDifference.model_validate({**found, **alone}), **macro)


def make_label_recipe_pair(figures: Mapping[str, Any]) -> ByLabels[LabelRecipeDifference]:
    """The same of recipes."""
    labels = LabelRecipeDifference.model_validate(of_labels(figures))
    return ByLabels[LabelRecipeDifference](labels=labels)


def of_labels(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures in F1 as figures in accuracy."""
    found = {name.replace("f1", "accuracy"): figure for name, figure in figures.items()}
    return {name: found[name] for name in found if name not in ("recall", "precision")}


def make_noise() -> LabelNoise:
    """metrics/noise.json: a tenth of the teacher's labels are not gold ones."""
    cost = {"accuracy": 4.0, "accuracy_low": 1.5, "accuracy_high": 6.5}
    found = {
        "rows": 200, "differing": 20, "share": 10.0, "share_low": 6.6, "share_high": 14.9,
        "classes": {slugs(LABELS)[LABELS[0]]: {"rows": 90, "differing": 9, "share": 10.0}},
        "confusions": [{"gold": LABELS[0], "teacher": LABELS[2], "rows": 12}],
        "cost": dict.fromkeys(CLASSIFICATION.students, cost),
    }  # fmt: skip
    return LabelNoise.model_validate(found)
