"""What evaluate writes: scores and differences; see texts.py and teacher_use.py for the rest.

A figure is in points or percent of 0 to 100 if nothing else is said.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar

import pyarrow as pa
from pydantic import Discriminator, Tag

from understudy.contract.document import Count, Figure, KeyedMetrics, Record
from understudy.contract.kind import CLASSIFICATION, SUMMARIZATION, Kind
from understudy.contract.lineup import Lineup, References, split_system
from understudy.contract.names import Verdict
from understudy.contract.params.sources import SOURCES
from understudy.core.tables import text_columns

M = TypeVar("M")

SCORES = Path("data/scores.parquet")
"""Every system's points on every scored test row, system after system, as it ships."""
SEED_SCORES = Path("data/seed-scores.parquet")
"""The points of every trained model, those of the seeds that do not ship too."""
PLOT = Path("metrics/plots/rouge.csv")
"""F1 for `dvc plots`, with the columns of PlotLine."""
REFERENCE = "reference"
"""The key of the reference texts beside the systems."""


def scores_schema(kind: Kind) -> dict[str, pa.DataType]:
    """Columns of SCORES."""
    return {**text_columns("id", "system"), **dict.fromkeys(kind.score_columns, pa.float64())}


def seed_scores_schema(kind: Kind) -> dict[str, pa.DataType]:
    """Columns of SEED_SCORES."""
    points = dict.fromkeys(kind.score_columns, pa.float64())
    return {**text_columns("id", "system"), "seed": pa.int64(), **points}


class ByType(Record, Generic[M]):
    """The same of each type of scores that a kind of task has."""

    def __getitem__(self, kind: str) -> M:
        """What it holds of a type, one of `Kind.types`."""
        found: M = getattr(self, kind)
        return found


class ByKind(ByType[M], Generic[M]):
    """The same of each ROUGE type."""

    rouge1: M
    rouge2: M
    rougel: M
    rougelsum: M


class ByLabels(ByType[M], Generic[M]):
    """The same of the only type of scores that labels have."""

    labels: M


def _find_form(content: Any) -> str:
    """Which of two forms an object of a metrics file has, by its keys or its class."""
    is_labels = "labels" in content if isinstance(content, dict) else isinstance(content, ByLabels)
    return LABELS if is_labels else ROUGE


ROUGE, LABELS = "(rouge)", "(labels)"
"""Forms of an object; no key has such a name."""
BY_KEYS = Discriminator(_find_form)


class PlotLine(Record):
    """A line of the plot."""

    system: str
    metric: str
    """A ROUGE type."""
    f1: Figure


class WithIntervals(Record):
    """Figures with bounds beside them: `f1` with `f1_low` and `f1_high`."""

    JUDGED: ClassVar = "f1"
    """The measure that is compared, `Kind.judged`."""

    def interval(self, measure: str | None = None) -> tuple[float, Any, Any]:
        """The figure of a measure, the judged one by default, and its 95% interval's bounds."""
        name = measure or self.JUDGED
        value, low, high = (getattr(self, name + end) for end in ("", "_low", "_high"))
        return value, low, high

    @property
    def judged(self) -> float:
        """The figure that is compared."""
        found: float = getattr(self, self.JUDGED)
        return found

    @classmethod
    def of(cls, mean: float, low: float | None, high: float | None, **others: Any) -> Self:
        """Takes the judged measure, and its interval if there is one."""
        name = cls.JUDGED
        bounds = {f"{name}_low": low, f"{name}_high": high}
        return cls(**{name: mean}, **bounds, **others)


class Measures(WithIntervals):
    """One ROUGE type of a system: means, with their 95% intervals."""

    recall: Figure
    precision: Figure
    f1: Figure
    recall_low: Figure
    recall_high: Figure
    precision_low: Figure
    precision_high: Figure
    f1_low: Figure
    f1_high: Figure


class LabelMeasures(WithIntervals):
    """Labels of a system, in percent, with their 95% intervals."""

    JUDGED: ClassVar = "accuracy"

    accuracy: Figure
    """Rows with the right label, of all; a row without a label is wrong."""
    accuracy_low: Figure
    accuracy_high: Figure
    balanced: Figure
    """The mean over classes of the share that is found, so that rare classes count as much."""
    balanced_low: Figure
    balanced_high: Figure


class TextLength(Record):
    """How long texts are."""

    words: Figure
    """On average, lone punctuation left out."""
    empty: Count
    """Texts without a word."""


class SystemScores(ByKind[Measures]):
    """One system."""

    words: Figure
    """Mean words per summary."""
    empty: Count
    """Summaries without a word."""

    @property
    def is_silent(self) -> bool:
        """Whether it writes less than a word on average."""
        return self.words < 1


class ClassScores(Record):
    """One class of one system, in percent; what has no rows to be told of is left out."""

    support: Count
    """Test rows of the class."""
    answered: Count
    """Rows that got its label."""
    precision: Figure | None = None
    recall: Figure | None = None
    f1: Figure | None = None
    """None of a class without test rows."""


