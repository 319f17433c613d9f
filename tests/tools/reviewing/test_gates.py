"""Gates: what is held, what is not, and what cannot be judged."""

import pytest

from understudy.contract.params.review import ReviewParams
from understudy.tools.reviewing.gates import Gate, explain_failures, judge_gates

NAME = "systems.t5-written.rouge1.f1"


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
        (31, 30, "held"),
        (31.0001, 30, "not held"),
        (1.0, 0.7, "held"),  # in floating point they are more than 0.3 apart
        (30, 40, "held"),
        (None, 30, "not comparable"),
        (30, None, "unknown metric"),
        (None, None, "unknown metric"),
    ],
)
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
