"""The plan's text: tables that line up, and notes on what a run would do."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.doubles.teacher import settings
from understudy.contract.params.teacher import TeacherParams
from understudy.tools.planning.estimate import Estimate
from understudy.tools.planning.students import StudentPlan
from understudy.tools.planning.text import render_plan
from understudy.versioning.status import Stage

STATES = [Stage("generate", "stale", ("one", "two")), Stage("zeroshot", "waits", ("three",))]
STUDENTS = {
    "t5": StudentPlan(6, 2, 90.0, 180.0, 9_600_000, 76_800_000),
    "bart": StudentPlan(2, 2, None, None, None, None),
}
FOUND = Estimate(
    rows=10,
    requests=10,
    paid=10,
    in_batches=0,
    to_pay=0,
    spent_usd=0.0,
    input_tokens=0,
    output_tokens=0,
    measured_on=0,
    live_usd=0.0,
    batch_usd=0.0,
    at_most_usd=0.0,
    minutes=None,
)


def cells(text: str, stage: str) -> list[str]:
    """The last row of a table that begins with a stage's name."""
    rows = [line for line in text.splitlines() if line.startswith(f"{stage} ")]
    return re.split(r"\s{2,}", rows[-1].strip())


def render(found: Estimate, **changes: Any) -> str:
    teacher = TeacherParams(**settings("http://127.0.0.1:9/v1", **changes))
    return render_plan(STATES, {"generate": found}, teacher, STUDENTS)


def test_every_reason_of_a_stage_has_its_line() -> None:
    lines = render(FOUND).splitlines()
    assert [line.split() for line in lines[1:4]] == [
        ["generate", "stale", "one"],
        ["two"],
        ["zeroshot", "waits", "three"],
    ]


def test_every_student_has_its_models_time_and_disk() -> None:
    text = render(FOUND)
    assert cells(text, "t5") == ["t5", "6", "2", "1.5 min", "3.0 min", "9.6 MB", "76.8 MB"]
    assert cells(text, "bart") == ["bart", "2", "2", "?", "?", "?", "?"]
    assert "?: known when a first model is trained" in text


def test_numbers_have_separators_and_what_is_unknown_says_so() -> None:
    found = replace(FOUND, to_pay=1234567, live_usd=1234.5, batch_usd=617.25, at_most_usd=None)
    assert cells(render(found).split("mode live")[1].split("\n\n")[0], "generate") == [
        *("generate", "10", "10", "1,234,567", "0", "0"),
        *("$1,234.50", "$617.25", "no limit", "?"),
    ]


@pytest.mark.parametrize("mode", ["live", "batch", "replay"])
def test_answers_that_are_on_their_way_are_told_and_stop_other_modes(mode: str) -> None:
    text = render(replace(FOUND, paid=7, in_batches=3), mode=mode)
    assert "generate: 3 more answers are on their way in open batches" in text
    assert ("the run would stop" in text) == (mode != "batch")
    assert "every answer is in the ledger" not in text


def test_a_cap_is_told_where_something_is_to_be_paid() -> None:
    limits: dict[str, Any] = {"max_cost_usd": 5.5, "request": {"max_tokens": 10}}
    cap = "generate: $4.50 of teacher.max_cost_usd = 5.5 is left, which"
    found = replace(FOUND, to_pay=10, spent_usd=1.0)
    assert f"{cap} is enough" in render(replace(found, live_usd=1.0, at_most_usd=4.0), **limits)
    unsure = replace(found, live_usd=1.0, at_most_usd=5.0)
    assert f"{cap} may be too little, should answers be long" in render(unsure, **limits)
    dear = replace(found, live_usd=9.0, at_most_usd=20.0)
    assert f"{cap} is too little: the run would stop after about 50% of them" in render(
        dear, **limits
    )
    assert "is left" not in render(FOUND, **limits)


@pytest.mark.parametrize("spent", [5.5, 113.7])
def test_a_cap_that_is_used_up_is_told_in_words(spent: float) -> None:
    limits: dict[str, Any] = {"max_cost_usd": 5.5, "request": {"max_tokens": 10}}
    found = replace(FOUND, to_pay=10, spent_usd=spent, live_usd=9.0, at_most_usd=20.0)
    text = render(found, **limits)
    assert "generate: $0.00 of teacher.max_cost_usd = 5.5 is left, which is too little" in text
    assert f"${spent:.2f} are booked, and the run would stop at once; raise the cap" in text
    assert "-" not in text.split("generate: $")[1]
    assert "%" not in text


def test_samples_are_told_where_a_row_has_several() -> None:
    note = "generate: 3 samples a row (generate.samples), each of them a call"
    for found in (FOUND, replace(FOUND, to_pay=1)):
        assert note in render(replace(found, samples=3))
        assert "samples" not in render(found)


def test_a_paid_endpoint_without_prices_is_noted() -> None:
    assert "teacher.prices are 0: costs are unknown" in render(replace(FOUND, to_pay=1))
