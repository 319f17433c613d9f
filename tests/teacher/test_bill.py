"""What a stage's answers took, counted without a price."""

import math
from dataclasses import replace
from typing import Any

from understudy.contract.answered import CallCounts
from understudy.contract.answers import Answer
from understudy.teacher.bill import CallTally
from understudy.teacher.completion import failed_answer


def answer(number: int, **changes: Any) -> Answer:
    return replace(
        Answer(f"sha256:{number:064}", "Text.", "stop", "", "m-1", 100, 20, 10), **changes
    )


def count(*answers: Answer) -> CallCounts:
    tally = CallTally()
    for one in answers:
        tally.add_row(usable=not one.error, failed=bool(one.error))
        tally.add_answer(one)
    return tally.describe()


def test_tokens_are_added_up_by_the_way_that_answers_came() -> None:
    found = count(
        answer(1), answer(2, batch=True), answer(3, batch=True), answer(4, origin="a.log")
    )
    assert (found.live.calls, found.batch.calls, found.logged.calls) == (1, 2, 1)
    assert (found.calls, found.imported, found.rows) == (4, 1, 4)
    assert (found.batch.prompt_tokens, found.batch.cached_tokens) == (200, 40)
    assert found.live.completion_tokens == 10


def test_rows_with_equal_prompts_share_one_answer_that_counts_once() -> None:
    found = count(answer(1), answer(1), answer(2))
    assert (found.rows, found.calls, found.live.prompt_tokens) == (3, 2, 200)


def test_a_failed_call_is_no_answer() -> None:
    found = count(answer(1), failed_answer(f"sha256:{2:064}", "asked-for", "HTTP 500"))
    assert (found.rows, found.unusable, found.failed, found.calls) == (2, 1, 1, 1)
    assert found.model == "m-1"


def test_models_are_named_once_each_and_in_order() -> None:
    found = count(answer(1, model="m-2"), answer(2), answer(3, model=""), answer(4))
    assert found.model == "m-1, m-2"


def test_an_answer_without_tokens_is_not_metered() -> None:
    silent = {"prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": 0}
    found = count(answer(1), answer(2, origin="a.log", **silent))
    assert (found.calls, found.metered) == (2, 1)


def test_reasoning_and_the_endpoints_words_are_counted() -> None:
    found = count(
        answer(1, finish_reason="error"),
        answer(2, finish_reason="", reasoning_tokens=15, reading="unclear"),
        answer(3, finish_reason="FinishReason.STOP", reasoning_tokens=2, reading="stripped"),
    )
    assert found.finish_reasons == {"error": 1, "null": 1, "stop": 1}
    assert (found.reasoning_tokens, found.reasoning_stripped) == (17, 1)


def test_times_are_those_of_distinct_calls_that_have_one_and_interpolated() -> None:
    found = count(answer(1, seconds=1.0), answer(2), answer(3, seconds=2.0), answer(3, seconds=2.0))
    assert (found.timed, found.seconds_median, found.seconds_p95) == (2, 1.5, 1.95)


def test_nothing_timed_leaves_no_times() -> None:
    found = count(answer(1))
    assert (found.timed, found.seconds_median, found.seconds_p95) == (0, None, None)
    assert not math.isnan(found.reasoning_tokens)
