"""metrics/dataset.json: how many rows were read, kept and dropped, as in the study's Table 1."""

from pathlib import Path
from typing import ClassVar

from understudy.contract.document import Count, Metrics, Record


class SplitCounts(Record):
    """Rows of one split: fetched = kept + the sum of dropped, read = fetched + rejected."""

    read: Count
    rejected: Count
    """Rows that fetch could not use."""
    fetched: Count
    under_limit: Count
    """Rows that are not too long; what the study counts."""
    kept: Count
    dropped: dict[str, Count]
    """By reason."""


class StudySplit(Record):
    """What the study counts of a split."""

    under_limit: Count


class StudyCounts(Record):
    """Table 1 of the study."""

    train: StudySplit
    test: StudySplit


class Dataset(Metrics):
    """The counts of every split."""

    PATH: ClassVar = Path("metrics/dataset.json")

    train: SplitCounts
    validation: SplitCounts
    test: SplitCounts
    study: StudyCounts | None = None
    """Only beside rows of the Hub."""
