"""Whether it pays to switch, in words."""

from collections.abc import Callable

import pytest

from tests.contract.examples import LABELLED_ALONE, LINEUP, TRAINED, make_recipes
from tests.contract.payback_examples import make_agreement_worth, make_student_worth, make_worth
from understudy.contract.names import Verdict
from understudy.contract.recipes import RecipeDifference
from understudy.contract.worth import StudentWorth
from understudy.rendering.switching import (
    describe_candidate,
    describe_payback,
    describe_ways,
    find_costs,
    name_outcome,
    seconds,
)
from understudy.rendering.verdicts import Costs, describe_verdict, keep_cheaper

NEVER = {"answers_to_pay_back": None, "months_to_pay_back": None, "pays": 0}
FREE = {"usd_per_1000": 0.0, "timed": 0}


def test_the_candidate_is_told_with_verdicts_times_prices_and_payback() -> None:
    teacher = {"seconds_median": 2.34, "seconds_p95": 5.0, "timed": 180}
    assert describe_candidate(make_worth(teacher)) == (
        "**May I switch, and does it pay?** `t5-gold` is better than `zeroshot` (*this model*; "
        "*this recipe*: not known: one seed); 30 ms an answer against 2.3 s, $0.1000 for 1,000 "
        "against $0.5000: the $4.00 that it took are paid back after about 10,000 answers, in "
        "about 3 days at 100,000 a month."
    )
    told = describe_candidate(make_worth())
    assert "; 30 ms an answer, $0.1000 for" in told
    told = describe_candidate(make_worth(t5_gold=make_student_worth(recipe_verdict="undecided")))
    assert "(*this model*; *this recipe*: undecided)" in told
    told = describe_candidate(make_worth(t5_gold=make_student_worth(model_verdict="worse")))
    assert told.index("is worse than") < told.index("paid back")


def test_against_the_teachers_own_answers_agreement_is_told_and_no_verdict() -> None:
    told = describe_candidate(make_worth(lineup=LABELLED_ALONE))
    assert told.startswith(
        "**May I switch, and does it pay?** `t5-labelled` agrees with the teacher by "
        "71.2 of 100 points of ROUGE-1 F1; 30 ms an answer, $0.1000 for 1,000 against $0.5000: "
        "the $4.00"
    )
    for verdict in ("better", "worse", "equivalent", "zeroshot", "not known"):
        assert verdict not in told


@pytest.mark.parametrize("make", [make_student_worth, make_agreement_worth])
def test_a_teachers_price_that_is_unknown_is_called_that(make: Callable[..., StudentWorth]) -> None:
    unknown = make(saved_usd_per_1000=None, **NEVER)
    students = {name.replace("-", "_"): unknown for name in TRAINED}
    worth = make_worth({"usd_per_1000": None}, LINEUP, **students)
    because = "since no logged answer tells its tokens; teacher.prices are per token."
    told = describe_candidate(worth)
    assert f"against a price that is not known: whether it pays is not known, {because}" in told
    assert describe_ways(worth) == f"Whether it pays is not known, {because}"


@pytest.mark.parametrize(("verdict", "told"), [(None, "–"), ("unknown", "not known: one seed")])
def test_a_verdict_alone_is_named(verdict: Verdict | None, told: str) -> None:
    assert name_outcome(verdict) == told
    assert name_outcome("better") == "better"


@pytest.mark.parametrize(
    ("teacher", "told"),
    [
        (FREE, "it does not pay, since the teacher's answers cost nothing at teacher.prices"),
        ({}, "it does not pay, since its answers cost no less than the teacher's"),
    ],
)
def test_what_never_pays_says_why(teacher: dict[str, float], told: str) -> None:
    worth = make_worth(teacher, t5_gold=make_student_worth(**NEVER))
    assert describe_payback(worth["t5-gold"], worth) == told


@pytest.mark.parametrize(
    ("months", "told"), [(0.1, "about 3 days"), (0.001, "about a day"), (14.24, "14.2 months")]
)
def test_the_time_is_in_days_below_a_month(months: float, told: str) -> None:
    worth = make_worth(t5_gold=make_student_worth(months_to_pay_back=months))
    assert told in describe_payback(worth["t5-gold"], worth)


def test_what_took_nothing_pays_at_once() -> None:
    free = make_student_worth(answers_to_pay_back=0, months_to_pay_back=0.0)
    worth = make_worth(t5_gold=free)
    assert (
        describe_payback(free, worth) == "it pays from the first answer on, since it took nothing"
    )


def test_the_sections_finding_names_who_pays() -> None:
    never = make_student_worth(**NEVER)
    everyone = describe_ways(make_worth())
    assert everyone.startswith("Every student pays; of t5-gold, the $4.00 that it took")
    nobody = {name.replace("-", "_"): never for name in TRAINED}
    some = make_worth(None, LINEUP, **{**nobody, "t5_written": make_student_worth()})
    assert describe_ways(some) == "t5-written pays, the others do not."
    none = make_worth(FREE, LINEUP, **nobody)
    assert describe_ways(none) == (
        "No student pays: it does not pay, since the teacher's answers cost nothing at "
        "teacher.prices."
    )


@pytest.mark.parametrize(
    ("duration", "told"), [(0.0321, "32.1 ms"), (0.5, "500 ms"), (2.345, "2.3 s"), (None, "–")]
)
def test_durations_are_short(duration: float | None, told: str) -> None:
    assert seconds(duration) == told


def test_a_seed_of_a_pair_costs_what_its_students_cost() -> None:
    worth, recipes = make_worth(), make_recipes(3)
    both = find_costs(worth, "bart-gold-minus-t5-gold", 180, recipes)
    assert (both.articles, both.seeds, both.article_usd) == (180, 3, 0.0005)
    assert both.seed_usd == pytest.approx(0.6)
    one = find_costs(worth, "t5-written-minus-zeroshot", 180, recipes)
    assert one.seed_usd == pytest.approx(0.2)


def test_only_the_cheaper_way_is_named() -> None:
    open_one = RecipeDifference(
        f1=0.5, f1_low=-1.0, f1_high=2.0, p=0.5, p_equivalent=0.4, known=1,
        articles_needed=600, seeds_needed=5,
    )  # fmt: skip
    cheap = Costs(articles=180, seeds=3, article_usd=0.0005, seed_usd=0.6)
    dear = Costs(articles=180, seeds=3, article_usd=0.01, seed_usd=0.6)
    articles, seeds = keep_cheaper(open_one, cheap), keep_cheaper(open_one, dear)
    assert describe_verdict(articles) == "undecided, would need about 600 test articles"
    assert describe_verdict(seeds) == "undecided, would need about 5 seeds"
