"""A student's model card in the Hugging Face Hub's form: YAML front matter, then Markdown.

The text is in templates/card.md.j2; here is what it shows.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.contract.answered import AnswerCounts, Answered
from understudy.contract.calibration import SystemCalibration
from understudy.contract.classes import slugs
from understudy.contract.conversion import ConversionCheck
from understudy.contract.dataset import Dataset
from understudy.contract.evaluation import AnyScores, Gap, LabelScores, Systems
from understudy.contract.names import name_pair
from understudy.contract.origin import FilesOrigin, HubOrigin, Origin, SampleOrigin
from understudy.contract.pairs import LEARNING_SPLITS
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.personal import ReplacedKinds
from understudy.contract.recipes import AnyRecipe, RecipeGap, Recipes
from understudy.contract.teacher_use import TeacherUse
from understudy.contract.trained import TrainedSeeds, TrainedSettings
from understudy.core.errors import DataError, one_line
from understudy.core.files import AGAIN
from understudy.rendering.markdown import code_span
from understudy.rendering.origins import name_host, name_origin, name_teacher
from understudy.rendering.promises import describe_promise
from understudy.rendering.references import AGREEMENT, name_references
from understudy.rendering.templates import render_markdown
from understudy.rendering.verdicts import (
    FIND_OUT,
    MODEL,
    RECIPE,
    UNKNOWN,
    describe_pair,
    name_covered,
)
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import TINY

MOST_CLASSES = 30
"""Classes with a row of their own."""
MOST_CONFUSED = 5
LIBRARIES = {"gbdt": "lightgbm", "lstm": "onnxruntime"}
"""Of families that transformers does not know."""
TEMPLATE = Path(__file__).parent / "templates" / "card.md.j2"


@dataclass(frozen=True)
class CardFacts:
    """Everything that a card shows, as the stages before have written it down."""

    settings: TrainedSettings
    seeds: TrainedSeeds
    check: ConversionCheck | None
    """None where nothing was converted."""
    replaced: ReplacedKinds
    systems: Systems
    gap: Gap
    recipes: Recipes
    recipe_gap: RecipeGap
    origin: Origin
    dataset: Dataset
    answered: Answered | None
    """What became of the answers that the pairs are made of; None for gold."""
    use: TeacherUse
    tested: AnswerCounts
    """The teacher's answers on the test articles."""
    calibration: SystemCalibration
    confusions: Mapping[tuple[str, str], int]
    """Test rows of a classification by their label and what the system answered; empty where
    answers are no labels."""
    filter: FilterParams
    generate: GenerateParams
    teacher: TeacherParams
    decoding: DecodingParams

    @property
    def main(self) -> str:
        """The type of scores that verdicts are told of."""
        return self.systems.lineup.kind.main


def build_card(facts: CardFacts) -> str:
    """The text of README.md in a model folder; the same facts give the same text.

    Raises:
        DataError: a file under metrics/ lacks the system, one of its seeds or one of its pairs.
    """
    settings, check, use, base_url = facts.settings, facts.check, facts.use, facts.teacher.base_url
    lineup, references = facts.systems.lineup, facts.systems.references
    shown = (settings.system, *reversed(lineup.untrained))
    scores = {name: facts.systems[name] for name in shown}
    recipe = facts.recipes[settings.system]
    pairs = [name_pair(*pair) for pair in lineup.pairs if settings.system in pair]
    is_written = settings.source == "written"
    return render_markdown(
        TEMPLATE,
        front_matter=_write_front_matter(facts, scores[settings.system]),
        settings=settings,
        check=check,
        replaced=facts.replaced,
        scores=scores,
        trained=_score_seeds(facts, recipe),
        shipped=facts.seeds.shipped,
        recipe=recipe,
        verdicts={
            MODEL: [describe_pair(pair, facts.gap[pair][facts.main]) for pair in pairs],
            RECIPE: [describe_pair(pair, facts.recipe_gap[pair][facts.main]) for pair in pairs],
        },
        compared=len(list(facts.gap.items())),
        kind=lineup.kind,
        labels=settings.labels,
        **_describe_classes(facts, scores[settings.system]),
        covers=name_covered(lineup.kind),
        unknown=UNKNOWN,
        find_out=FIND_OUT,
        dataset=facts.dataset,
        answered=facts.answered,
        agreement=AGREEMENT if references == "teacher" else "",
        references=name_references(references, lineup.kind),
        unscored=facts.tested.unusable if references == "teacher" else facts.tested.failed,
        alone=describe_promise(facts.calibration),
        calibrated=facts.calibration.rows,
        teacher=facts.teacher,
        decoding=facts.decoding,
        titles=lineup.kind.types,
        sample=isinstance(facts.origin, SampleOrigin),
        tiny=settings.start == TINY,
        prefix=FAMILIES[settings.family].prefix if settings.family in FAMILIES else "",
        host=name_host(base_url),
        start=_name_start(settings),
        origin=name_origin(facts.origin, LEARNING_SPLITS),
        writer=name_teacher(facts.answered.calls.model, base_url) if facts.answered else "",
        reader=name_teacher(use.zeroshot.model, base_url),
        tested=facts.filter.max_characters,
        limit=(facts.generate if is_written else facts.filter).max_characters,
        failure=_hide_folders((check and check.why) or "no reason is known"),
        params=json.dumps(settings.params.model_dump(), indent=2),
    )


