"""Reads what the report shows; whatever is absent or broken is one line that names the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from understudy.contract.answered import Answered
from understudy.contract.calibration import SystemCalibration
from understudy.contract.classes import (
    RELIABILITY,
    ConfusionLine,
    LabelNoise,
    ReliabilityLine,
    confusion_path,
    slugs,
)
from understudy.contract.dataset import Dataset
from understudy.contract.document import read_csv
from understudy.contract.evaluation import (
    REFERENCE,
    SCORES,
    AnyDifference,
    AnyScores,
    Gap,
    LabelScores,
    Systems,
    TextLength,
    scores_schema,
)
from understudy.contract.kind import Kind
from understudy.contract.lineup import Lineup, References
from understudy.contract.names import LEAD, ZEROSHOT, name_pair
from understudy.contract.origin import Origin, load_origin
from understudy.contract.pairs import TEST
from understudy.contract.params.evaluate import EvaluateParams, Words
from understudy.contract.params.task import TaskParams
from understudy.contract.predictions import predictions_path
from understudy.contract.recipes import AnyRecipe, AnyRecipeDifference, RecipeGap, Recipes
from understudy.contract.survey import LengthBin, SourceSurvey, histogram_of
from understudy.contract.teacher_use import TeacherUse
from understudy.contract.texts import LengthEffect, LengthEffects, Texts, TextTraits
from understudy.contract.timing import StudentLatency
from understudy.contract.trained import CURVES, CurvePoint
from understudy.contract.worth import Worth
from understudy.core.errors import DataError
from understudy.core.files import AGAIN
from understudy.core.params import load_section
from understudy.core.tables import read_table
from understudy.rendering.switching import find_costs
from understudy.rendering.verdicts import Costs, keep_cheaper
from understudy.texts.sentences import lead


@dataclass(frozen=True)
class ClassFacts:
    """What the report shows of a classification alone."""

    labels: Mapping[str, str]
    """Each label's slug, which metrics know it by."""
    scores: Mapping[str, LabelScores]
    """By system."""
    answers: Mapping[str, Sequence[ConfusionLine]]
    """By system, in the order of the test rows."""
    reliability: Sequence[ReliabilityLine]
    noise: LabelNoise


@dataclass(frozen=True)
class ReportFacts:
    """Everything that the report shows."""

    origin: Origin
    lineup: Lineup
    scores: Mapping[str, AnyScores]
    reference: TextLength
    """Lengths of the reference texts."""
    gap: Mapping[tuple[str, str], AnyDifference]
    """On the models that ship."""
    recipes: Mapping[str, AnyRecipe]
    """By student."""
    recipe_gap: Mapping[tuple[str, str], AnyRecipeDifference]
    traits: Mapping[str, TextTraits]
    """By system; those of the reference texts are under REFERENCE. Empty for labels."""
    length: Mapping[str, LengthEffect]
    """By student; empty where zero-shot is no system, and for labels."""
    teacher: TeacherUse
    dataset: Dataset
    answered: Mapping[str, Answered]
    """By the stage that asked."""
    data: Mapping[str, SourceSurvey]
    """By source."""
    lengths: Sequence[LengthBin]
    """The histograms of all sources."""
    curves: Mapping[str, Sequence[CurvePoint]]
    """By student."""
    scored: int
    """How many test rows the scores are of."""
    texts: pd.DataFrame
    """Those of them to browse: id, article, highlights and a column for each system; highlights
    are the reference texts."""
    points: Mapping[str, pd.DataFrame]
    """By system, `Kind.score_columns` in the order of `texts`."""
    worth: Worth
    latencies: Mapping[str, StudentLatency]
    """By student."""
    calibrations: Mapping[str, SystemCalibration]
    """By student."""
    margin: float
    """Points within which systems are equivalent."""
    stemmer: bool
    """Whether ROUGE compares stems."""
    words: Words
    """What ROUGE takes for a word."""
    classes: ClassFacts | None
    """None where answers are no labels."""

    @property
    def kind(self) -> Kind:
        """What kind of task all this is of."""
        return self.lineup.kind

    @property
    def several(self) -> bool:
        """Whether a student was trained with several seeds, so that there are recipes to judge."""
        return any(recipe.seeds > 1 for recipe in self.recipes.values())


