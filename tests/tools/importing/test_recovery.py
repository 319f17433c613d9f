"""Which logged calls are calls of the task, and why the others are not."""

from pathlib import Path
from typing import Any

import pytest

from tests.logs.shapes import Messages, ask, body
from tests.tools.importing.task import TEACHER, prompt_of, write_task
from understudy.contract.params.teacher import TeacherParams
from understudy.logs.logged import LoggedCall, Reject
from understudy.teacher.errors import PromptError
from understudy.teacher.requests import Question, build_requests
from understudy.tools.importing.recovery import Findings, Recovered, Recovery

TEACHER_PARAMS = TeacherParams.model_validate(TEACHER)
TOOL = {"role": "tool", "content": "x", "tool_call_id": "c1"}


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_task()


def call(
    messages: Messages, answer: str = "Sum.", settings: Any = None, **changes: Any
) -> LoggedCall:
    completion = body(answer, **changes)
    return LoggedCall("log.jsonl", 7, messages, settings or {}, completion, None, None, "openai")


def find(found: LoggedCall, **options: Any) -> Recovered | Reject:
    return Recovery.load(TEACHER_PARAMS, **options).find(found)


def reason_of(found: LoggedCall, **options: Any) -> str:
    reject = find(found, **options)
    assert isinstance(reject, Reject)
    assert (reject.file, reject.line) == ("log.jsonl", 7)
    return reject.reason


def test_the_answer_is_kept_under_the_key_of_todays_request() -> None:
    settings = {"temperature": 0.3, "user": "x"}
    answered = "<think>Hm.</think>Sum \ud83d."
    found = find(call(ask(prompt_of("It rains \ud83d.")), answered, settings=settings))
    assert isinstance(found, Recovered)
    [request] = build_requests([Question.of(prompt_of("It rains \ud83d."))], TEACHER_PARAMS)
    assert found.values == {"article": "It rains ?."}  # as the request has halves of characters
    assert (found.answer.request, found.answer.text) == (request.key, "Sum ?.")
    assert (found.answer.seconds, found.answer.batch) == (None, False)
    assert (found.answer.origin, found.source) == ("openai:log.jsonl", "import:openai:log.jsonl")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (ask("Translate: 'A'"), "other_prompt"),
        ([*ask("x"), *ask(prompt_of("A"))], "other_prompt"),
        ([{"role": "system", "content": prompt_of("A")}], "other_prompt"),
        ([TOOL, *ask(prompt_of("A"))], "tool_call"),
        (ask(prompt_of("")), "empty_input"),
        (ask(prompt_of(" \n ")), "empty_input"),
    ],
)
def test_another_prompt_makes_no_pair(messages: Messages, expected: str) -> None:
    assert reason_of(call(messages)) == expected


@pytest.mark.parametrize(
    ("answer", "changes", "expected"),
    [
        ("I'm sorry, I can't help with that.", {}, "refused"),
        (" \n", {}, "empty"),
        ("<think>It rains", {}, "unclear"),
        (
            "Sum.",
            {"choices": [{"message": {"content": "S"}, "finish_reason": "length"}]},
            "cut_off",
        ),
    ],
)
def test_an_answer_that_a_stage_would_drop_is_not_imported(
    answer: str, changes: Any, expected: str
) -> None:
    assert reason_of(call(ask(prompt_of("A")), answer, **changes)) == expected


@pytest.mark.parametrize(
    ("answered", "asked"),
    [
        ("gpt-4o-mini", None),
        ("gpt-4o-mini-2024-07-18", None),
        ("a-version", "gpt-4o-mini"),
        ("", "gpt-4o-mini"),
        (None, "gpt-4o-mini-2024-07-18"),
    ],
)
def test_a_dated_version_is_the_teacher(answered: Any, asked: Any) -> None:
    found = call(ask(prompt_of("A")), settings={"model": asked}, model=answered)
    assert isinstance(find(found), Recovered)


@pytest.mark.parametrize(
    ("model", "detail"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o-minimal", "gpt-4o-minimal"),
        ("", "the log names no model"),
        (None, "the log names no model"),
        (7, "the log names no model"),
    ],
)
def test_another_model_or_an_unknown_one_counts_only_if_one_says_so(
    model: Any, detail: str
) -> None:
    found = call(ask(prompt_of("A")), model=model)
    reject = find(found)
    assert isinstance(reject, Reject)
    assert (reject.reason, reject.detail) == ("other_model", detail)
    assert isinstance(find(found, any_model=True), Recovered)


JSON_TASK = """
messages:
  - {role: system, content: Answer in JSON.}
  - {role: user, content: "$title: $body"}
response_format: {type: json_object}
field: summary
"""
JSON_CALL = [{"role": "system", "content": "Answer in JSON."}, *ask("Help: It broke: twice.")]


def test_several_variables_and_answers_in_json_are_found() -> None:
    write_task(JSON_TASK, "prompt.yaml")
    found = find(call(JSON_CALL, '{"summary": "Broken."}'))
    assert isinstance(found, Recovered)
    assert found.values == {"title": "Help", "body": "It broke: twice."}
    assert found.answer.text == '{"summary": "Broken."}'


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Broken.", "not_json"),
        ('{"label": "x"}', "no_field"),
        ('{"summary": "I\'m sorry, but I cannot help with that."}', "refused"),
    ],
)
def test_json_without_its_text_is_no_answer(answer: str, expected: str) -> None:
    write_task(JSON_TASK, "prompt.yaml")
    assert reason_of(call(JSON_CALL, answer)) == expected


def test_a_template_without_a_variable_is_refused() -> None:
    write_task("Sum it up.")
    with pytest.raises(PromptError, match=r"zeroshot.prompt = prompt.txt: found no variable"):
        Recovery.load(TEACHER_PARAMS)


def test_findings_say_what_became_of_each_record() -> None:
    findings = Findings()
    assert findings.describe("took 0") == "read 0, took 0, rejected 0"
    findings.logs.read, findings.logs.batch_inputs = 9, 2
    findings.rejects.update({"cut_off": 1, "other_prompt": 3})
    assert findings.describe("took 3") == (
        "read 9, 2 of them inputs of batches, took 3, rejected 4 (other_prompt 3, cut_off 1)"
    )
