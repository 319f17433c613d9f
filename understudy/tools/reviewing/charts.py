"""Plots as Mermaid's XY charts, which GitHub draws in a comment."""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

NOW, BASE = "#1f77b4", "#ff7f0e"
"""Blue and orange, told apart on light and dark pages, and by the color-blind."""
POINTS = 20
"""Points of a curve; they are drawn at equal distances."""

Curve = Sequence[tuple[float, float]]
Places = npt.NDArray[np.float64]


def draw_bars(
    title: str, unit: str, old: Mapping[str, float], new: Mapping[str, float]
) -> str | None:
    """Bars for the workspace; for the base, a line, as bars would hide one another.

    Returns:
        The chart; None where the two sides have nothing in common.
    """
    names = [name for name in new if name in old]
    if not names:
        return None
    labels = ", ".join(_quote(name) for name in names)
    top = max(max(old[name], new[name]) for name in names)
    return _chart(
        title,
        [
            f"x-axis [{labels}]",
            f"y-axis {_quote(unit)} 0 --> {_round(top * 1.05 or 1)}",
            f"bar [{_list(new[name] for name in names)}]",
            f"line [{_list(old[name] for name in names)}]",
        ],
        (NOW, BASE),
    )


def draw_curves(title: str, x: str, y: str, old: Curve, new: Curve) -> str | None:
    """Two curves over the part of the x-axis that both have.

    Returns:
        The chart; None where they have none.
    """
    first = max(min(place for place, _ in curve) for curve in (old, new)) if old and new else 0
    last = min(max(place for place, _ in curve) for curve in (old, new)) if old and new else 0
    if first >= last:
        return None
    grid = np.linspace(first, last, POINTS)
    lines = [_interpolate(grid, curve) for curve in (old, new)]
    low, high = min(map(min, lines)), max(map(max, lines))
    margin = (high - low or 1) * 0.05
    return _chart(
        title,
        [
            f"x-axis {_quote(x)} {_round(first)} --> {_round(last)}",
            f"y-axis {_quote(y)} {_round(low - margin)} --> {_round(high + margin)}",
            *(f"line [{_list(line)}]" for line in lines),
        ],
        (BASE, NOW),
    )


def _interpolate(grid: Places, curve: Curve) -> Places:
    places, heights = np.array(sorted(curve)).T
    return np.asarray(np.interp(grid, places, heights), dtype=np.float64)


def read_curve(text: str, x: str, y: str) -> Curve:
    """Two columns of a CSV file; rows without two numbers are left out."""
    curve = []
    for row in csv.DictReader(io.StringIO(text)):
        try:
            place, height = float(row[x]), float(row[y])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(place) and math.isfinite(height):
            curve.append((place, height))
    return curve


def _chart(title: str, lines: Sequence[str], colors: tuple[str, str]) -> str:
    settings = {
        "xyChart": {"width": 600, "height": 280},
        "themeVariables": {"xyChart": {"plotColorPalette": ", ".join(colors)}},
    }
    body = "\n".join(f"  {line}" for line in (f"title {_quote(title)}", *lines))
    return f"```mermaid\n%%{{init: {json.dumps(settings)}}}%%\nxychart-beta\n{body}\n```"


def _quote(text: str) -> str:
    """A label; what could end it, or the block it stands in, becomes an underscore."""
    return f'"{re.sub(r"[^A-Za-z0-9 .,:_()/+-]", "_", text)}"'


def _list(values: Iterable[float]) -> str:
    return ", ".join(str(_round(value)) for value in values)


def _round(value: float) -> float:
    return round(float(value), 3)
