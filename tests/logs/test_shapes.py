"""Each shape of log gives back the calls that it was written from."""

from pathlib import Path
from typing import Any

import pytest

from tests.logs import shapes
from tests.logs.reading import read_one, read_records
from tests.logs.shapes import MODEL, SHAPES, TIME, ask, body, write_log
from understudy.logs.logged import LogCounts, LoggedCall
from understudy.logs.reader import read_logs
from understudy.teacher.completion import read_completion

CALLS = [
    (ask("Summarize: It rains."), "Rain."),
    ([{"role": "system", "content": "Be brief."}, *ask("Ça va? 你好 \u2028 “x”")], 'Ja\n"nein"'),
    (ask("As JSON, please"), '{"choices": ["a"], "body": "b", "role": "editor", "content": "c"}'),
    (ask("A list"), "[1, 2]"),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_back_its_messages_and_answers(tmp_path: Path, shape: str) -> None:
    counts = LogCounts()
    found = list(read_logs(write_log(tmp_path, shape, CALLS), None, counts))
    calls = [call for call in found if isinstance(call, LoggedCall)]
    answers = [read_completion("sha256:" + "0" * 64, call.completion, False) for call in calls]
    pairs = [(call.messages, answer.text) for call, answer in zip(calls, answers, strict=True)]
    assert sorted(pairs, key=str) == sorted(CALLS, key=str)
    assert [answer.find_problem() for answer in answers] == [None] * len(CALLS)
    assert {call.origin for call in calls} == {shape.partition("-")[0]}
    assert counts.rejected == 0
    assert counts.read == counts.calls + counts.batch_inputs


BARE = (
    *("openai-response", "openai-completion", "openai-prompt", "openai-stored-input"),
    "litellm-table",
)
"""Shapes whose examples have no temperature."""


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "finetuning"])
def test_the_model_and_the_settings_are_kept(tmp_path: Path, shape: str) -> None:
    [call] = read_logs(write_log(tmp_path, shape, CALLS[:1]))
    assert isinstance(call, LoggedCall)
    assert call.completion["model"].startswith("gpt-4o-mini")
    assert "messages" not in call.settings
    if shape not in BARE:
        assert call.settings["temperature"] == 0


USED = [
    *("openai", "openai-bodies", "openai-stored", "batch", "litellm", "litellm-text"),
    *("litellm-table", "langfuse", "langfuse-snake"),
]


@pytest.mark.parametrize("shape", USED)
def test_tokens_are_read_by_any_of_their_names(tmp_path: Path, shape: str) -> None:
    [call] = read_logs(write_log(tmp_path, shape, CALLS[:1]))
    assert isinstance(call, LoggedCall)
    answer = read_completion("sha256:" + "0" * 64, call.completion, False)
    assert (answer.prompt_tokens, answer.completion_tokens) == (12, 5)


@pytest.mark.parametrize("shape", sorted({*USED, "openai-input-output"}))
def test_the_time_of_the_call_is_in_iso_form(tmp_path: Path, shape: str) -> None:
    [call] = read_logs(write_log(tmp_path, shape, CALLS[:1]))
    assert isinstance(call, LoggedCall)
    assert call.at is not None
    assert call.at[:19] == TIME[:19]


@pytest.mark.parametrize(
    ("shape", "session"),
    [
        ("openai", "s1"),
        ("litellm", "customer-7"),
        ("litellm-table", "s1"),
        ("langfuse", "t1"),
        ("langfuse-snake", "t1"),
        ("finetuning", None),
    ],
)
def test_the_session_is_found_by_its_usual_names(
    tmp_path: Path, shape: str, session: str | None
) -> None:
    [call] = read_logs(write_log(tmp_path, shape, CALLS[:1]))
    assert isinstance(call, LoggedCall)
    assert call.session == session


