"""SVG that fits any width: places along an axis are percentages, texts and marks keep their size.

Shapes that need a path are drawn into a box of 100 by 100 that is stretched over the drawing.
Colours and fonts come from CSS classes (style/); the page's Content-Security-Policy would block a
style of an element's own.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from markupsafe import Markup, escape

SHAPES = {
    "t5": "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z",
    "bart": "M-4.5-4.5H4.5V4.5H-4.5Z",
    "gbdt": "M0 6-5.8-4.6H5.8Z",
    "lstm": "M0-5.8 5.5-1.8 3.4 4.7H-3.4L-5.5-1.8Z",
    "bert": "M-4.5-4.5H4.5V4.5H-4.5Z",
    "zeroshot": "M0-6.4 6.4 0 0 6.4-6.4 0Z",
    "lead": "M0-6 5.8 4.6H-5.8Z",
    "majority": "M0-6 5.8 4.6H-5.8Z",
    "keywords": "M-6 0-3-5.2H3L6 0 3 5.2H-3Z",
    "reference": "M-6.5 0H6.5M0-6.5V6.5",
}
"""A mark a system or family, so that colour is never all that tells them apart."""
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """Places values of an axis, in percent of its length."""

    low: float
    high: float
    step: float | None = None
    """Between its ticks; None takes a round one."""

    def place(self, value: float) -> float:
        """Where a value lies, from 0 to 100; what is beyond the axis lies at its end."""
        share = (value - self.low) / ((self.high - self.low) or 1)
        return round(100 * min(1.0, max(0.0, share)), 2)

    def ticks(self, most: int = 6) -> list[float]:
        """Round values on the axis; `most` of them at most, unless its step is given."""
        step = self.step or choose_step(self.high - self.low, most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(step * number, 10) for number in range(first, last + 1)]


def choose_step(span: float, most: int) -> float:
    """The smallest round step that divides a span by `most` ticks at most."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    for step in STEPS:
        if math.floor(span / (step * power) + 1e-9) + 1 <= most:
            return step * power
    return 2 * STEPS[-1] * power


def round_scale(values: Iterable[float], most: int = 6) -> Scale:
    """A scale that holds all values and begins and ends with a tick."""
    found = list(values)
    low, high = min(found), max(found)
    step = choose_step((high - low) or 1.0, most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(step * first, step * max(last, first + 1), step)


def show_tick(value: float) -> str:
    """A tick's label, as short as it can be."""
    return f"{value:,.10g}".replace("-", "−")


def element(name: str, *content: str | Markup, **attributes: object) -> Markup:
    """An element; text and attributes are escaped.

    Args:
        name: of the element.
        content: markup as it is, or text.
        attributes: `class_` for class, `text_anchor` for text-anchor, `viewBox` as it is.
    """
    shown = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value))
        for key, value in attributes.items()
    )
    return Markup("<{}{}>{}</{}>").format(
        name, shown, Markup("").join(escape(part) for part in content), name
    )


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def along(place: float) -> str:
    """A place as an attribute."""
    return f"{place:.6g}%"


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A line between two places in percent."""
    return element(
        "line", x1=along(x1), y1=along(y1), x2=along(x2), y2=along(y2), class_=class_
    )  # fmt: skip


def band(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    """A rectangle, in percent."""
    size = {"width": along(width), "height": along(height)}
    return element("rect", x=along(x), y=along(y), **size, class_=class_)


def label(x: float, y: float, text: str, class_: str, dx: float = 0, dy: float = 0) -> Markup:
    """A text at a place in percent, moved by pixels."""
    return element("text", text, x=along(x), y=along(y), dx=dx, dy=dy, class_=class_)


def mark(x: float, y: float, system: str) -> Markup:
    """A system's mark, in its shape and colour, at a place in percent."""
    shape = SHAPES.get(system.partition("-")[0], SHAPES["reference"])
    path = element("path", d=shape)
    return element(
        "svg", path, x=along(x), y=along(y), overflow="visible", class_=f"mark {system}"
    )  # fmt: skip


def stretched(paths: Iterable[tuple[str, str]]) -> Markup:
    """Paths (their data, their class) in a box of 100 by 100 over the whole drawing."""
    drawn = [
        element("path", d=data, class_=class_, vector_effect="non-scaling-stroke")
        for data, class_ in paths
    ]
    box = {"viewBox": "0 0 100 100", "preserveAspectRatio": "none"}
    return element("svg", *drawn, width="100%", height="100%", **box)


def dots(places: Iterable[tuple[float, float]], class_: str) -> Markup:
    """Dots at places in percent: one path of lines without length, whose round ends CSS makes."""
    return stretched([("".join(f"M{x:.6g} {y:.6g}h0" for x, y in places), class_)])


def polyline(points: Sequence[tuple[float, float]]) -> str:
    """Path data through places."""
    return "M" + "L".join(f"{x:.6g} {y:.6g}" for x, y in points) if points else ""


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Places moved apart, as little as can be, until they differ by `gap`, in the same order."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    # Without the gaps they need not fall, so neighbours that do so share their mean.
    groups: list[list[float]] = []
    for rank, index in enumerate(order):
        groups.append([places[index] - rank * gap])
        while len(groups) > 1 and fmean(groups[-2]) > fmean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    levels = [fmean(group) for group in groups for _ in group]
    found = dict(zip(order, levels, strict=True))
    return [found[index] + order.index(index) * gap for index in range(len(places))]
