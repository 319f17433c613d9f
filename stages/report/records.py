"""What the report shows, as the other stages have written it down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from understudy.contract.document import Record

MEASURES = {"recall": "recall", "precision": "precision", "f1": "F1"}

Count = Annotated[int, Field(ge=0)]


class Measures(Record):
    """One ROUGE type of a system, in points from 0 to 100, with 95% intervals."""

    recall: float
    recall_low: float
    recall_high: float
    precision: float
    precision_low: float
    precision_high: float
    f1: float
    f1_low: float
    f1_high: float

    def of(self, measure: str) -> tuple[float, float, float]:
        """The figure of a measure, and the bounds of its interval."""
        value, low, high = (getattr(self, measure + end) for end in ("", "_low", "_high"))
        return value, low, high


class Words(Record):
    """How long texts are on average, and how many have no word."""

    words: float
    empty: Count


class Scores(Words):
    """A system in metrics/systems.json."""

    rouge1: Measures
    rouge2: Measures
    rougel: Measures
    rougelsum: Measures


class Difference(Record):
    """One ROUGE type of a pair in metrics/gap.json, the first system minus the second."""

    recall: float
    precision: float
    f1: float
    f1_low: float
    f1_high: float
    p: float
    p_equivalent: float
    better: Literal[-1, 0, 1]
    equivalent: Literal[0, 1]
    articles_needed: float | None = None

    @property
    def figures(self) -> Mapping[str, float]:
        """The form that understudy/contract/verdicts.py reads."""
        return self.model_dump(exclude_none=True)


class Pair(Record):
    """A pair in metrics/gap.json."""

    rouge1: Difference
    rouge2: Difference
    rougel: Difference
    rougelsum: Difference


class Traits(Words):
    """A system, or the gold highlights, in metrics/texts.json."""

    compression: float
    novel1: float
    novel2: float
    novel3: float
    novel4: float
    coverage: float
    density: float
    repeated: float
    unsupported_numbers: float
    unsupported_names: float


class Lead(Record):
    """A student minus zero-shot in metrics/length.json, in points of ROUGE-1."""

    recall: float
    precision: float
    f1: float
    f1_low: float
    f1_high: float


class Length(Record):
    """A student in metrics/length.json."""

    words: float
    zeroshot_words: float
    as_is: Lead
    cut: Lead
    explained: float | None = None
    """Percent of the difference in F1; None where there is none to explain."""
    correlation: float | None = None


class Calls(Record):
    """One use of the teacher in metrics/teacher.json."""

    model: str
    calls: Count
    unusable: Count
    failed: Count
    batch: Count
    prompt_tokens: Count
    cached_tokens: Count
    completion_tokens: Count
    cost_usd: float


class Teacher(Record):
    """metrics/teacher.json."""

    generate: Calls
    zeroshot: Calls


class Rows(Record):
    """A split in metrics/dataset.json."""

    read: Count
    rejected: Count
    fetched: Count
    under_limit: Count
    kept: Count
    dropped: dict[str, Count]


class Dataset(Record):
    """metrics/dataset.json."""

    train: Rows
    validation: Rows
    test: Rows


class Answers(Record):
    """A split in metrics/generated.json."""

    asked: Count
    kept: Count
    dropped: dict[str, Count]


class Generated(Record):
    """metrics/generated.json."""

    train: Answers
    validation: Answers


class Origin(Record):
    """data/raw/source.json."""

    source: Literal["sample", "hub", "files"]
    dataset: str | None = None
    config: str | None = None
    revision: str | None = None


@dataclass(frozen=True)
class Facts:
    """All that the report shows."""

    origin: Origin
    scores: Mapping[str, Scores]
    reference: Words
    """Of the gold highlights."""
    gap: Mapping[tuple[str, str], Pair]
    traits: Mapping[str, Traits]
    """Of each system, and of `reference`."""
    length: Mapping[str, Length]
    teacher: Teacher
    dataset: Dataset
    generated: Generated
    data: Mapping[str, Any]
    """metrics/data.json."""
    lengths: pd.DataFrame
    """metrics/plots/lengths.csv."""
    curves: Mapping[str, pd.DataFrame]
    """Of each student."""
    scored: int
    """Test articles that the scores are of."""
    texts: pd.DataFrame
    """Those of them to browse: id, article, highlights and a column a system."""
    points: Mapping[str, pd.DataFrame]
    """Of each system, POINTS in the order of `texts`."""
    margin: float
    """ROUGE points within which systems are equivalent."""
    stemmer: bool
    """Whether ROUGE compares stems."""
