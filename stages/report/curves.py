"""Learning curves of the students."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stages.report.charts import Plot, Series, draw_lines
from stages.report.drawing import Scale, round_scale
from stages.report.inputs import ReportFacts
from understudy.contract.lineup import name_system
from understudy.contract.trained import CurvePoint
from understudy.rendering.figures import count

LOSSES = ("train_loss", "validation_loss")


@dataclass(frozen=True)
class CurvePanel:
    """Losses of one student from each source."""

    student: str
    plot: Markup
    rows: Sequence[tuple[str, str, str, str, str]]
    """System, epoch, step, training loss and validation loss."""


def build_curves(facts: ReportFacts) -> list[CurvePanel]:
    """One panel a student; both have the same scale of losses."""
    followed = (_follow(curve, loss) for curve in facts.curves.values() for loss in LOSSES)
    y = round_scale([0.0, *(loss for points in followed for _, loss in points)], 5)
    return [_build_panel(facts, student, y) for student in facts.kind.students]


def _build_panel(facts: ReportFacts, student: str, y: Scale) -> CurvePanel:
    names = [name_system(student, source) for source in facts.lineup.sources]
    lines = [
        Series(name, name, _follow(facts.curves[name], column), column == "train_loss")
        for column in LOSSES
        for name in names
    ]
    x = Scale(0, max(point.epoch for name in names for point in facts.curves[name]))
    alt = f"Losses of {student.upper()} by epoch; the figures are in the table below."
    plot = draw_lines(Plot(x, y, "epoch", "loss", alt), lines)
    rows = [
        (name, f"{p.epoch:.2f}", count(p.step), f"{p.train_loss:.3f}", f"{p.validation_loss:.3f}")
        for name in names
        for p in facts.curves[name]
    ]
    return CurvePanel(student, plot, rows)


def _follow(curve: Sequence[CurvePoint], name: str) -> list[tuple[float, float]]:
    """Epochs and losses; a training loss that is no number is left out, and is in the table."""
    pairs = ((point.epoch, getattr(point, name)) for point in curve)
    return [(epoch, loss) for epoch, loss in pairs if math.isfinite(loss)]
