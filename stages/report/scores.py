"""The score table: all measures of every system, with their intervals drawn.

Behind the interval of a student's judged measure are the models of all its seeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from markupsafe import Markup

from stages.report.charts import Retrained, draw_axis, draw_interval
from stages.report.drawing import round_scale
from stages.report.inputs import ReportFacts
from understudy.contract.recipes import SeedFigures


@dataclass(frozen=True)
class ScoreTable:
    """All systems in one type of scores, whose measures share a scale."""

    axis: Markup
    charts: Mapping[str, Mapping[str, Markup]]
    """By system and measure."""
    seeds: Mapping[str, SeedFigures]
    """By student, of those with several seeds."""


def build_scores(facts: ReportFacts, kind: str) -> ScoreTable:
    """Draws the table of one type of scores."""
    judged = facts.kind.judged
    found = {
        system: {measure: scores[kind].interval(measure) for measure in facts.kind.measures}
        for system, scores in facts.scores.items()
    }
    seeds = {name: recipe[kind] for name, recipe in facts.recipes.items() if recipe.seeds > 1}
    behind = {name: _retrain(scores) for name, scores in seeds.items()}
    shown = chain.from_iterable(figures.values() for figures in found.values())
    others = chain.from_iterable((each.figures, each.models) for each in behind.values())
    scale = round_scale(chain.from_iterable(chain(shown, others)))
    charts = {
        system: {
            measure: draw_interval(
                scale, each, system, None, behind.get(system) if measure == judged else None
            )
            for measure, each in figures.items()
        }
        for system, figures in found.items()
    }
    return ScoreTable(draw_axis(scale), charts, seeds)


def _retrain(scores: SeedFigures) -> Retrained:
    mean, *bounds = scores.interval()
    low, high = (mean if end is None else end for end in bounds)
    return Retrained((mean, low, high), list(scores.by_seed.values()))
