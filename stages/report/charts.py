"""The report's charts, put together from stages/report/drawing.py.

Rows of one table share a scale, so that their grid lines meet and their marks compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from stages.report.drawing import (
    Scale,
    along,
    band,
    dots,
    element,
    label,
    line,
    mark,
    polyline,
    round_scale,
    show_tick,
    spread,
    stretched,
)

Figures = tuple[float, float, float]
"""A value and the bounds of its 95% interval."""


@dataclass(frozen=True)
class Retrained:
    """What models of other seeds score, to stand behind the interval of the one that ships."""

    figures: Figures
    """The mean over seeds, with the interval for other seeds and articles like these."""
    models: Sequence[float]
    """What each model scores."""


@dataclass(frozen=True)
class Series:
    """A line in a plot."""

    system: str
    name: str
    points: Sequence[tuple[float, float]]
    second: bool = False
    """Drawn thinner, without marks and name."""
    marked: Sequence[tuple[float, float]] | None = None
    """Where marks stand; None: at all points."""


@dataclass(frozen=True)
class Plot:
    """A plot with two axes."""

    x: Scale
    y: Scale
    x_name: str
    y_name: str
    alt: str
    """What the plot shows, for those who do not see it."""


def draw_interval(
    scale: Scale,
    figures: Figures,
    system: str,
    margin: float | None = None,
    retrained: Retrained | None = None,
) -> Markup:
    """A row with a value and its interval.

    Args:
        scale: of the whole table.
        figures: in the scale's unit.
        system: whose shape and colour the mark has.
        margin: draws zero and the band around it within which a difference counts as none.
        retrained: draws a dot a model, and the recipe's interval as a broad bar, behind the rest.
    """
    value, low, high = figures
    start, end = scale.place(low), scale.place(high)
    whisker = [
        line(start, 50, end, 50, f"whisker {system}"),
        *(line(place, 34, place, 66, f"whisker {system}") for place in (start, end)),
    ]
    behind = [] if retrained is None else _draw_recipe(scale, retrained, system)
    ground = _draw_ground(scale, margin)
    return _row(*ground, *behind, *whisker, mark(scale.place(value), 50, system))


def _draw_recipe(scale: Scale, retrained: Retrained, system: str) -> list[Markup]:
    mean, low, high = map(scale.place, retrained.figures)
    return [
        line(low, 50, high, 50, f"recipe {system}"),
        line(mean, 22, mean, 78, f"recipe-mean {system}"),
        dots([(scale.place(value), 50) for value in retrained.models], f"dots {system}"),
    ]


def draw_spread(scale: Scale, quantiles: Sequence[float], system: str) -> Markup:
    """A row with the 5th, 25th, 50th, 75th and 95th percentile."""
    p5, p25, p50, p75, p95 = map(scale.place, quantiles)
    return _row(
        *_draw_ground(scale, None),
        line(p5, 50, p95, 50, f"whisker {system}"),
        line(p25, 50, p75, 50, f"box {system}"),
        mark(p50, 50, system),
    )


def draw_axis(scale: Scale) -> Markup:
    """The labels of a table's scale."""
    labels = [label(scale.place(tick), 60, show_tick(tick), "tick x") for tick in scale.ticks()]
    return element("svg", *labels, class_="axis", aria_hidden="true")


def draw_lines(plot: Plot, lines: Sequence[Series]) -> Markup:
    """Lines with their names at their ends."""

    def place(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(plot.x.place(x), 100 - plot.y.place(y)) for x, y in points]

    placed = [place(series.points) for series in lines]
    paths = [
        (polyline(points), f"line {series.system}{' second' if series.second else ''}")
        for series, points in zip(lines, placed, strict=True)
    ]
    pairs = zip(lines, placed, strict=True)
    named = [(series, points) for series, points in pairs if points and not series.second]
    marks = [
        mark(x, y, series.system)
        for series, points in named
        for x, y in (points if series.marked is None else place(series.marked))
    ]
    return _frame(plot, stretched(paths), *marks, *_name_ends(named))


def _name_ends(named: Sequence[tuple[Series, Sequence[tuple[float, float]]]]) -> list[Markup]:
    ends = spread([points[-1][1] for _, points in named], 6)
    return [
        label(100, y, series.name, f"name {series.system}", dx=12, dy=4)
        for (series, _), y in zip(named, ends, strict=True)
    ]


def draw_steps(
    plot: Plot, edges: Sequence[float], shares: Sequence[tuple[str, Sequence[float]]]
) -> Markup:
    """Histograms over the same bins, drawn over one another.

    Args:
        plot: its axes.
        edges: of the bins, one more than there are bins.
        shares: a name and the bins' heights, per histogram.
    """
    paths = []
    for name, heights in shares:
        corners = [(edges[0], 0.0)]
        for (low, high), height in zip(pairwise(edges), heights, strict=True):
            corners += [(low, height), (high, height)]
        corners.append((edges[-1], 0.0))
        data = polyline([(plot.x.place(x), 100 - plot.y.place(y)) for x, y in corners])
        paths.append((data, f"steps {name}"))
    return _frame(plot, stretched(paths))


def difference_scale(figures: Sequence[Sequence[float]], margin: float) -> Scale:
    """A scale for differences that holds zero and the band around it."""
    return round_scale([-margin, margin, *(value for bounds in figures for value in bounds)])


def _row(*drawn: Markup) -> Markup:
    """A drawing that is hidden from screen readers: the table has the figures."""
    return element("svg", *drawn, class_="row", aria_hidden="true")


def _draw_ground(scale: Scale, margin: float | None) -> list[Markup]:
    """Grid lines; with a margin, its band and a line at zero."""
    grid = [line(x, 0, x, 100, "grid") for x in map(scale.place, scale.ticks())]
    if margin is None:
        return grid
    low, high = scale.place(-margin), scale.place(margin)
    zero = scale.place(0)
    return [band(low, 0, high - low, 100, "margin"), *grid, line(zero, 0, zero, 100, "zero")]


def _frame(plot: Plot, *drawn: Markup) -> Markup:
    """The axes, and what is drawn between them."""
    ground = []
    for tick in plot.y.ticks(5):
        y = 100 - plot.y.place(tick)
        ground += [line(0, y, 100, y, "grid"), label(0, y, show_tick(tick), "tick y", -8, 4)]
    for tick in plot.x.ticks(6):
        ground.append(label(plot.x.place(tick), 100, show_tick(tick), "tick x", dy=18))
    names = [
        label(100, 100, plot.x_name, "axis-name end", dy=36),
        element("text", plot.y_name, x=along(0), y="-10", class_="axis-name"),
    ]
    attributes = {"role": "img", "aria_label": plot.alt}
    return element("svg", *ground, *drawn, *names, class_="plot", **attributes)
