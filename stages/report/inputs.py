"""Reads what the report shows; whatever is absent or broken is one line that names the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from understudy.contract.dataset import Dataset
from understudy.contract.document import read_csv
from understudy.contract.evaluation import (
    REFERENCE,
    SCORES,
    SCORES_SCHEMA,
    ByKind,
    Difference,
    Gap,
    LengthEffect,
    LengthEffects,
    Systems,
    SystemScores,
    TeacherUse,
    TextLength,
    Texts,
    TextTraits,
)
from understudy.contract.generated import Generated
from understudy.contract.names import (
    COLUMNS,
    KINDS,
    LEAD,
    PAIRS,
    SYSTEMS,
    TRAINED,
    ZEROSHOT,
    name_pair,
)
from understudy.contract.origin import Origin, load_origin
from understudy.contract.pairs import PAIR_COLUMNS, TEST
from understudy.contract.params.evaluate import EvaluateParams, Words
from understudy.contract.predictions import predictions_path
from understudy.contract.recipes import Recipe, RecipeDifference, RecipeGap, Recipes
from understudy.contract.survey import HISTOGRAM, DataSurvey, LengthBin
from understudy.contract.timing import Latencies
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
    scores: Mapping[str, SystemScores]
    reference: TextLength
    """Lengths of the gold highlights."""
    gap: Mapping[tuple[str, str], ByKind[Difference]]
    """On the models that ship."""
    recipes: Mapping[str, Recipe]
    """By student."""
    recipe_gap: Mapping[tuple[str, str], ByKind[RecipeDifference]]
    traits: Mapping[str, TextTraits]
    """By system; those of the gold highlights are under REFERENCE."""
    length: Mapping[str, LengthEffect]
    teacher: TeacherUse
    dataset: Dataset
    generated: Generated
    data: DataSurvey
    lengths: Sequence[LengthBin]
    """The histogram."""
    curves: Mapping[str, Sequence[CurvePoint]]
    """By student."""
    scored: int
    """How many test articles the scores are of."""
    texts: pd.DataFrame
    """Those of them to browse: id, article, highlights and a column for each system."""
    points: Mapping[str, pd.DataFrame]
    """By system, COLUMNS in the order of `texts`."""
    worth: Worth
    latencies: Latencies
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
    points = read_points()
    shown = {name: rows.head(articles) for name, rows in points.items()}
    systems, gap, texts, effects = Systems.load(), Gap.load(), Texts.load(), LengthEffects.load()
    recipes, recipe_gap, worth = Recipes.load(), RecipeGap.load(), Worth.load()
    return ReportFacts(
        origin=load_origin(),
        scores={name: systems[name] for name in SYSTEMS},
        reference=systems.reference,
        gap={pair: gap[name_pair(*pair)] for pair in PAIRS},
        recipes={name: recipes[name] for name in TRAINED},
        recipe_gap={
            (first, second): _keep_cheaper(
                recipe_gap[name_pair(first, second)],
                find_costs(worth, name_pair(first, second), len(points[LEAD]), recipes),
            )
            for first, second in PAIRS
        },
        traits={name: texts[name] for name in (*SYSTEMS, REFERENCE)},
        length={name: effects[name] for name in TRAINED},
        teacher=TeacherUse.load(),
        dataset=Dataset.load(),
        generated=Generated.load(),
        data=DataSurvey.load(),
        lengths=read_csv(HISTOGRAM, LengthBin),
        curves={name: read_csv(CURVES / f"{name}.csv", CurvePoint) for name in TRAINED},
        scored=len(points[LEAD]),
        texts=read_texts(list(shown[LEAD].index)),
        points=shown,
        worth=worth,
        latencies=Latencies.load(),
        margin=judged.margin,
        stemmer=judged.stemmer,
        words=judged.words,
    )


def _keep_cheaper(pair: ByKind[RecipeDifference], costs: Costs) -> ByKind[RecipeDifference]:
    found = {kind: keep_cheaper(pair[kind], costs) for kind in KINDS}
    return ByKind[RecipeDifference](**found)


def read_points() -> dict[str, pd.DataFrame]:
    """Reads each system's scores: COLUMNS by id of the article.

    Raises:
        DataError: data/scores.parquet is absent or broken, or a system's rows are not those of
            the same articles.
    """
    table = read_table(SCORES, tuple(SCORES_SCHEMA))
    points = {
        system: table[table["system"] == system].set_index("id")[list(COLUMNS)]
        for system in SYSTEMS
    }
    expected = points[LEAD].index
    for system, rows in points.items():
        if not len(rows) or not rows.index.equals(expected) or rows.isna().any(axis=None):
            raise DataError(
                f"{SCORES}: not one score of {system} for each article of {LEAD}; {AGAIN}"
            )
    return points


def read_texts(ids: list[str]) -> pd.DataFrame:
    """Reads articles, gold highlights and every system's summaries.

    Args:
        ids: which articles to take, in the order of the test articles.

    Raises:
        DataError: a file is absent or broken, or lacks a text of an article.
    """
    texts = pd.DataFrame({"id": ids})
    files = [(TEST, {name: name for name in PAIR_COLUMNS[1:]})]
    files += [(predictions_path(name), {"prediction": name}) for name in (*TRAINED, ZEROSHOT)]
    for path, columns in files:
        table = read_table(path, ("id", *columns)).drop_duplicates("id").set_index("id")
        found = table.reindex(ids)
        missing = found.index[found.isna().any(axis="columns")]
        if len(missing):
            raise DataError(f"{path}: no text for article {missing[0]!r} of {SCORES}; `dvc repro`")
        for column, name in columns.items():
            texts[name] = list(found[column])
    texts[LEAD] = [lead(article) for article in texts["article"]]
    return texts
