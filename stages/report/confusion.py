"""Classes: how each is found, what is taken for what, how sure systems are, and label noise."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from stages.report.charts import Plot, Series, draw_lines
from stages.report.datacard import Table
from stages.report.drawing import Scale
from stages.report.inputs import ClassFacts, ReportFacts
from understudy.contract.classes import NO_LABEL
from understudy.contract.lineup import split_system
from understudy.contract.names import ZEROSHOT
from understudy.rendering.figures import count, percent, points, signed

MOST = 20
"""Classes that get a row and a column of their own: those with the most test rows."""
OTHERS = "(others)"
SHADES = 10
NONE = "–"


@dataclass(frozen=True)
class Cell:
    """Rows of a class that got a label."""

    rows: str
    shade: int
    """Their share of the class, in steps of 1 of SHADES."""
    right: bool


@dataclass(frozen=True)
class ClassRow:
    """One class of a system."""

    label: str
    figures: Sequence[str]
    """Test rows, F1, recall and precision."""
    cells: Sequence[Cell]


@dataclass(frozen=True)
class ClassPanel:
    """One system: its classes, and what they are taken for."""

    system: str
    columns: Sequence[str]
    rows: Sequence[ClassRow]


def build_classes(facts: ReportFacts) -> dict[str, Any]:
    """All that the section shows; nothing where answers are no labels."""
    if facts.classes is None:
        return {}
    return {
        "panels": [_build_panel(facts.classes, name) for name in facts.lineup.systems],
        "left_out": max(0, len(facts.classes.labels) - MOST),
        "reliability": _draw_reliability(facts, facts.classes),
        "noise": _describe_noise(facts.classes),
        "confused": Table("", ("gold", "teacher", "rows"), list(_list_confused(facts.classes))),
        "cost": Table("", ("accuracy", "95% interval"), list(_list_cost(facts.classes))),
    }


def _build_panel(found: ClassFacts, system: str) -> ClassPanel:
    lines = found.answers[system]
    support = Counter(line.actual for line in lines)
    labels = sorted(found.labels, key=lambda label: -support[label])[:MOST]
    known = set(labels)
    cells = Counter((_place(line.actual, known), _place(line.predicted, known)) for line in lines)
    columns = [*labels, *(name for name in (OTHERS, NO_LABEL) if any(c == name for _, c in cells))]
    rows = []
    for label in labels:
        one = found.scores[system].classes[found.labels[label]]
        figures = [NONE if x is None else points(x) for x in (one.f1, one.recall, one.precision)]
        shown = [_shade(cells[label, c], support[label], right=c == label) for c in columns]
        rows.append(ClassRow(label, [count(one.support), *figures], shown))
    return ClassPanel(system, columns, rows)


def _place(label: str, known: set[str]) -> str:
    return label if label in known or label == NO_LABEL else OTHERS


def _shade(rows: int, support: int, *, right: bool) -> Cell:
    return Cell(count(rows) if rows else "", -(-SHADES * rows // max(1, support)), right)


def _draw_reliability(facts: ReportFacts, found: ClassFacts) -> list[tuple[str, Markup]]:
    """A panel a student, and one of the teacher where it says how sure it is."""
    panels: dict[str, list[str]] = {}
    for system in dict.fromkeys(line.system for line in found.reliability):
        if system in facts.lineup.systems:
            panels.setdefault(split_system(system)[0], []).append(system)
    scale = Scale(0, 100, 20)
    drawn = []
    for student, systems in panels.items():
        lines = [Series("reference", "", [(0, 0), (100, 100)], second=True)]
        for system in systems:
            bins = [line for line in found.reliability if line.system == system]
            places = [(line.confidence, line.accuracy) for line in bins]
            lines.append(Series(system, system, places))
        alt = f"How often {student.upper()} is right, by how sure it is; on the diagonal, as often."
        plot = Plot(scale, scale, "confidence, %", "right, %", alt)
        drawn.append(("teacher" if student == ZEROSHOT else student, draw_lines(plot, lines)))
    return drawn


def _describe_noise(found: ClassFacts) -> str:
    noise = found.noise
    if noise.share is None or noise.share_low is None or noise.share_high is None:
        return ""
    ends = f"95% interval {points(noise.share_low)}–{percent(noise.share_high)}"
    return (
        f"The teacher’s label is another than the gold one in {percent(noise.share)} of "
        f"{count(noise.rows)} labelled pairs ({ends})."
    )


def _list_confused(found: ClassFacts) -> Iterator[tuple[str, Sequence[str]]]:
    for number, one in enumerate(found.noise.confusions, 1):
        yield str(number), (one.gold, one.teacher, count(one.rows))


def _list_cost(found: ClassFacts) -> Iterator[tuple[str, Sequence[str]]]:
    for student, cost in found.noise.cost.items():
        ends = f"{signed(cost.accuracy_low)} to {signed(cost.accuracy_high)}"
        yield student, (signed(cost.accuracy), ends)
