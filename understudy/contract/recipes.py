"""What evaluate writes of recipes: how systems compare if they are trained again.

A recipe is all that trains a student but its seed. Its scores are means over one trained model a
seed. A figure is in points of 0 to 100 if nothing else is said.
"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Tag

from understudy.contract.document import Count, Figure, KeyedMetrics, Record
from understudy.contract.evaluation import (
    BY_KEYS,
    LABELS,
    ROUGE,
    ByKind,
    ByLabels,
    Moot,
    WithIntervals,
    decide_verdict,
)
from understudy.contract.names import Verdict


class F1Mean(WithIntervals):
    """Mean F1 over seeds and test articles, or a difference of two such means."""

    f1: Figure
    f1_low: Figure | None = None
    """Bounds of the 95% interval for other seeds and articles like these; None with one seed."""
    f1_high: Figure | None = None


class AccuracyMean(WithIntervals):
    """The same of accuracy, in percent."""

    JUDGED: ClassVar = "accuracy"

    accuracy: Figure
    accuracy_low: Figure | None = None
    accuracy_high: Figure | None = None


class SeedFigures(WithIntervals):
    """One type of scores of a recipe, in the judged measure."""

    sd: Figure | None = None
    """Standard deviation between the means of the seeds; None with one."""
    by_seed: dict[str, Figure]
    """Mean over the test rows of each seed's model."""


class SeedScores(SeedFigures, F1Mean):
    """One ROUGE type of a recipe."""


class LabelSeedScores(SeedFigures, AccuracyMean):
    """Labels of a recipe."""


class Trained(Record):
    """What is known of a recipe beside its scores."""

    shipped: Count
    """The seed of the model that ships."""
    seeds: Count
    """How many were trained."""


class Recipe(Trained, ByKind[SeedScores]):
    """One student on one source of pairs."""


class LabelRecipe(Trained, ByLabels[LabelSeedScores]):
    """The same of a classification."""


AnyRecipe = Annotated[Annotated[Recipe, Tag(ROUGE)] | Annotated[LabelRecipe, Tag(LABELS)], BY_KEYS]


class Recipes(KeyedMetrics[AnyRecipe]):
    """metrics/seeds.json: every trained system."""

    PATH: ClassVar = Path("metrics/seeds.json")


class RecipeFinding(WithIntervals):
    """What is shown of a pair of recipes, first minus second; p-values are for all pairs.

    A system that is not trained (the teacher, a baseline) counts as it is: its noise is the rows'.
    """

    p: Figure | None = None
    """Probability of a difference so large between recipes that are alike."""
    p_equivalent: Figure | None = None
    """Probability of a difference so small between recipes that differ by the margin."""
    better: Literal[-1, 0, 1] = 0
    """1: the first recipe is better; -1: worse; 0: neither is shown."""
    equivalent: Literal[0, 1] = 0
    """1: shown to differ by less than the margin."""
    known: Literal[0, 1]
    """0: a trained system of the pair has one seed; only the difference is given then."""
    articles_needed: Count | None = None
    """About how many test articles would decide, with these seeds; None where none would."""
    seeds_needed: Count | None = None
    """About how many seeds of each trained system would decide, on these articles."""
    moot: Moot | None = None
    """Why there is little to compare; None as a rule."""

    @property
    def verdict(self) -> Verdict:
        """On the first recipe; `unknown` with one seed."""
        if not self.known:
            return "unknown"
        return decide_verdict(self.better, self.equivalent, self.moot)


class RecipeDifference(RecipeFinding, F1Mean):
    """One ROUGE type of a pair of recipes."""


class LabelRecipeDifference(RecipeFinding, AccuracyMean):
    """Labels of a pair of recipes."""


AnyRecipeDifference = Annotated[
    Annotated[ByKind[RecipeDifference], Tag(ROUGE)]
    | Annotated[ByLabels[LabelRecipeDifference], Tag(LABELS)],
    BY_KEYS,
]


class RecipeGap(KeyedMetrics[AnyRecipeDifference]):
    """metrics/recipes.json: differences of pairs of recipes, under FIRST-minus-SECOND."""

    PATH: ClassVar = Path("metrics/recipes.json")
