"""Learning curves of the four students."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from stages.report.charts import Plot, Series, draw_lines
from stages.report.drawing import Scale, round_scale
from stages.report.inputs import Facts
from understudy.contract.names import SOURCES, STUDENTS
from understudy.rendering.figures import count


@dataclass(frozen=True)
class CurvePanel:
    """Losses of one student from both sources."""

    student: str
    plot: Markup
    rows: Sequence[tuple[str, str, str, str, str]]
    """System, epoch, step, training loss and validation loss."""


def build_curves(facts: Facts) -> list[CurvePanel]:
    """One panel a student; both have the same scale of losses."""
    losses = pd.concat(table[["train_loss", "validation_loss"]] for table in facts.curves.values())
    finite = losses.to_numpy(float)[np.isfinite(losses.to_numpy(float))]
    y = round_scale([0.0, *finite], 5)
    return [_build_panel(facts, student, y) for student in STUDENTS]


def _build_panel(facts: Facts, student: str, y: Scale) -> CurvePanel:
    names = [f"{student}-{source}" for source in SOURCES]
    lines = [
        Series(name, name, _follow(facts.curves[name], column), column == "train_loss")
        for column in ("train_loss", "validation_loss")
        for name in names
    ]
    x = Scale(0, max(facts.curves[name]["epoch"].max() for name in names))
    alt = f"Losses of {student.upper()} by epoch; the figures are in the table below."
    plot = draw_lines(Plot(x, y, "epoch", "loss", alt), lines)
    rows = [
        (name, f"{epoch:.2f}", count(step), f"{train:.3f}", f"{validation:.3f}")
        for name in names
        for step, epoch, train, validation in facts.curves[name].to_numpy(float)
    ]
    return CurvePanel(student, plot, rows)


def _follow(table: pd.DataFrame, column: str) -> list[tuple[float, float]]:
    """Epochs and losses; a loss that is no number is left out here and stands in the table."""
    pairs = table[["epoch", column]].to_numpy(float)
    return [(epoch, loss) for epoch, loss in pairs if math.isfinite(loss)]
