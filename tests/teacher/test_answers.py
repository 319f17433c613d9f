"""When an answer is used, and why not."""

from typing import Any

import pytest

from understudy.contract.answers import COLUMNS, REASONS, UNCLEAR, UNREADABLE, Answer
from understudy.teacher.completion import failed_answer, read_completion


def answer(text: str = "A storm hit Oakport.", **changes: Any) -> Answer:
    parts: dict[str, Any] = {"finish_reason": "stop", "refusal": "", "model": "double"}
    parts |= {"prompt_tokens": 11, "cached_tokens": 0, "completion_tokens": 7}
    return Answer("sha256:0", text, **(parts | changes))


WORDS = {
    None: "stop STOP FinishReason.STOP FINISH_REASON_STOP end_turn eos eos_token stop_sequence "
    "COMPLETE endoftext done",
    "cut_off": "length max_tokens MAX_TOKENS model_length error null abort tool_calls pause_turn "
    "insufficient_system_resource OTHER time_limit",
    "refused": "content_filter SAFETY RECITATION PROHIBITED_CONTENT refusal ERROR_TOXIC "
    "guardrail_intervened sensitive BLOCKLIST",
}
CASES = [
    (None, "A storm hit Oakport.", 2048),
    (None, 'Mayor Renn said on Monday: "I can\'t help with that." Nobody spoke.', None),
    (None, "A robot said “I’m sorry, I can’t assist with that” in court.", None),
    (None, "OAKPORT -- I'm sorry, the sign said. I cannot write more.", None),
    (None, "I can't wait to see the bridge, the mayor told reporters.", None),
    (None, "I cannotwrite is the name of a band.", None),
    (None, "Sorrynotsorry, a song, is number one.", None),
    ("refused", "I'm sorry, but I can't help with that.", None),
    ("refused", "I’m sorry, but I can’t help with that.", None),
    ("refused", "I am sorry, this is not possible.", None),
    ("refused", "Sorry, I cannot do that.", None),
    ("refused", "I can't assist with this request.", None),
    ("refused", "I can’t assist with this request.", None),
    ("refused", "I cannot write an article about this.", None),
    ("refused", "I can not write that.", None),
    ("refused", "I won’t write that.", None),
    ("refused", "I'm unable to provide that.", None),
    ("refused", "I’m not able to create that.", None),
    ("refused", "I am unable to summarise this.", None),
    ("refused", "I apologize, but no.", None),
    ("refused", "I apologise, but no.", None),
    ("refused", "As an AI language model, I do not write news.", None),
    ("refused", "\n I'm sorry, but I can't help with that.", None),
    ("empty", "", None),
    ("empty", " ", None),
    ("empty", "\n\t\u00a0\n", None),
    (None, "x" * 2047, 2048),
    ("too_long", "x" * 2048, 2048),
    (None, "é" * 9, 10),  # characters, not bytes
    (None, "x" * 100_000, None),
]


@pytest.mark.parametrize(("problem", "text", "limit"), CASES)
def test_a_text_is_judged_by_its_opening_and_its_length(
    problem: str | None, text: str, limit: int | None
) -> None:
    assert answer(text).find_problem(limit) == problem


@pytest.mark.parametrize(
    ("problem", "word"),
    [(problem, word) for problem, words in WORDS.items() for word in words.split()]
    + [(None, "stop: </s>"), ("cut_off", ""), ("refused", "content_filter: SAFETY")],
)
def test_an_endpoints_word_for_its_end_comes_before_the_text(
    problem: str | None, word: str
) -> None:
    assert answer("Half of a", finish_reason=word).find_problem() == problem
    assert answer("x" * 99, finish_reason=word).find_problem(9) == (problem or "too_long")
    if problem == "cut_off":  # thoughts took all tokens
        assert answer("", finish_reason=word).find_problem() == "empty"


def test_every_reason_is_a_known_one() -> None:
    problems = [
        answer("", error="HTTP 500"),
        answer("", refusal="no"),
        answer("", reading=UNREADABLE),
        answer(""),
        answer("x", finish_reason="length"),
        answer("<think>x", reading=UNCLEAR),
    ]
    found = [problem.find_problem() for problem in problems] + [answer("xx").find_problem(1)]
    assert tuple(found) == REASONS


def test_a_failed_call_is_failed_and_nothing_else() -> None:
    failed = failed_answer("sha256:0", "double", "HTTP 500: Oops.")
    assert failed.find_problem(1) == "failed"
    assert (failed.text, failed.error) == ("", "HTTP 500: Oops.")
    assert (failed.prompt_tokens, failed.cached_tokens, failed.completion_tokens) == (0, 0, 0)
    assert answer(refusal="no", error="HTTP 500").find_problem() == "failed"


def test_a_record_has_the_columns_of_the_outputs() -> None:
    assert list(answer().to_record()) == list(COLUMNS)
    assert Answer(**answer().to_record()) == answer()
    given = answer(batch=True, error="HTTP 500")
    assert Answer.from_record({"id": "a", **given.to_record(), "reason": None}) == given


def completion(**message: Any) -> dict[str, Any]:
    return {"model": "double-7", "choices": [{"finish_reason": "stop", "message": message}]}


@pytest.mark.parametrize("batch", [False, True])
def test_a_completion_is_read_with_its_way_and_its_tokens(batch: bool) -> None:
    details = {"cached_tokens": 5}
    usage = {"prompt_tokens": 20, "completion_tokens": 3, "prompt_tokens_details": details}
    found = read_completion("sha256:0", completion(content="x") | {"usage": usage}, batch)
    assert found == Answer("sha256:0", "x", "stop", "", "double-7", 20, 5, 3, batch)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        "n/a",
        [7],
        {"prompt_tokens": "many", "completion_tokens": [3], "total_tokens": float("nan")},
        {"prompt_tokens": float("inf"), "prompt_tokens_details": "none"},
        {"prompt_tokens_details": {"cached_tokens": {}}},
    ],
)
def test_usage_that_cannot_be_read_counts_as_zero_and_costs_no_answer(usage: Any) -> None:
    found = read_completion("sha256:0", completion(content="x") | {"usage": usage}, batch=False)
    assert found == Answer("sha256:0", "x", "stop", "", "double-7", 0, 0, 0)


def test_an_answer_of_an_earlier_version_lacks_the_later_columns() -> None:
    record = answer().to_record()
    del record["reasoning_tokens"], record["reading"]
    assert Answer.from_record(record) == answer()
    assert Answer.from_record({**record, "finish_reason": None}).find_problem() == "cut_off"
