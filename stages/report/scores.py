"""The score table: recall, precision and F1 of every system, with their intervals drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from stages.report.charts import draw_axis, draw_interval
from stages.report.drawing import round_scale
from stages.report.inputs import ReportFacts
from understudy.contract.names import MEASURES


@dataclass(frozen=True)
class ScoreTable:
    """All systems in one ROUGE type; its three measures share a scale."""

    axis: Markup
    charts: Mapping[str, Mapping[str, Markup]]
    """By system and measure."""


def build_scores(facts: ReportFacts, kind: str) -> ScoreTable:
    """Draws the table of one ROUGE type."""
    found = {
        system: {measure: scores[kind].interval(measure) for measure in MEASURES}
        for system, scores in facts.scores.items()
    }
    scale = round_scale(v for figures in found.values() for each in figures.values() for v in each)
    charts = {
        system: {m: draw_interval(scale, each, system) for m, each in figures.items()}
        for system, figures in found.items()
    }
    return ScoreTable(draw_axis(scale), charts)
