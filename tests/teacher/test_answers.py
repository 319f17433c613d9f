"""When an answer is used, and why not."""

from typing import Any

import pytest

from understudy.contract.answers import COLUMNS, REASONS, UNCLEAR, UNREADABLE, Answer
from understudy.teacher.completion import failed_answer, read_completion


def answer(text: str = "A storm hit Oakport.", **changes: Any) -> Answer:
    parts: dict[str, Any] = {"finish_reason": "stop", "refusal": "", "model": "double"}
    parts |= {"prompt_tokens": 11, "cached_tokens": 0, "completion_tokens": 7}
    return Answer("sha256:0", text, **(parts | changes))


def test_an_ordinary_answer_has_no_problem() -> None:
    assert answer().find_problem(2048) is None


def test_an_answer_that_the_model_marks_as_refusal_is_refused() -> None:
    assert answer("", refusal="Not this one.").find_problem() == "refused"


def test_an_answer_that_a_filter_stopped_is_refused_even_with_text() -> None:
    assert answer("Half of a", finish_reason="content_filter").find_problem() == "refused"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I can’t help with that.",
        "I am sorry, this is not possible.",
        "Sorry, I cannot do that.",
        "I can't assist with this request.",
        "I can’t assist with this request.",
        "I cannot write an article about this.",
        "I can not write that.",
        "I won’t write that.",
        "I'm unable to provide that.",
        "I’m not able to create that.",
        "I am unable to summarise this.",
        "I apologize, but no.",
        "I apologise, but no.",
        "As an AI language model, I do not write news.",
        "\n I'm sorry, but I can't help with that.",
    ],
)
def test_an_answer_that_opens_like_a_refusal_is_refused(text: str) -> None:
    assert answer(text).find_problem() == "refused"


@pytest.mark.parametrize(
    "text",
    [
        'Mayor Renn said on Monday: "I can\'t help with that." Nobody spoke.',
        "A robot said “I’m sorry, I can’t assist with that” in court.",
        "OAKPORT -- I'm sorry, the sign said. I cannot write more.",
        "I can't wait to see the bridge, the mayor told reporters.",
        "I cannotwrite is the name of a band.",
        "Sorrynotsorry, a song, is number one.",
    ],
)
def test_an_article_that_merely_contains_such_words_is_no_refusal(text: str) -> None:
    assert answer(text).find_problem() is None


@pytest.mark.parametrize("text", ["", " ", "\n\t\u00a0\n"])
def test_an_answer_without_text_is_empty(text: str) -> None:
    assert answer(text).find_problem() == "empty"


def test_an_answer_at_the_token_limit_is_cut_off() -> None:
    assert answer("A storm hit Oa", finish_reason="length").find_problem() == "cut_off"


def test_an_answer_whose_thoughts_took_all_tokens_is_empty() -> None:
    assert answer("", finish_reason="length").find_problem() == "empty"


def test_the_limit_of_characters_is_exclusive() -> None:
    assert answer("x" * 2047).find_problem(2048) is None
    assert answer("x" * 2048).find_problem(2048) == "too_long"


def test_the_limit_counts_unicode_characters_and_not_bytes() -> None:
    assert answer("é" * 9).find_problem(10) is None


def test_no_limit_makes_no_answer_too_long() -> None:
    assert answer("x" * 100_000).find_problem() is None


def test_an_answer_that_is_cut_off_and_too_long_is_cut_off() -> None:
    assert answer("x" * 99, finish_reason="length").find_problem(9) == "cut_off"


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


def test_an_answer_is_read_from_a_record_with_more_columns() -> None:
    given = answer(batch=True, error="HTTP 500")
    assert Answer.from_record({"id": "a", **given.to_record(), "reason": None}) == given


def completion(**message: Any) -> dict[str, Any]:
    return {"model": "double-7", "choices": [{"finish_reason": "stop", "message": message}]}


@pytest.mark.parametrize("batch", [False, True])
def test_a_completion_is_read_with_its_way_and_its_tokens(batch: bool) -> None:
    usage = {
        "prompt_tokens": 20,
        "completion_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 5},
    }
    found = read_completion("sha256:0", completion(content="x") | {"usage": usage}, batch)
    assert found == Answer("sha256:0", "x", "stop", "", "double-7", 20, 5, 3, batch)


@pytest.mark.parametrize(
    "usage",
    [
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


@pytest.mark.parametrize(
    "word",
    [
        *(
            "stop",
            "STOP",
            "FinishReason.STOP",
            "FINISH_REASON_STOP",
            "end_turn",
            "eos",
            "eos_token",
        ),
        *("stop_sequence", "COMPLETE", "endoftext", "stop: </s>", "done"),
    ],
)
def test_an_endpoints_word_for_a_whole_text_is_known(word: str) -> None:
    assert answer(finish_reason=word).find_problem() is None


@pytest.mark.parametrize(
    "word",
    [
        *("length", "max_tokens", "MAX_TOKENS", "model_length", "error", "null", "", "abort"),
        *("tool_calls", "pause_turn", "insufficient_system_resource", "OTHER", "time_limit"),
    ],
)
def test_any_other_word_and_none_is_cut_off(word: str) -> None:
    assert answer(finish_reason=word).find_problem() == "cut_off"
    assert answer("", finish_reason=word).find_problem() == "empty"


@pytest.mark.parametrize(
    "word",
    [
        *("content_filter", "content_filter: SAFETY", "SAFETY", "RECITATION", "PROHIBITED_CONTENT"),
        *("refusal", "ERROR_TOXIC", "guardrail_intervened", "sensitive", "BLOCKLIST"),
    ],
)
def test_the_word_of_a_filter_is_a_refusal(word: str) -> None:
    assert answer("Half of a", finish_reason=word).find_problem() == "refused"


def test_an_answer_of_an_earlier_version_lacks_the_later_columns() -> None:
    record = answer().to_record()
    del record["reasoning_tokens"], record["reading"]
    assert Answer.from_record(record) == answer()
    assert Answer.from_record({**record, "finish_reason": None}).find_problem() == "cut_off"
