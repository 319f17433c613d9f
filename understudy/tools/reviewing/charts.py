"""Plots as Mermaid's XY charts, which GitHub draws in a comment (templates/chart.md.j2)."""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NOW, BASE = "#1f77b4", "#ff7f0e"
"""Blue and orange, told apart on light and dark pages, and by the color-blind."""
POINTS = 20
"""Points of a curve; they are drawn at equal distances."""

Curve = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """What Mermaid is told, with labels that can end neither themselves nor the chart."""

    title: str
    x: str
    y: str
    series: tuple[tuple[str, list[float]], ...]
    """Each a `bar` or `line` with its figures."""
    colors: tuple[str, str]


def draw_bars(
    title: str, unit: str, old: Mapping[str, float], new: Mapping[str, float]
) -> Chart | None:
    """Bars for the workspace; for the base, a line, as bars would hide one another.

    Returns:
        The chart; None where the two sides have nothing in common.
    """
    names = [name for name in new if name in old]
    if not names:
        return None
    top = max(max(old[name], new[name]) for name in names)
    bars, line = ([round(side[name], 3) for name in names] for side in (new, old))
    x = f"[{', '.join(_quote(name) for name in names)}]"
    y = f"{_quote(unit)} 0 --> {round(top * 1.05 or 1, 3)}"
    return Chart(_quote(title), x, y, (("bar", bars), ("line", line)), (NOW, BASE))


def draw_curves(title: str, axes: tuple[str, str], old: Curve, new: Curve) -> Chart | None:
    """Two curves over the part of the x-axis that both have.

    Returns:
        The chart; None where they have none.
    """
    if not old or not new:
        return None
    first = max(min(curve)[0] for curve in (old, new))
    last = min(max(curve)[0] for curve in (old, new))
    if first >= last:
        return None
    grid = np.linspace(first, last, POINTS)
    lines = [np.interp(grid, *np.array(sorted(curve)).T) for curve in (old, new)]
    low, high = min(map(min, lines)), max(map(max, lines))
    margin = (high - low or 1) * 0.05
    ends = (first, last), (low - margin, high + margin)
    x, y = (
        f"{_quote(name)} {round(float(start), 3)} --> {round(float(end), 3)}"
        for name, (start, end) in zip(axes, ends, strict=True)
    )
    base, now = (("line", [round(float(height), 3) for height in line]) for line in lines)
    return Chart(_quote(title), x, y, (base, now), (BASE, NOW))


def read_curve(text: str, x: str, y: str) -> Curve:
    """Two columns of a CSV file; rows without two numbers are left out."""
    curve = []
    for row in csv.DictReader(io.StringIO(text)):
        try:
            point = float(row[x]), float(row[y])
        except (KeyError, TypeError, ValueError):
            continue
        if all(map(math.isfinite, point)):
            curve.append(point)
    return curve


def _quote(text: str) -> str:
    """A label; what could end it, or the block it stands in, becomes an underscore."""
    return f'"{re.sub(r"[^A-Za-z0-9 .,:_()/+-]", "_", text)}"'