def test_a_session_outranks_the_trace_within_it(tmp_path: Path) -> None:
    record = {**shapes.langfuse(*CALLS[0]), "sessionId": "s9"}
    assert read_one(tmp_path, record).session == "s9"


@pytest.mark.parametrize(("path", "session"), [("request.user", "u1"), ("tags.team", "7")])
def test_a_dotted_path_names_the_session(tmp_path: Path, path: str, session: str) -> None:
    record = {**shapes.openai(*CALLS[0]), "tags": {"team": 7}}
    record["request"]["user"] = "u1"
    assert read_one(tmp_path, record, session=path).session == session


@pytest.mark.parametrize("path", ["request.nothing", "request.messages.user", "nothing.at.all", ""])
def test_a_path_that_leads_nowhere_gives_no_session(tmp_path: Path, path: str) -> None:
    assert read_one(tmp_path, shapes.openai(*CALLS[0]), session=path).session is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-03-04T05:06:07Z", TIME),
        (1741064767, TIME),
        (1741064767000, TIME),
        ("yesterday", "2025-03-04"),
        (True, "2025-03-04"),
        (-1, "2025-03-04"),
        (10**400, "2025-03-04"),
        (None, "2025-03-04"),
    ],
)
def test_a_time_that_is_none_is_looked_for_elsewhere(
    tmp_path: Path, at: Any, expected: str
) -> None:
    call = read_one(tmp_path, {**shapes.openai(*CALLS[0]), "timestamp": at})
    assert str(call.at).startswith(expected)


def test_a_lone_part_of_text_is_a_text_and_several_stay_apart(tmp_path: Path) -> None:
    part = {"type": "text", "text": "Hello"}
    record = shapes.openai([{"role": "user", "content": [part], "name": None}], "Hi")
    assert read_one(tmp_path, record).messages == ask("Hello")
    record = shapes.openai([{"role": "user", "content": [part, part]}], "Hi")
    assert read_one(tmp_path, record).messages == [{"role": "user", "content": [part, part]}]


def test_the_first_of_several_answers_is_the_one_that_was_used(tmp_path: Path) -> None:
    record = shapes.openai(*CALLS[0])
    record["response"]["choices"] += body("Other.")["choices"]
    completion = read_one(tmp_path, record).completion
    assert read_completion("", completion, False).text == "Rain."


def test_a_refusal_is_an_answer_for_others_to_judge(tmp_path: Path) -> None:
    said = {"role": "assistant", "content": None, "refusal": "I can't."}
    refused = {"index": 0, "message": said, "finish_reason": "stop"}
    filtered = {**body("")["choices"][0], "finish_reason": "content_filter"}
    for choice in (refused, filtered):
        record = {**shapes.openai(*CALLS[0]), "response": body("", choices=[choice])}
        completion = read_one(tmp_path, record).completion
        assert read_completion("", completion, False).find_problem() == "refused"


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "Rain."},
        {"content": "Rain.", "usage": {"input_tokens": 3}},
        {"role": "assistant", "content": [{"type": "text", "text": "Rain."}]},
        {
            "model": MODEL,
            "message": {"role": "assistant", "content": "Rain."},
            "done_reason": "stop",
        },
        {"index": 0, "message": {"role": "assistant", "content": "Rain."}, "finish_reason": "stop"},
        {"status": 200, "json": body("Rain.")},
    ],
)
def test_an_answer_may_be_logged_in_many_ways(tmp_path: Path, answer: Any) -> None:
    call = read_one(tmp_path, {"model": MODEL, "messages": ask("x"), "response": answer})
    read = read_completion("", call.completion, False)
    assert (read.text, read.model, read.find_problem()) == ("Rain.", MODEL, None)


def test_a_model_of_a_made_up_body_is_that_of_the_request(tmp_path: Path) -> None:
    [call] = read_records(tmp_path, [shapes.messages_response(*CALLS[0])])
    assert isinstance(call, LoggedCall)
    assert call.completion["model"] == MODEL
