"""The score table: recall, precision and F1 of every system, with their intervals drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stages.report.charts import draw_axis, draw_interval
from stages.report.drawing import round_scale
from stages.report.inputs import Facts
from stages.report.wording import MEASURES
from understudy.contract.names import SYSTEMS
from understudy.rendering.figures import points


@dataclass(frozen=True)
class Cell:
    """A figure with its interval."""

    value: str
    interval: str
    chart: Markup


@dataclass(frozen=True)
class ScoreRow:
    """A system in one ROUGE type."""

    system: str
    cells: Mapping[str, Cell]
    words: str
    empty: int


@dataclass(frozen=True)
class ScoreTable:
    """All systems in one ROUGE type; its three measures share a scale."""

    axis: Markup
    rows: Sequence[ScoreRow]


def build_scores(facts: Facts, kind: str) -> ScoreTable:
    """The table of one ROUGE type."""
    found = {name: facts.scores[name][kind] for name in SYSTEMS}
    scale = round_scale(
        value for measures in found.values() for m in MEASURES for value in measures.interval(m)
    )
    rows = []
    for name, measures in found.items():
        cells = {}
        for measure in MEASURES:
            value, low, high = measures.interval(measure)
            interval = f"{points(low)}–{points(high)}"
            cells[measure] = Cell(
                points(value), interval, draw_interval(scale, (value, low, high), name)
            )
        rows.append(
            ScoreRow(name, cells, points(facts.scores[name].words), facts.scores[name].empty)
        )
    return ScoreTable(draw_axis(scale), rows)
