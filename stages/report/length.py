"""The study's length explanation, tested: students against zero-shot, as it is and cut."""

from dataclasses import dataclass

from markupsafe import Markup

from stages.report.charts import difference_scale, draw_axis, draw_interval
from stages.report.inputs import ReportFacts
from understudy.contract.texts import LengthEffect
from understudy.rendering.figures import percent


@dataclass(frozen=True)
class LengthRow:
    """A student against the teacher's summaries, as they are and cut to its own length."""

    student: str
    effect: LengthEffect
    as_is_chart: Markup
    cut_chart: Markup
    explained: str
    """A sentence."""


def build_length(facts: ReportFacts) -> tuple[Markup, list[LengthRow]]:
    """Returns the axis and a row for each student."""
    leads = [lead for found in facts.length.values() for lead in (found.as_is, found.cut)]
    scale = difference_scale([lead.interval() for lead in leads], facts.margin)
    rows = []
    for name, effect in facts.length.items():
        as_is, cut = (
            draw_interval(scale, lead.interval(), name, facts.margin)
            for lead in (effect.as_is, effect.cut)
        )
        rows.append(LengthRow(name, effect, as_is, cut, _describe_explained(effect.explained)))
    return draw_axis(scale), rows


def _describe_explained(share: float | None) -> str:
    """How much of the difference vanishes at equal length."""
    if share is None:
        return "no difference in F1 to explain"
    if share < 0:
        return "length explains nothing: cutting widens it"
    if share > 100:
        return "length explains all of it, and more"
    return f"length explains {percent(share)}"


def describe_length(facts: ReportFacts) -> str:
    """The section's finding in one sentence."""
    shares = [found.explained for found in facts.length.values() if found.explained is not None]
    if not shares:
        return "No student differs from zero-shot in ROUGE-1 F1, so there is nothing to explain."
    if max(shares) <= 0:
        return (
            "Length does not explain it: cut to the students’ length, zero-shot summaries do "
            "not come closer to any student in F1."
        )
    low, high = (percent(min(100.0, max(0.0, share))) for share in (min(shares), max(shares)))
    shown = low if low == high else f"between {low} and {high}"
    return f"Length explains {shown} of the differences in F1, by student."
