"""worth: prices of answers and what it took to get a student, worked out by hand."""

from typing import Any

import pytest

from tests.contract.examples import TRAINED, make_calls, make_systems, make_teacher
from tests.contract.payback_examples import (
    make_latencies,
    make_recipe_gap,
    make_seeds,
    make_student_worth,
    make_teacher_gap,
)
from understudy.contract.evaluation import Gap, Systems
from understudy.contract.lineup import Lineup
from understudy.contract.params.payback import WorthParams
from understudy.contract.recipes import RecipeGap
from understudy.contract.teacher_use import TeacherUse
from understudy.contract.worth import Worth
from understudy.scoring.payback import choose_candidate, count_answers, serve_usd, weigh_students

LIVE_USD = 0.0005
"""Of a live zero-shot answer: $0.50 for 1,000."""
PARAMS = WorthParams(machine_usd_per_hour=1.0, answers_per_month=100_000)


def use(**zeroshot: Any) -> TeacherUse:
    """Written articles for $3, and 100 zero-shot answers for $0.025, as in a batch."""
    return make_teacher(generate=make_calls(3.0), zeroshot=make_calls(0.025, **zeroshot))


def weigh(live_usd: float | None = LIVE_USD, params: WorthParams = PARAMS, **changed: Any) -> Worth:
    given: dict[str, Any] = {
        "use": use(),
        "systems": make_systems(),
        "gap": make_teacher_gap(dict.fromkeys(TRAINED, ("better", 4.0))),
        "recipes": make_recipe_gap(),
        "latencies": make_latencies(),
        "trained": {name: make_seeds(3600, 7200, 1800) for name in TRAINED},
        **changed,
    }
    return weigh_students(live_usd=live_usd, params=params, **given)


def test_a_student_is_weighed_as_by_hand() -> None:
    found = weigh()
    written, gold = found["t5-written"], found["t5-gold"]
    # 0.036 s on a machine of $1 an hour are $0.00001 an answer, where the teacher's costs $0.0005
    assert (found.teacher.usd_per_1000, written.usd_per_1000) == (0.5, 0.01)
    assert written.saved_usd_per_1000 == 0.49
    # 1 + 2 + 0.5 hours of training; $3 for articles and $0.025 for the proof
    assert (written.training_hours, written.training_usd, written.answers_usd) == (3.5, 3.5, 3.025)
    # $6.525 at $0.00049 an answer
    assert written.answers_to_pay_back == 13_317
    assert written.months_to_pay_back == pytest.approx(0.1332)
    # no article was written for it: $3.525
    assert (gold.answers_usd, gold.answers_to_pay_back) == (0.025, 7_194)
    assert gold.pays == written.pays == 1


def test_more_articles_seeds_and_labels_have_their_prices() -> None:
    trained = {"t5-gold": make_seeds(3600, 7200), "t5-written": make_seeds(1800)}
    trained |= {name: make_seeds(36) for name in ("bart-gold", "bart-written")}
    found = weigh(trained=trained)
    assert found.usd_per_article == 0.00025  # as paid: by batch
    assert found.usd_per_seed == {"t5": 2.0, "bart": 0.02}  # 1.5 h and 0.5 h; 36 s twice
    paid = make_teacher(generate=make_calls(3.0), label=make_calls(7.0), zeroshot=make_calls(0.025))
    found = weigh(use=paid)
    costs = {name: found[name].answers_usd for name in ("t5-gold", "t5-written", "t5-labelled")}
    assert costs == {"t5-gold": 0.025, "t5-written": 3.025, "t5-labelled": 7.025}


def test_one_seed_has_no_verdict_on_its_recipe_and_is_weighed_all_the_same() -> None:
    found = weigh(trained={name: make_seeds(3600) for name in TRAINED})
    one = found["bart-gold"]
    assert (one.model_verdict, one.recipe_verdict, one.training_hours) == ("better", "unknown", 1)
    assert one.pays == 1


def test_a_dearer_student_never_pays_and_nobody_beside_a_free_teacher() -> None:
    found = weigh(latencies=make_latencies({"t5-gold": 3.6}))
    dear = found["t5-gold"]
    assert dear.saved_usd_per_1000 == -0.5  # $1.00 for 1,000 against $0.50
    assert (dear.answers_to_pay_back, dear.months_to_pay_back, dear.pays) == (None, None, 0)
    assert "answers_to_pay_back" not in found.to_json()["t5-gold"]
    found = weigh(0.0, use=make_teacher(generate=make_calls(0.0), zeroshot=make_calls(0.0)))
    assert {found[name].pays for name in TRAINED} == {0}
    free_too = weigh(0.0, WorthParams(machine_usd_per_hour=0.0))
    assert {free_too[name].pays for name in TRAINED} == {0}
    worse = make_teacher_gap(dict.fromkeys(TRAINED, ("worse", -9.0)))
    found = weigh(gap=worse)
    assert (found["t5-gold"].model_verdict, found["t5-gold"].f1_difference) == ("worse", -9.0)
    assert found["t5-gold"].pays == 1


