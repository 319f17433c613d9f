"""What evaluate writes of a classification alone: who is taken for whom, and how sure they were."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from understudy.contract.document import Count, Figure, Metrics, Record

CONFUSIONS = Path("metrics/confusion")
"""One file a system, SYSTEM.csv, with a line a test row and the columns of ConfusionLine."""
RELIABILITY = Path("metrics/plots/reliability.csv")
"""A line for each bin of confidence that has answers, with the columns of ReliabilityLine."""
ACCURACY = Path("metrics/plots/accuracy.csv")
"""Every system for `dvc plots`, with the columns of AccuracyLine."""
NO_LABEL = "(no label)"
"""What ConfusionLine calls an answer that is none of the labels."""


class ConfusionLine(Record):
    """One test row, as the template `confusion` of `dvc plots` counts them."""

    actual: str
    """The label of the references."""
    predicted: str
    """The system's, or NO_LABEL."""


class ReliabilityLine(Record):
    """Answers of a system that it was about as sure of; figures in percent."""

    system: str
    confidence: Figure
    """The mean."""
    accuracy: Figure
    """The share that is right: as much as the confidence, if that is to be believed."""
    rows: Count


class AccuracyLine(Record):
    """A line of the plot, in percent."""

    system: str
    accuracy: Figure
    balanced: Figure
    macro_f1: Figure


class ClassNoise(Record):
    """What the teacher said of the rows of a class."""

    rows: Count
    differing: Count
    share: Figure
    """Percent."""


class Confused(Record):
    """One label that was taken for another."""

    gold: str
    teacher: str
    rows: Count


class NoiseCost(Record):
    """A student that learned from gold labels minus the same of the teacher's, in points."""

    accuracy: Figure
    accuracy_low: Figure
    """Bounds of the 95% interval, for other test rows."""
    accuracy_high: Figure


class LabelNoise(Metrics):
    """metrics/noise.json: how often the teacher's labels are others than the gold ones."""

    PATH: ClassVar = Path("metrics/noise.json")

    rows: Count
    """Labelled training and validation pairs whose rows have a gold label; 0 where there is no
    such source, or no gold label."""
    differing: Count
    share: Figure | None = None
    """Percent of the rows."""
    share_low: Figure | None = None
    """Bounds of the 95% interval (Wilson 1927)."""
    share_high: Figure | None = None
    classes: dict[str, ClassNoise] = Field(default={})
    """By the gold label's slug, see `slugs`; those without a row are left out."""
    confusions: list[Confused] = Field(default=[])
    """The most frequent, the most frequent first."""
    cost: dict[str, NoiseCost] = Field(default={})
    """By student; empty where one of the two sources does not run."""


def confusion_path(system: str) -> Path:
    """Where a system's file is."""
    return CONFUSIONS / f"{system}.csv"


def slugs(labels: Sequence[str]) -> dict[str, str]:
    """A name for each label that file names and the keys of metrics can have.

    Lower-case letters a to z, digits and hyphens. Labels that would share a name, or have none of
    these characters, get a hash behind an underscore: names are different whatever the labels, and
    depend on no order.
    """
    plain = {label: _simplify(label) for label in labels}
    counts = Counter(plain.values())
    return {
        label: slug if slug and counts[slug] == 1 else f"{slug or 'label'}_{_hash(label)}"
        for label, slug in plain.items()
    }


def _simplify(label: str) -> str:
    spelled = unicodedata.normalize("NFKD", label.casefold())
    ascii_only = "".join(one for one in spelled if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")


def _hash(label: str) -> str:
    return hashlib.sha256(label.encode()).hexdigest()[:12]
