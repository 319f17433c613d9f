"""Alone: what each student's cascade does at every threshold, and what is promised of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stages.report.charts import Plot, Series, draw_lines
from stages.report.datacard import Table
from stages.report.drawing import Scale, round_scale
from stages.report.inputs import ReportFacts
from understudy.contract.calibration import Point, SystemCalibration
from understudy.contract.evaluation import REFERENCE
from understudy.contract.lineup import name_system
from understudy.contract.names import ZEROSHOT
from understudy.rendering.figures import count, dollars, percent, points
from understudy.rendering.promises import explain_refusal, word_promise
from understudy.rendering.switching import seconds

NONE = "–"


@dataclass(frozen=True)
class CascadePanel:
    """The cascades of one student from each source."""

    student: str
    plot: Markup


def build_cascades(facts: ReportFacts) -> list[CascadePanel]:
    """One panel a student; both have the same scales. None where no student has a threshold."""
    found = {name: one for name, one in facts.calibrations.items() if one.points}
    if not found:
        return []
    costly = is_costly(found)
    drawn = [point for one in found.values() for point in one.points]
    teacher = [one.teacher_score for one in found.values() if one.teacher_score is not None]
    x = round_scale([0.0, *(_place(point, costly=costly) for point in drawn)])
    y = round_scale([*(point.score for point in drawn), *teacher], 5)
    return [_build_panel(facts, student, x, y, costly=costly) for student in facts.kind.students]


def is_costly(found: Mapping[str, SystemCalibration]) -> bool:
    """Whether thresholds differ in price, so that scores are drawn against money."""
    prices = [[point.usd_per_1000 for point in one.points] for one in found.values()]
    return all(None not in each for each in prices) and any(len(set(each)) > 1 for each in prices)


def _place(point: Point, *, costly: bool) -> float:
    return (point.usd_per_1000 or 0.0) if costly else point.share_local


def _build_panel(
    facts: ReportFacts, student: str, x: Scale, y: Scale, *, costly: bool
) -> CascadePanel:
    names = [name_system(student, source) for source in facts.lineup.sources]
    known = {name: facts.calibrations[name] for name in names if facts.calibrations[name].points}
    lines = [_draw(name, one, costly=costly) for name, one in known.items()]
    teacher = next((one.teacher_score for one in known.values()), None)
    if teacher is not None:
        drawn = ZEROSHOT if ZEROSHOT in facts.lineup.systems else REFERENCE
        lines.append(Series(drawn, "teacher", [(x.low, teacher), (x.high, teacher)], marked=()))
    axis = "US dollars for 1,000 requests" if costly else "percent of requests answered alone"
    score = facts.kind.title()
    alt = f"The cascades of {student.upper()} by {score}; their thresholds are in the table."
    return CascadePanel(student, draw_lines(Plot(x, y, axis, score, alt), lines))


def _draw(name: str, one: SystemCalibration, *, costly: bool) -> Series:
    """A line through all thresholds, with a mark at the one that was picked."""
    placed = sorted((_place(point, costly=costly), point.score) for point in one.points)
    picked = _find_picked(one)
    marked = [] if picked is None else [(_place(picked, costly=costly), picked.score)]
    return Series(name, name, placed, marked=marked)


def _find_picked(one: SystemCalibration) -> Point | None:
    return next((point for point in one.points if point.threshold == one.threshold), None)


def build_promises(facts: ReportFacts) -> Table:
    """A row for each student: what it does at its threshold."""
    columns = (
        "rows", "threshold", "answers alone", "bad at most", facts.kind.title(), "1,000 requests",
        "time",
    )  # fmt: skip
    return Table("", columns, [(name, _list(one)) for name, one in facts.calibrations.items()])


def _list(one: SystemCalibration) -> Sequence[str]:
    picked = _find_picked(one)
    if picked is None:
        return (count(one.rows), "none", percent(0), *[NONE] * 4)
    price = NONE if picked.usd_per_1000 is None else dollars(picked.usd_per_1000)
    time = NONE if picked.seconds is None else seconds(picked.seconds)
    found = (percent(picked.share_local), percent(picked.bound), points(picked.score))
    return (count(one.rows), f"{picked.threshold:.4f}", *found, price, time)


def describe_cascades(facts: ReportFacts) -> list[str]:
    """Sentences: what is promised of those that have a threshold, and why of others nothing is."""
    found = facts.calibrations
    able = {name: one for name, one in found.items() if one.threshold is not None}
    promises = dict.fromkeys(word_promise(one.promise) for one in able.values())
    said = [f"{text[0].upper()}{text[1:]}." for text in promises]
    refusals: dict[str, list[str]] = {}
    for name, one in found.items():
        if why := explain_refusal(one):
            refusals.setdefault(why, []).append(name)
    said += [f"Never alone: {', '.join(names)}: {why}." for why, names in refusals.items()]
    return said
