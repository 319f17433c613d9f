"""Gates: what is held, what is not, and what cannot be judged."""

from typing import Literal

import pytest

from understudy.contract.params.review import ReviewParams
from understudy.tools.reviewing.gates import Gate, explain_failures, judge_gates
from understudy.tools.reviewing.noise import MeanChange
from understudy.tools.reviewing.scores import ScoreChange

NAME = "systems.t5-written.rouge1.f1"
BOUND = "seeds.t5-written.rouge1.f1_low"


def judge(
    old: float | None, new: float | None, minimum: float | None = None, drop: float | None = None
) -> Gate:
    params = ReviewParams(
        minimum={} if minimum is None else {NAME: minimum},
        largest_drop={} if drop is None else {NAME: drop},
    )
    before, after = ({} if value is None else {NAME: value} for value in (old, new))
    (gate,) = judge_gates(params, before, after)
    return gate


@pytest.mark.parametrize(
    ("new", "state"), [(29.9999, "not held"), (30, "held"), (31, "held"), (None, "unknown metric")]
)
def test_a_minimum(new: float | None, state: str) -> None:
    gate = judge(50, new, minimum=30)
    assert (gate.state, gate.passed) == (state, state == "held")


@pytest.mark.parametrize(
    ("old", "new", "state"),
    [
        (31, 30, "held"), (31.0001, 30, "not held"), (1.0, 0.7, "held"), (30, 40, "held"),
        (None, 30, "not comparable"), (30, None, "unknown metric"), (None, None, "unknown metric"),
    ],
)  # fmt: skip
def test_a_largest_drop(old: float | None, new: float | None, state: str) -> None:
    gate = judge(old, new, drop=0.3 if old == 1.0 else 1.0)
    assert gate.state == state
    assert gate.passed == (state in ("held", "not comparable"))


def test_no_gates_pass() -> None:
    assert judge_gates(ReviewParams(minimum={}, largest_drop={}), {}, {}) == []
    assert explain_failures([]) is None
    assert explain_failures([judge(50, 50, minimum=30)]) is None


def test_failures_are_one_line_that_names_all_of_them() -> None:
    params = ReviewParams(minimum={NAME: 30, "x\x1b[2J\ny": 1}, largest_drop={NAME: 1.5})
    shown = explain_failures(judge_gates(params, {NAME: 31}, {NAME: 28.25}))
    assert shown == (
        f"3 of 3 gates not held: review.minimum {NAME}: 28.25 is less than 30; "
        "review.minimum x [2J y: the workspace has no such metric; `dvc metrics show` lists them; "
        f"review.largest_drop {NAME}: fell by 2.75, from 31 to 28.25; at most 1.5 is allowed"
    )


# Bounds


@pytest.mark.parametrize("name", ["systems.t5-written.rouge1.f1_low", BOUND])
def test_a_minimum_of_a_lower_bound(name: str) -> None:
    params = ReviewParams(minimum={name: 30})
    (held,) = judge_gates(params, {}, {name: 30.5})
    (lost,) = judge_gates(params, {}, {name: 29.5})
    assert (held.state, lost.state) == ("held", "not held")
    assert lost.found == "29.5 is less than 30"


@pytest.mark.parametrize(
    "name", [BOUND, "seeds.t5-written.rougel.sd", "recipes.t5-written-minus-lead-3.rouge1.f1_low"]
)
@pytest.mark.parametrize("rule", ["minimum", "largest_drop"])
def test_a_bound_that_needs_two_seeds_is_not_held_with_one(name: str, rule: str) -> None:
    params = ReviewParams.model_validate({rule: {name: 1}})
    new = {"seeds.t5-written.seeds": 1, "seeds.t5-written.rouge1.f1": 40.0}
    (gate,) = judge_gates(params, {name: 30}, new)
    assert (gate.state, gate.passed) == ("needs two seeds", False)
    assert explain_failures([gate]) == (
        f"1 of 1 gates not held: review.{rule} {name}: needs two seeds: t5-written has one seed "
        "in the workspace; add another to train-t5.seeds"
    )