def gather(articles: int) -> ReportFacts:
    """Reads params.yaml and the files of all stages.

    Args:
        articles: how many test articles to take at most, from the first on.

    Raises:
        ParamsError: params.yaml cannot be used.
        DataError: a file is absent, broken, or lacks what the report shows.
    """
    judged = load_section("evaluate", EvaluateParams)
    systems, gap = Systems.load(), Gap.load()
    recipes, recipe_gap, worth = Recipes.load(), RecipeGap.load(), Worth.load()
    teacher, lineup = TeacherUse.load(), systems.lineup
    trained, sources = lineup.trained, lineup.sources
    is_rouge = not lineup.kind.has_labels
    points = read_points(lineup)
    first = points[lineup.systems[0]]
    classes = None if is_rouge else _read_classes(systems, len(first))
    shown = {name: rows.head(articles) for name, rows in points.items()}
    return ReportFacts(
        origin=load_origin(),
        lineup=lineup,
        scores={name: systems[name] for name in lineup.systems},
        reference=systems.reference,
        gap={pair: gap[name_pair(*pair)] for pair in lineup.pairs},
        recipes={name: recipes[name] for name in trained},
        recipe_gap={
            (first, second): _keep_cheaper(
                recipe_gap[name_pair(first, second)],
                find_costs(worth, name_pair(first, second), len(first), recipes),
            )
            for first, second in lineup.pairs
        },
        traits=_read_traits(lineup) if is_rouge else {},
        length=_read_lengths(lineup) if is_rouge else {},
        teacher=teacher,
        dataset=Dataset.load(),
        answered={stage: Answered.load(Answered.path_of(stage)) for stage in teacher.stages},
        data={name: SourceSurvey.load(SourceSurvey.path_of(name)) for name in sources},
        lengths=[bin_ for name in sources for bin_ in read_csv(histogram_of(name), LengthBin)],
        curves={name: read_csv(CURVES / f"{name}.csv", CurvePoint) for name in trained},
        scored=len(first),
        texts=read_texts(list(first.index[:articles]), lineup, classes),
        points=shown,
        worth=worth,
        latencies={name: StudentLatency.load(StudentLatency.path_of(name)) for name in trained},
        calibrations={
            name: SystemCalibration.load(SystemCalibration.path_of(name)) for name in trained
        },
        margin=judged.margin,
        stemmer=judged.stemmer,
        words=judged.words,
        classes=classes,
    )


def _keep_cheaper(pair: AnyRecipeDifference, costs: Costs) -> AnyRecipeDifference:
    found = {kind: keep_cheaper(each, costs) for kind, each in pair}
    return pair.model_copy(update=found)


def _read_traits(lineup: Lineup) -> dict[str, TextTraits]:
    texts = Texts.load()
    return {name: texts[name] for name in (*lineup.systems, REFERENCE)}


def _read_lengths(lineup: Lineup) -> dict[str, LengthEffect]:
    effects = LengthEffects.load()
    return {name: effects[name] for name in lineup.trained if "teacher" in lineup.questions}


def _read_classes(systems: Systems, rows: int) -> ClassFacts:
    answers = {
        name: read_csv(confusion_path(name), ConfusionLine) for name in systems.lineup.systems
    }
    for name, found in answers.items():
        if len(found) != rows:
            raise DataError(f"{confusion_path(name)}: not a line for each row of {SCORES}; {AGAIN}")
    labels = load_section("task", TaskParams).labels
    scores = {name: one for name, one in systems.items() if isinstance(one, LabelScores)}
    return ClassFacts(
        slugs(labels), scores, answers, read_csv(RELIABILITY, ReliabilityLine), LabelNoise.load()
    )


def read_points(lineup: Lineup) -> dict[str, pd.DataFrame]:
    """Reads each system's scores: `Kind.score_columns` by id of the row.

    Raises:
        DataError: data/scores.parquet is absent or broken, or a system's rows are not those of
            the same articles.
    """
    table = read_table(SCORES, tuple(scores_schema(lineup.kind)))
    columns, baseline = list(lineup.kind.score_columns), lineup.kind.baselines[0]
    points = {
        system: table[table["system"] == system].set_index("id")[columns]
        for system in lineup.systems
    }
    expected = points[baseline].index
    for system, rows in points.items():
        if not len(rows) or not rows.index.equals(expected) or rows.isna().any(axis=None):
            raise DataError(
                f"{SCORES}: not one score of {system} for each {lineup.kind.input} of {baseline}; "
                f"{AGAIN}"
            )
    return points


def read_texts(ids: list[str], lineup: Lineup, classes: ClassFacts | None = None) -> pd.DataFrame:
    """Reads inputs (as `article`), reference texts (as `highlights`) and every system's answers.

    Args:
        ids: which rows to take, in the order of the test rows.
        lineup: the systems, and whose texts the references are.
        classes: has the answers and the references where they are labels.

    Raises:
        DataError: a file is absent or broken, or lacks a text of an article.
    """
    texts = pd.DataFrame({"id": ids})
    files = [(TEST, lineup.kind.input, "article")]
    if classes is None:
        made = [name for name in lineup.systems if name != LEAD]
        files += [_locate_references(lineup.references)]
        files += [(predictions_path(name), "prediction", name) for name in made]
    for path, column, name in files:
        table = read_table(path, ("id", column)).drop_duplicates("id").set_index("id")
        found = table[column].reindex(ids)
        missing = found.index[found.isna()]
        if len(missing):
            row = f"{lineup.kind.input} {missing[0]!r}"
            raise DataError(f"{path}: no text for {row} of {SCORES}; `dvc repro`")
        texts[name] = list(found)
    if classes is not None:
        lines = {name: found[: len(ids)] for name, found in classes.answers.items()}
        texts["highlights"] = [line.actual for line in lines[lineup.systems[0]]]
        answers = {name: [line.predicted for line in found] for name, found in lines.items()}
        return texts.assign(**answers)
    texts[LEAD] = [lead(article) for article in texts["article"]]
    return texts


def _locate_references(references: References) -> tuple[Path, str, str]:
    """The file and the column of the reference texts, and the name that they have here."""
    if references == "gold":
        return TEST, "highlights", "highlights"
    return predictions_path(ZEROSHOT), "prediction", "highlights"
