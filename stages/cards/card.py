"""A student's model card in the Hugging Face Hub's form: YAML front matter, then Markdown.

The text is in templates/card.md.j2; here is what it shows.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.contract.answered import AnswerCounts, Answered
from understudy.contract.calibration import SystemCalibration
from understudy.contract.conversion import ConversionCheck
from understudy.contract.dataset import Dataset
from understudy.contract.evaluation import AnyScores, Gap, Systems
from understudy.contract.names import TITLES, name_pair
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
from understudy.rendering.verdicts import COVERS, FIND_OUT, MODEL, RECIPE, UNKNOWN, describe_pair
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import TINY

TEMPLATE = Path(__file__).parent / "templates" / "card.md.j2"


@dataclass(frozen=True)
class CardFacts:
    """Everything that a card shows, as the stages before have written it down."""

    settings: TrainedSettings
    seeds: TrainedSeeds
    check: ConversionCheck
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
        trained=_score_seeds(facts.seeds, recipe, settings.system),
        shipped=facts.seeds.shipped,
        recipe=recipe,
        verdicts={
            MODEL: [describe_pair(pair, facts.gap[pair][facts.main]) for pair in pairs],
            RECIPE: [describe_pair(pair, facts.recipe_gap[pair][facts.main]) for pair in pairs],
        },
        compared=len(list(facts.gap.items())),
        covers=COVERS,
        unknown=UNKNOWN,
        find_out=FIND_OUT,
        dataset=facts.dataset,
        answered=facts.answered,
        agreement=AGREEMENT if references == "teacher" else "",
        references=name_references(references),
        unscored=facts.tested.unusable if references == "teacher" else facts.tested.failed,
        alone=describe_promise(facts.calibration),
        calibrated=facts.calibration.rows,
        teacher=facts.teacher,
        decoding=facts.decoding,
        titles=TITLES,
        sample=isinstance(facts.origin, SampleOrigin),
        tiny=settings.start == TINY,
        prefix=FAMILIES[settings.family].prefix,
        host=name_host(base_url),
        start=_name_start(settings),
        origin=name_origin(facts.origin, LEARNING_SPLITS),
        writer=name_teacher(facts.answered.calls.model, base_url) if facts.answered else "",
        reader=name_teacher(use.zeroshot.model, base_url),
        tested=facts.filter.max_characters,
        limit=(facts.generate if is_written else facts.filter).max_characters,
        failure=_hide_folders(check.why or "no reason is known"),
        params=json.dumps(settings.params.model_dump(), indent=2),
    )


def _score_seeds(
    seeds: TrainedSeeds, recipe: AnyRecipe, system: str
) -> list[tuple[int, float, list[float]]]:
    """Each seed, its validation loss, and its model's F1 by ROUGE type."""
    rows = []
    for run in seeds.runs:
        name, loss = str(run.seed), run.best_validation_loss
        if any(name not in recipe[kind].by_seed for kind in TITLES):
            raise DataError(f"{Recipes.PATH}: no seed {name} of {system} in it; {AGAIN}")
        rows.append((run.seed, loss, [recipe[kind].by_seed[name] for kind in TITLES]))
    return rows


def _name_start(settings: TrainedSettings) -> str:
    model = settings.start or TINY
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
    tags += ["ctranslate2"] if facts.check.passed else []
    results = [
        EvalResult(
            task_type="summarization",
            dataset_split="test",
            metric_type="rouge",
            metric_name=f"{title} F1{' (agreement with the teacher)' if agrees else ''}",
            metric_value=scores[kind].judged,
            **_identify_dataset(origin),
        )
        for kind, title in TITLES.items()
    ]
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="summarization",
        base_model=one_line(settings.start or TINY) if on_hub else None,
        base_model_relation="finetune" if on_hub else None,
        datasets=[one_line(origin.dataset)] if isinstance(origin, HubOrigin) else None,
        metrics=["rouge"],
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