def test_the_teachers_times_and_price_are_taken_over_as_far_as_known() -> None:
    timed = {"timed": 90, "seconds_median": 1.25, "seconds_p95": 3.5}
    teacher = weigh(use=use(**timed)).teacher
    assert (teacher.timed, teacher.seconds_median, teacher.seconds_p95) == (90, 1.25, 3.5)
    assert weigh().to_json()["teacher"] == {"usd_per_1000": 0.5, "timed": 0}
    found = weigh(None)
    one = found["t5-gold"]
    assert found.teacher.usd_per_1000 is None
    assert (one.saved_usd_per_1000, one.answers_to_pay_back, one.pays) == (None, None, 0)
    assert one.usd_per_1000 == 0.01
    found = weigh(0.0, use=use(calls=0))
    assert (found.teacher.usd_per_1000, found.usd_per_article) == (0, 0)


def test_a_student_that_says_nothing_is_no_candidate_while_another_speaks() -> None:
    systems = make_systems()
    silent = {"t5-gold": systems["t5-gold"].model_copy(update={"words": 0.3})}
    quiet = Systems.model_validate(
        {**dict(systems.items()), **silent, "reference": systems.reference}
    )
    latencies = make_latencies({"t5-gold": 0.001})
    assert weigh(latencies=latencies).candidate == "t5-gold"
    assert weigh(systems=quiet, latencies=latencies).candidate != "t5-gold"


def test_where_the_teachers_answers_are_the_references_students_are_ranked_by_agreement() -> None:
    lineup = Lineup(("labelled",), "teacher")
    systems = make_systems(lineup)
    found = weigh(
        systems=systems, gap=Gap.model_validate({}), recipes=RecipeGap.model_validate({}),
        trained={name: make_seeds(60) for name in lineup.trained},
    )  # fmt: skip
    t5, bart = found["t5-labelled"], found["bart-labelled"]
    assert (t5.model_verdict, t5.f1_difference) == (None, None)
    assert t5.agreement == systems["t5-labelled"]["rouge1"].judged < (bart.agreement or 0)
    assert found.candidate == "bart-labelled"


def test_a_machine_is_free_or_paid_by_the_month_where_it_is_always_on() -> None:
    found = weigh(params=WorthParams(machine_usd_per_hour=0.0))
    assert (found["t5-gold"].usd_per_1000, found["t5-gold"].training_usd) == (0, 0)
    assert found["t5-gold"].answers_to_pay_back == 50  # $0.025 at $0.0005
    params = WorthParams(machine_usd_per_hour=1.0, answers_per_month=100_000, always_on=True)
    assert serve_usd(0.036, params) == pytest.approx(730 / 100_000)
    # 100,000 answers of 36 s take 1,000 hours: two machines
    assert serve_usd(36, params) == pytest.approx(2 * 730 / 100_000)


@pytest.mark.parametrize(
    ("took", "saved", "answers"),
    [(4.0, 0.5, 8), (4.1, 0.5, 9), (0.0, 0.5, 0), (4.0, 0.0, None), (0.0, 0.0, None), (4, -1, None),
     (0.3, 0.1, 3)],
)  # fmt: skip
def test_answers_count_up_to_the_one_that_pays(
    took: float, saved: float, answers: int | None
) -> None:
    assert count_answers(took, saved) == answers


def test_the_candidate_has_the_best_verdict_then_the_lowest_price() -> None:
    students = {
        "worse": make_student_worth(model_verdict="worse", usd_per_1000=0.01),
        "dear": make_student_worth(usd_per_1000=0.3),
        "cheap": make_student_worth(usd_per_1000=0.2, training_usd=9.0),
        "cheaper to get": make_student_worth(usd_per_1000=0.2, training_usd=2.0),
    }
    assert choose_candidate(students) == "cheaper to get"
    students["sure"] = make_student_worth(recipe_verdict="better", usd_per_1000=0.9)
    assert choose_candidate(students) == "sure"
    assert choose_candidate({"worse": students["worse"]}) == "worse"
