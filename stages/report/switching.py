"""Worth it: each student in the teacher's place, by quality, time, money and what it took."""

from stages.report.datacard import Table
from stages.report.inputs import ReportFacts
from understudy.contract.names import TRAINED, ZEROSHOT
from understudy.contract.timing import Latency
from understudy.rendering.figures import count, dollars, points, signed
from understudy.rendering.switching import name_outcome, seconds
from understudy.rendering.verdicts import MODEL, RECIPE


def build_worth(facts: ReportFacts) -> Table:
    """A column for each student, and one for the teacher."""
    worth, teacher = facts.worth, facts.worth.teacher
    students = [worth[name] for name in TRAINED]
    times = [facts.latencies[name] for name in TRAINED]
    recipes = [name_outcome(s.recipe_verdict) for s in students]
    teacher_time = _pair(teacher.seconds_median, teacher.seconds_p95)
    rows = [
        (f"{MODEL}, against {ZEROSHOT}", [*(s.model_verdict for s in students), "–"]),
        (f"{RECIPE}, against {ZEROSHOT}", [*recipes, "–"]),
        ("difference in ROUGE-1 F1", [*(signed(s.f1_difference) for s in students), "–"]),
        ("on one core: median, 95th percentile", [*(_show(t.one_core) for t in times), "–"]),
        (
            f"on all {facts.latencies.cores} cores",
            [*(_show(t.all_cores) for t in times), teacher_time],
        ),
    ]
    if any(t.gpu for t in times):
        rows.append(("on the GPU", [*(_show(t.gpu) if t.gpu else "–" for t in times), "–"]))
    rows += [
        (
            "price of 1,000 answers",
            [*(dollars(s.usd_per_1000) for s in students), dollars(teacher.usd_per_1000)],
        ),
        ("answers paid to get here", [*(dollars(s.answers_usd) for s in students), "–"]),
        ("hours of training, all seeds", [*(points(s.training_hours) for s in students), "–"]),
        ("what these cost", [*(dollars(s.training_usd) for s in students), "–"]),
        (
            "answers until it is paid back",
            [*(_needed(s.answers_to_pay_back) for s in students), "–"],
        ),
        (
            f"months, at {count(worth.answers_per_month)} answers a month",
            [*(_months(s.months_to_pay_back) for s in students), "–"],
        ),
    ]
    return Table("", [*TRAINED, ZEROSHOT], rows)


def _show(latency: Latency) -> str:
    return _pair(latency.median, latency.p95)


def _pair(median: float | None, p95: float | None) -> str:
    return "not timed" if median is None else f"{seconds(median)}, {seconds(p95)}"


def _needed(answers: int | None) -> str:
    return "never" if answers is None else count(answers)


def _months(months: float | None) -> str:
    return "never" if months is None else f"{months:.2g}"
