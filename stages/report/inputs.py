"""Reads what the report shows; whatever is absent or broken is one line that names the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from understudy.contract.answered import Answered
from understudy.contract.calibration import SystemCalibration
from understudy.contract.dataset import Dataset
from understudy.contract.document import read_csv
from understudy.contract.evaluation import (
    REFERENCE,
    SCORES,
    AnyDifference,
    AnyScores,
    Gap,
    Systems,
    TextLength,
    scores_schema,
)
from understudy.contract.kind import this_kind
from understudy.contract.lineup import Lineup, References
from understudy.contract.names import COLUMNS, LEAD, ZEROSHOT, name_pair
from understudy.contract.origin import Origin, load_origin
from understudy.contract.pairs import TEST
from understudy.contract.params.evaluate import EvaluateParams, Words
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
    """By system; those of the reference texts are under REFERENCE."""
    length: Mapping[str, LengthEffect]
    """By student; empty where zero-shot is no system."""
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
    """How many test articles the scores are of."""
    texts: pd.DataFrame
    """Those of them to browse: id, article, highlights and a column for each system; highlights
    are the reference texts."""
    points: Mapping[str, pd.DataFrame]
    """By system, COLUMNS in the order of `texts`."""
    worth: Worth
    latencies: Mapping[str, StudentLatency]
    """By student."""
    calibrations: Mapping[str, SystemCalibration]
    """By student."""
    margin: float
    """ROUGE points within which systems are equivalent."""
    stemmer: bool
    """Whether ROUGE compares stems."""
    words: Words
    """What ROUGE takes for a word."""

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
    systems, gap, texts, effects = Systems.load(), Gap.load(), Texts.load(), LengthEffects.load()
    recipes, recipe_gap, worth = Recipes.load(), RecipeGap.load(), Worth.load()
    teacher, lineup = TeacherUse.load(), systems.lineup
    trained, sources = lineup.trained, lineup.sources
    points = read_points(lineup.systems)
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
                find_costs(worth, name_pair(first, second), len(points[LEAD]), recipes),
            )
            for first, second in lineup.pairs
        },
        traits={name: texts[name] for name in (*lineup.systems, REFERENCE)},
        length={name: effects[name] for name in trained if "teacher" in lineup.questions},
        teacher=teacher,
        dataset=Dataset.load(),
        answered={stage: Answered.load(Answered.path_of(stage)) for stage in teacher.stages},
        data={name: SourceSurvey.load(SourceSurvey.path_of(name)) for name in sources},
        lengths=[bin_ for name in sources for bin_ in read_csv(histogram_of(name), LengthBin)],
        curves={name: read_csv(CURVES / f"{name}.csv", CurvePoint) for name in trained},
        scored=len(points[LEAD]),
        texts=read_texts(list(shown[LEAD].index), lineup),
        points=shown,
        worth=worth,
        latencies={name: StudentLatency.load(StudentLatency.path_of(name)) for name in trained},
        calibrations={
            name: SystemCalibration.load(SystemCalibration.path_of(name)) for name in trained
        },
        margin=judged.margin,
        stemmer=judged.stemmer,
        words=judged.words,
    )


def _keep_cheaper(pair: AnyRecipeDifference, costs: Costs) -> AnyRecipeDifference:
    found = {kind: keep_cheaper(each, costs) for kind, each in pair}
    return pair.model_copy(update=found)


def read_points(systems: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Reads each system's scores: COLUMNS by id of the article.

    Raises:
        DataError: data/scores.parquet is absent or broken, or a system's rows are not those of
            the same articles.
    """
    table = read_table(SCORES, tuple(scores_schema(this_kind())))
    points = {
        system: table[table["system"] == system].set_index("id")[list(COLUMNS)]
        for system in systems
    }
    expected = points[LEAD].index
    for system, rows in points.items():
        if not len(rows) or not rows.index.equals(expected) or rows.isna().any(axis=None):
            raise DataError(
                f"{SCORES}: not one score of {system} for each article of {LEAD}; {AGAIN}"
            )
    return points


def read_texts(ids: list[str], lineup: Lineup) -> pd.DataFrame:
    """Reads articles, reference texts (as `highlights`) and every system's summaries.

    Args:
        ids: which articles to take, in the order of the test articles.
        lineup: the systems, and whose texts the references are.

    Raises:
        DataError: a file is absent or broken, or lacks a text of an article.
    """
    texts = pd.DataFrame({"id": ids})
    files = [(TEST, "article", "article"), _locate_references(lineup.references)]
    made = [name for name in lineup.systems if name != LEAD]
    files += [(predictions_path(name), "prediction", name) for name in made]
    for path, column, name in files:
        table = read_table(path, ("id", column)).drop_duplicates("id").set_index("id")
        found = table[column].reindex(ids)
        missing = found.index[found.isna()]
        if len(missing):
            raise DataError(f"{path}: no text for article {missing[0]!r} of {SCORES}; `dvc repro`")
        texts[name] = list(found)
    texts[LEAD] = [lead(article) for article in texts["article"]]
    return texts


def _locate_references(references: References) -> tuple[Path, str, str]:
    """The file and the column of the reference texts, and the name that they have here."""
    if references == "gold":
        return TEST, "highlights", "highlights"
    return predictions_path(ZEROSHOT), "prediction", "highlights"
