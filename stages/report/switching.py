"""Worth it: each student in the teacher's place, by quality, time, money and what it took."""

from collections.abc import Sequence

from stages.report.datacard import Table
from stages.report.inputs import ReportFacts
from understudy.contract.kind import Kind
from understudy.contract.names import ZEROSHOT
from understudy.contract.timing import Latency, StudentLatency
from understudy.contract.worth import StudentWorth
from understudy.rendering.figures import count, dollars, points, signed
from understudy.rendering.switching import name_outcome, seconds
from understudy.rendering.verdicts import MODEL, RECIPE


def build_worth(facts: ReportFacts) -> Table:
    """A column for each student, and one for the teacher."""
    worth, teacher = facts.worth, facts.worth.teacher
    trained = facts.lineup.trained
    students = [worth[name] for name in trained]
    times = [facts.latencies[name] for name in trained]
    known = teacher.usd_per_1000 is not None
    price = "not known" if teacher.usd_per_1000 is None else dollars(teacher.usd_per_1000)
    recipes = [name_outcome(s.recipe_verdict) for s in students]
    teacher_time = _pair(teacher.seconds_median, teacher.seconds_p95)
    rows = [
        *_compare_quality(students, recipes, facts.kind),
        ("on one core: median, 95th percentile", [*(_show(t.one_core) for t in times), "–"]),
        (_name_cores(times), [*(_show(t.all_cores) for t in times), teacher_time]),
    ]
    if any(t.gpu for t in times):
        rows.append(("on the GPU", [*(_show(t.gpu) if t.gpu else "–" for t in times), "–"]))
    rows += [
        ("price of 1,000 answers", [*(dollars(s.usd_per_1000) for s in students), price]),
        ("answers paid to get here", [*(dollars(s.answers_usd) for s in students), "–"]),
        ("hours of training, all seeds", [*(points(s.training_hours) for s in students), "–"]),
        ("what these cost", [*(dollars(s.training_usd) for s in students), "–"]),
        (
            "answers until it is paid back",
            [*(_needed(s.answers_to_pay_back, is_known=known) for s in students), "–"],
        ),
        (
            f"months, at {count(worth.answers_per_month)} answers a month",
            [*(_months(s.months_to_pay_back, is_known=known) for s in students), "–"],
        ),
    ]
    asked = ZEROSHOT if ZEROSHOT in facts.lineup.systems else "teacher"
    return Table("", [*trained, asked], rows)


def _compare_quality(
    students: Sequence[StudentWorth], recipes: Sequence[str], kind: Kind
) -> list[tuple[str, list[str]]]:
    """Verdicts against the teacher, or how far students agree with it."""
    if students[0].agreement is not None:
        agreement = [points(s.agreement or 0.0) for s in students]
        return [(f"agreement with the teacher, {kind.title()}", [*agreement, "–"])]
    return [
        (f"{MODEL}, against {ZEROSHOT}", [*(name_outcome(s.model_verdict) for s in students), "–"]),
        (f"{RECIPE}, against {ZEROSHOT}", [*recipes, "–"]),
        (f"difference in {kind.title()}", [*(signed(s.difference or 0.0) for s in students), "–"]),
    ]


def _name_cores(times: Sequence[StudentLatency]) -> str:
    """Students may have been timed on different machines."""
    cores = {timed.cores for timed in times}
    return f"on all {cores.pop()} cores" if len(cores) == 1 else "on all cores"


def _show(latency: Latency) -> str:
    return _pair(latency.median, latency.p95)


def _pair(median: float | None, p95: float | None) -> str:
    return "not timed" if median is None else f"{seconds(median)}, {seconds(p95)}"


def _needed(answers: int | None, *, is_known: bool) -> str:
    if answers is None:
        return "never" if is_known else "not known"
    return count(answers)


def _months(months: float | None, *, is_known: bool) -> str:
    if months is None:
        return "never" if is_known else "not known"
    return f"{months:.2g}"
