"""Whether it pays to switch from the teacher to a student, and after how many answers."""

import math
from collections.abc import Mapping
from typing import Any

from understudy.contract.evaluation import Gap, Systems
from understudy.contract.lineup import split_system
from understudy.contract.names import ZEROSHOT, Verdict, name_pair
from understudy.contract.params.payback import WorthParams
from understudy.contract.params.sources import MADE_BY
from understudy.contract.recipes import RecipeGap
from understudy.contract.teacher_use import TeacherCalls, TeacherUse
from understudy.contract.timing import StudentLatency
from understudy.contract.trained import TrainedSeeds
from understudy.contract.worth import StudentWorth, TeacherWorth, Worth

HOUR = 3600
HOURS_A_MONTH = 730
RANKS: dict[Verdict, int] = {
    "better": 0,
    "equivalent": 1,
    "identical": 1,
    "undecided": 2,
    "unknown": 2,
    "worse": 3,
    "void": 4,
}
"""The best verdict on a candidate comes first."""


def weigh_students(
    use: TeacherUse,
    live_usd: float | None,
    systems: Systems,
    gap: Gap,
    recipes: RecipeGap,
    latencies: Mapping[str, StudentLatency],
    trained: Mapping[str, TrainedSeeds],
    params: WorthParams,
) -> Worth:
    """Weighs each student against the teacher, as if it were the only one that was trained.

    Args:
        use: what the teacher was paid for.
        live_usd: what a live zero-shot answer costs; None where that is not known.
        systems: scores, and whose texts the references are.
        gap: verdicts on the models that ship.
        recipes: the same on recipes.
        latencies: seconds an answer, of every student.
        trained: every student's seeds.
        params: the section `worth`.
    """
    answers = use.zeroshot.calls
    students = {}
    for system, seeds in trained.items():
        fastest = latencies[system].fastest
        seconds = sum(run.seconds for run in seeds.runs)
        each = serve_usd(fastest.mean, params)
        training = price_hours(seconds, params)
        paid = _price_pairs(split_system(system)[1], use) + use.zeroshot.cost_usd
        saved = None if live_usd is None else live_usd - each
        needed = None if saved is None else count_answers(training + paid, saved)
        students[system] = StudentWorth(
            **_judge_quality(system, systems, gap, recipes),
            seconds_median=fastest.median,
            usd_per_1000=1000 * each,
            saved_usd_per_1000=None if saved is None else 1000 * saved,
            training_hours=seconds / HOUR,
            training_usd=training,
            answers_usd=paid,
            answers_to_pay_back=needed,
            months_to_pay_back=None if needed is None else needed / params.answers_per_month,
            pays=0 if needed is None else 1,
        )
    return Worth.model_validate(
        {
            **students,
            "candidate": choose_candidate(_leave_out_silent(students, systems)),
            "teacher": _weigh_teacher(use.zeroshot, live_usd),
            "machine_usd_per_hour": params.machine_usd_per_hour,
            "answers_per_month": params.answers_per_month,
            "usd_per_article": use.zeroshot.cost_usd / answers if answers else 0.0,
            "usd_per_seed": {
                name: _price_seed(name, trained, params) for name in systems.lineup.kind.students
            },
        }
    )


def _leave_out_silent(
    students: Mapping[str, StudentWorth], systems: Systems
) -> Mapping[str, StudentWorth]:
    """Those that write a word or more on average, or all if none does: silence is cheap."""
    return {name: one for name, one in students.items() if not systems[name].is_silent} or students


def _price_pairs(source: str, use: TeacherUse) -> float:
    """What the answers cost that a source's pairs are made of."""
    calls = use.stages.get(next((stage for stage in MADE_BY if MADE_BY[stage] == source), ""))
    return calls.cost_usd if calls else 0.0


def _judge_quality(system: str, systems: Systems, gap: Gap, recipes: RecipeGap) -> dict[str, Any]:
    """How good a student is beside the teacher, or how far it agrees with it."""
    kind = systems.lineup.kind
    main = kind.main
    if systems.references == "teacher":
        return {"agreement": systems[system][main].judged}
    pair = name_pair(system, ZEROSHOT)
    return {
        "model_verdict": gap[pair][main].verdict,
        "recipe_verdict": recipes[pair][main].verdict,
        f"{kind.judged}_difference": gap[pair][main].judged,
    }


def price_hours(seconds: float, params: WorthParams) -> float:
    """US dollars for the machine's time."""
    return seconds / HOUR * params.machine_usd_per_hour


def serve_usd(seconds: float, params: WorthParams) -> float:
    """US dollars for one of a student's answers that take so long, one at a time."""
    if not params.always_on:
        return price_hours(seconds, params)
    busy = seconds / HOUR * params.answers_per_month
    machines = max(1, math.ceil(busy / HOURS_A_MONTH))
    month = machines * HOURS_A_MONTH * params.machine_usd_per_hour
    return month / params.answers_per_month


def count_answers(took_usd: float, saved_usd: float) -> int | None:
    """Answers after which what it took is earned back, if each saves so much; None: never."""
    if saved_usd <= 0:
        return None
    # A hair less, or a quotient of 3 that came out as 3.0000000000000004 would count as 4.
    return math.ceil(took_usd / saved_usd * (1 - 1e-12))


def choose_candidate(students: Mapping[str, StudentWorth]) -> str:
    """The student whose verdict is best: of its model, then of its recipe; then the cheapest.

    The cheapest to run, that is, and of those that cost the same the cheapest to get. Where the
    references are the teacher's answers, the student that agrees with them most.
    """

    def rank(name: str) -> tuple[float, ...]:
        one = students[name]
        verdicts = RANKS[one.model_verdict or "unknown"], RANKS[one.recipe_verdict or "unknown"]
        agreement = -(one.agreement or 0.0)
        return (*verdicts, agreement, one.usd_per_1000, one.training_usd + one.answers_usd)

    return min(students, key=rank)


def _weigh_teacher(calls: TeacherCalls, live_usd: float | None) -> TeacherWorth:
    return TeacherWorth(
        usd_per_1000=None if live_usd is None else 1000 * live_usd,
        seconds_median=calls.seconds_median if calls.timed else None,
        seconds_p95=calls.seconds_p95 if calls.timed else None,
        timed=calls.timed or 0,
    )


def _price_seed(student: str, trained: Mapping[str, TrainedSeeds], params: WorthParams) -> float:
    """One more seed on each source, at the mean of those that are trained."""
    runs = [found.runs for name, found in trained.items() if split_system(name)[0] == student]
    return sum(price_hours(sum(run.seconds for run in one) / len(one), params) for one in runs)