@pytest.mark.parametrize("name", ["seeds.t5-written.rouge1.f2_low", "seeds.t5.rouge1.f1_low"])
def test_a_name_that_no_number_of_seeds_makes_is_an_unknown_metric(name: str) -> None:
    (gate,) = judge_gates(ReviewParams(minimum={name: 1}), {}, {"seeds.t5-written.seeds": 1})
    assert gate.state == "unknown metric"


# Drops that are shown

MODEL = (50.0, 45.0, -6.0, -4.0)
"""What ships fell by 4 to 6 points for other articles."""


def judge_shown(limit: float, recipe: MeanChange | None = None, metric: str = NAME) -> Gate:
    basis: Literal["model", "recipe"] = "recipe" if recipe else "model"
    change = ScoreChange(*MODEL, "t5-written", "rouge1", "f1", basis, recipe, beyond_noise=None)
    old, new = {metric: MODEL[0]}, {metric: MODEL[1], NAME: MODEL[1]}
    (gate,) = judge_gates(ReviewParams(shown_drop={metric: limit}), old, new, [change])
    return gate


@pytest.mark.parametrize(("limit", "state"), [(3.9, "not held"), (4, "held"), (4.5, "held")])
def test_with_one_seed_a_drop_counts_beyond_the_noise_of_articles(limit: float, state: str) -> None:
    gate = judge_shown(limit)
    assert gate.state == state
    assert gate.found == (
        "fell by 5, from 50 to 45 (4.00 to 6.00 with other articles), by 4.00 at least; "
        f"at most {limit:g} is allowed"
    )


def test_a_shown_drop_counts_beyond_the_noise_of_training_where_that_is_known() -> None:
    gate = judge_shown(0, MeanChange(50.0, 47.0, -7.0, 1.0))
    assert gate.passed
    assert gate.found == (
        "its mean over seeds fell by 3, from 50 to 47 (-1.00 to 7.00 with other seeds and "
        "articles), which is within noise; at most 0 is allowed"
    )
    assert not judge_shown(0, MeanChange(50.0, 47.0, -5.9, -0.1)).passed
    assert judge_shown(0.1, MeanChange(50.0, 47.0, -5.9, -0.1)).passed
    assert "by 0.10 at least" in judge_shown(0, MeanChange(50.0, 47.0, -5.9, -0.1)).found
    gate = judge_shown(2, MeanChange(50.0, 47.0, None, None))
    assert not gate.passed
    assert "fell by 3, from 50 to 47, all of which counts, as the noise of" in gate.found
    assert judge_shown(3, MeanChange(50.0, 47.0, None, None)).passed
    gate = judge_shown(0, MeanChange(50.0, 51.0, 0.5, 1.5))
    assert (gate.state, gate.found) == (
        "held",
        "its mean over seeds did not fall; at most 0 is allowed",
    )


def test_a_shown_drop_of_an_unchanged_new_or_absent_score() -> None:
    params = ReviewParams(shown_drop={NAME: 0})
    sides: list[tuple[dict[str, float], dict[str, float]]] = [
        ({NAME: 50}, {NAME: 50}), ({}, {NAME: 50}), ({NAME: 50}, {})
    ]  # fmt: skip
    states = [judge_gates(params, old, new)[0].state for old, new in sides]
    assert states == ["held", "not comparable", "unknown metric"]


def test_only_scores_have_a_drop_that_is_shown() -> None:
    gate = judge_shown(0, metric="seeds.t5-written.rouge1.f1")
    assert (gate.state, gate.passed) == ("no score", False)
    assert explain_failures([gate]) == (
        "1 of 1 gates not held: review.shown_drop seeds.t5-written.rouge1.f1: only a score of "
        f"metrics/systems.json has noise to judge its drop by; did you mean {NAME}?"
    )