def _describe_classes(facts: CardFacts, scores: AnyScores) -> dict[str, Any]:
    """The classes with the most test rows, and what is most often taken for what."""
    if not isinstance(scores, LabelScores):
        return {}
    known = [
        (label, scores.classes[slug]) for label, slug in slugs(facts.settings.labels or []).items()
    ]
    known.sort(key=lambda one: -one[1].support)
    wrong = Counter({pair: rows for pair, rows in facts.confusions.items() if pair[0] != pair[1]})
    return {
        "classes": known[:MOST_CLASSES],
        "left_out": max(0, len(known) - MOST_CLASSES),
        "confusions": [(*pair, rows) for pair, rows in wrong.most_common(MOST_CONFUSED)],
    }


def _score_seeds(facts: CardFacts, recipe: AnyRecipe) -> list[tuple[int, float, list[float]]]:
    """Each seed, its validation loss, and its model's judged measure by type of scores."""
    rows, types = [], facts.systems.lineup.kind.types
    for run in facts.seeds.runs:
        name, loss = str(run.seed), run.best_validation_loss
        if any(name not in recipe[kind].by_seed for kind in types):
            system = facts.settings.system
            raise DataError(f"{Recipes.PATH}: no seed {name} of {system} in it; {AGAIN}")
        rows.append((run.seed, loss, [recipe[kind].by_seed[name] for kind in types]))
    return rows


def _name_start(settings: TrainedSettings) -> str:
    """Markdown; empty where there was nothing to start from."""
    model = settings.start
    if model is None:
        return ""
    if model == TINY:
        return "random weights"
    if settings.commit is None:
        return f"the local folder {code_span(model)}"
    return f"{code_span(model)}, commit {code_span(settings.commit)},"


def _hide_folders(text: str) -> str:
    """The text with absolute paths cut down to their last part."""
    return re.sub(r"(?<![\w./:])/(?:[^\s/'\"]+/)+", "", text)


def _write_front_matter(facts: CardFacts, scores: AnyScores) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    settings, origin = facts.settings, facts.origin
    on_hub = settings.commit is not None
    agrees = facts.systems.references == "teacher"
    tags = ["understudy", settings.family]
    tags += [] if settings.source == "gold" else ["synthetic-data"]
    is_rouge = settings.labels is None
    task = "summarization" if is_rouge else "text-classification"
    metric = "rouge" if is_rouge else "accuracy"
    library = LIBRARIES.get(settings.family, "transformers")
    converted = facts.check is not None and facts.check.passed
    tags += ["ctranslate2" if settings.family in FAMILIES else "onnx"] if converted else []
    kind = facts.systems.lineup.kind
    results = [
        EvalResult(
            task_type=task,
            dataset_split="test",
            metric_type=metric,
            metric_name=f"{kind.title(one)}{' (agreement with the teacher)' if agrees else ''}",
            metric_value=scores[one].judged,
            **_identify_dataset(origin),
        )
        for one in kind.types
    ]
    data = ModelCardData(
        library_name=library,
        pipeline_tag=task,
        base_model=one_line(settings.start or "") if on_hub else None,
        base_model_relation="finetune" if on_hub else None,
        datasets=[one_line(origin.dataset)] if isinstance(origin, HubOrigin) else None,
        metrics=[metric],
        tags=tags,
        model_name=settings.system,
        eval_results=results,
    )
    return data.to_yaml()


def _identify_dataset(origin: Origin) -> dict[str, Any]:
    if isinstance(origin, HubOrigin):
        return {
            "dataset_type": one_line(origin.dataset),
            "dataset_name": one_line(origin.dataset),
            "dataset_config": one_line(origin.config),
            "dataset_revision": one_line(origin.revision),
        }
    if isinstance(origin, FilesOrigin):
        return {"dataset_type": "files", "dataset_name": "own files"}
    return {"dataset_type": "understudy-sample", "dataset_name": "Understudy's invented sample"}