class LabelScores(ByLabels[LabelMeasures]):
    """One system of a classification."""

    macro_f1: Figure
    """The mean over classes that have test rows of F1."""
    macro_f1_low: Figure
    macro_f1_high: Figure
    unlisted: Count
    """Answers that are none of the labels."""
    ece: Figure | None = None
    """Expected calibration error in 15 bins of equal width, in percent (Naeini et al. 2015); None
    for a system that does not say how sure it is."""
    brier: Figure | None = None
    """Mean squared distance of the confidence from 1 where the answer is right and 0 else."""
    classes: dict[str, ClassScores]
    """By the label's slug, see `slugs`."""

    @property
    def is_silent(self) -> bool:
        """Whether none of its answers is a label."""
        return not any(one.answered for one in self.classes.values())


AnyScores = Annotated[
    Annotated[SystemScores, Tag(ROUGE)] | Annotated[LabelScores, Tag(LABELS)], BY_KEYS
]


class Systems(KeyedMetrics[AnyScores]):
    """metrics/systems.json: every system, and the references."""

    PATH: ClassVar = Path("metrics/systems.json")

    reference: TextLength
    references: References = "gold"
    """Whose texts the references are."""

    @property
    def lineup(self) -> Lineup:
        """The systems in the file."""
        names = {split_system(name) for name, _ in self.items()}
        found = {source for _, source in names}
        sources = tuple(source for source in SOURCES if source in found)
        is_labels = any(isinstance(scores, LabelScores) for _, scores in self.items())
        kind = CLASSIFICATION if is_labels else SUMMARIZATION
        return Lineup(sources, self.references, kind)


class OneSource(KeyedMetrics[AnyScores]):
    """Systems without the source in their names, so that two runs line up in a diff.

    metrics/rouge.json, or metrics/labels.json of a classification.
    """

    PATH: ClassVar = Path("metrics/rouge.json")

    @classmethod
    def path_of(cls, kind: Kind) -> Path:
        """Where it is in a project of a kind."""
        return Path("metrics/labels.json") if kind.has_labels else cls.PATH


class F1Difference(WithIntervals):
    """Mean differences, first system minus second, with the 95% interval of F1's."""

    recall: Figure
    precision: Figure
    f1: Figure
    f1_low: Figure
    f1_high: Figure


Moot = Literal["identical", "both_empty", "first_empty", "second_empty", "no_overlap"]
"""What makes a comparison of two systems moot, whatever their scores are.

Both wrote the same, word for word; both, or one, wrote no word at all; or neither shares anything
with the references, so that all scores are 0.
"""


def decide_verdict(better: int, equivalent: int, moot: Moot | None) -> Verdict:
    """The verdict on what two tests show, of models and of recipes alike."""
    if moot == "identical":
        return "identical"
    if moot and not better:
        return "void"
    if equivalent and not moot:
        return "equivalent"
    if better:
        return "better" if better > 0 else "worse"
    return "undecided"


class Comparison(Record):
    """What is shown of F1 of one system minus another; p-values are corrected for all pairs."""

    p: Figure
    """Probability of a difference so large between systems that are alike."""
    p_equivalent: Figure
    """Probability of a difference so small between systems that differ by the margin."""
    better: Literal[-1, 0, 1]
    """1: the first system is better; -1: worse; 0: neither is shown."""
    equivalent: Literal[0, 1]
    """1: shown to differ by less than the margin."""
    articles_needed: Count | None = None
    """About how many test articles would decide; None where it is decided, or none would."""
    moot: Moot | None = None
    """Why there is little to compare; None as a rule."""

    @property
    def verdict(self) -> Verdict:
        """On the first system.

        Systems that are shown to differ by less than the margin are equivalent, even if they are
        shown to differ by something. A system without a word is never equivalent to another.
        """
        return decide_verdict(self.better, self.equivalent, self.moot)


class Difference(Comparison, F1Difference):
    """One ROUGE type of a pair."""


class LabelDifference(Comparison, WithIntervals):
    """Labels of a pair: differences, first system minus second, in points of percent."""

    JUDGED: ClassVar = "accuracy"

    accuracy: Figure
    accuracy_low: Figure
    accuracy_high: Figure
    balanced: Figure
    first_only: Count
    """Rows that only the first system has right."""
    second_only: Count
    mcnemar: Figure
    """p-value of McNemar's exact test on these two, not corrected for the number of pairs."""


class LabelGap(ByLabels[LabelDifference]):
    """A pair of systems of a classification."""

    macro_f1: Figure
    """Difference, first minus second."""
    macro_f1_low: Figure
    macro_f1_high: Figure


AnyDifference = Annotated[
    Annotated[ByKind[Difference], Tag(ROUGE)] | Annotated[LabelGap, Tag(LABELS)], BY_KEYS
]


class Gap(KeyedMetrics[AnyDifference]):
    """metrics/gap.json: differences of pairs of systems, under FIRST-minus-SECOND."""

    PATH: ClassVar = Path("metrics/gap.json")
