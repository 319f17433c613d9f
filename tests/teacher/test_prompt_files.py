"""Templates in YAML: messages, settings and the field of a JSON answer."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.imports import ROOT
from tests.teacher.test_requests import params
from understudy.contract.answers import Answer
from understudy.contract.kind import this_kind
from understudy.core.errors import DataError
from understudy.core.tables import table_writer, text_columns
from understudy.teacher.errors import PromptError
from understudy.teacher.prompts import Prompt, Questions, input_columns
from understudy.teacher.requests import Question, Request, build_requests

FEW_SHOT = """\
messages:
  - role: system
    content: You sum up tickets for $$5.
  - {role: user, content: "Ticket: The app crashes."}
  - {role: assistant, content: Crash.}
  - role: user
    content: |
      Ticket: $title
      $body
response_format: {type: json_object}
field: result.summary
"""
ROW = {"title": "Late", "body": "My parcel is late. $title"}


def read(
    folder: Path, text: str, allowed: Sequence[str] = ("title", "body"), name: str = "prompt.yaml"
) -> Prompt:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return Prompt("zeroshot.prompt", path, allowed)


def refusal(folder: Path, text: str, allowed: Sequence[str] = ("title", "body")) -> str:
    """What a template's error says after the param and the file."""
    with pytest.raises(PromptError) as caught:
        read(folder, text, allowed)
    start = f"zeroshot.prompt = {folder / 'prompt.yaml'}: "
    assert str(caught.value).startswith(start)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(start)


def ask_user(content: str, more: str = "") -> str:
    return f"messages:\n- role: user\n  content: {json.dumps(content)}\n{more}"


def test_messages_are_filled_in_their_order_and_the_rest_is_there_to_use(tmp_path: Path) -> None:
    prompt = read(tmp_path, FEW_SHOT)
    assert prompt.fill(ROW) == (
        {"role": "system", "content": "You sum up tickets for $5."},
        {"role": "user", "content": "Ticket: The app crashes."},
        {"role": "assistant", "content": "Crash."},
        {"role": "user", "content": "Ticket: Late\nMy parcel is late. $title"},
    )
    assert prompt.variables == ("title", "body")
    assert prompt.settings == {"response_format": {"type": "json_object"}}
    assert prompt.field == "result.summary"
    own = "You sum up tickets for $5.\nTicket: The app crashes.\nCrash.\nTicket: \n"
    assert prompt.own_text == own


@pytest.mark.parametrize("name", ["prompt.yaml", "prompt.YML"])
def test_one_user_message_in_yaml_is_the_same_as_a_text(tmp_path: Path, name: str) -> None:
    yaml, text = (
        read(tmp_path, ask_user(" Sum up $body\n"), name=name),
        read(tmp_path, "Sum up $body", name="a"),
    )
    assert yaml.fill(ROW) == text.fill(ROW)
    assert (yaml.settings, yaml.field, yaml.reasons) == (text.settings, None, ())


def test_a_text_that_looks_like_yaml_is_a_text(tmp_path: Path) -> None:
    prompt = read(tmp_path, "messages: $body", name="prompt.txt")
    assert prompt.fill({"body": "x"}) == ({"role": "user", "content": "messages: x"},)


def test_null_in_a_column_is_an_empty_text_and_a_number_is_an_error(tmp_path: Path) -> None:
    prompt = read(tmp_path, ask_user("$title: $body"))
    assert prompt.fill({"title": None, "body": "x"})[0]["content"] == ": x"
    with pytest.raises(PromptError, match=r"^\$title: the column has 7, expected text"):
        prompt.fill({"title": 7, "body": "x"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("messages: [", "not valid YAML: "),
        ("messages: []\nmessages: []", "not valid YAML: "),
        ("just text", "expected keys such as 'messages:', found 'just text'"),
        ("", "expected keys such as 'messages:', found None"),
        ("field: summary", "messages: this key is missing"),
        ("messages: []", "messages = []: expected a list that is not empty"),
        ("messages: x", "messages = 'x': expected a list"),
        ("messages: [x]", "messages.0 = 'x': expected keys with values"),
        ("messages: [{role: user}]", "messages.0.content: this key is missing"),
        ("messages: [{role: user, content: 5}]", "messages.0.content = 5: expected text"),
        ("messages: [{role: user, content: ' '}]", "messages.0: found no text"),
        ("messages: [{role: bot, content: $body}]", "messages.0.role = 'bot': expected 'system'"),
        (
            "messages: [{role: user, content: $body, nam: x}]",
            "messages.0.nam: unknown key; expected one of role, content",
        ),
        (ask_user("$body", "response_fromat: {}"), "response_fromat: unknown key; did you mean"),
        (ask_user("$body", "response_format: json"), "response_format = 'json': expected"),
        (ask_user("$body", "response_format: {a: 2026-01-01}"), "response_format = {'a': datetime"),
        (ask_user("$body", "response_format: {a: {1: x}}"), "response_format = {'a': {1: 'x'}}: "),
        (ask_user("$body", "response_format: {a: .nan}"), "response_format = {'a': nan}: expected"),
        (ask_user("$body", "field: ''"), "field = '': expected a path into the JSON answer"),
        (ask_user("$body", "field: a..b"), "field = 'a..b': expected a path into the JSON answer"),
        (ask_user("$body costs $5"), "messages.0: a lone '$'; write '$$'"),
        (
            ask_user("$body", "- {role: assistant, content: x}"),
            "messages.1.role = 'assistant': expected 'user'",
        ),
        (
            "messages: [{role: system, content: $body}]",
            "messages.0.role = 'system': expected 'user'",
        ),
    ],
)
def test_what_is_no_template_is_an_error_with_file_key_and_expectation(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert refusal(tmp_path, text).startswith(expected)


def test_all_wrong_keys_are_told_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "messages: [{role: bot, content: 5}]\nfield: 5")
    assert [part.split(" = ")[0] for part in said.split("; ")] == [
        "messages.0.role", "messages.0.content", "field"
    ]  # fmt: skip


def test_a_variable_that_is_no_column_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    assert refusal(tmp_path, ask_user("$titel $body")) == (
        "found $body, $titel, expected one or more of $title or $body; did you mean 'title'?"
    )
    assert refusal(tmp_path, ask_user("Hello")) == (
        "found no variable, expected one or more of $title or $body; "
        "write $title where the row's text belongs"
    )


def test_the_example_of_tickets_asks_in_json_and_reads_it() -> None:
    path = ROOT / "examples/tickets/prompts/summarize.yaml"
    prompt = Prompt("zeroshot.prompt", path, ["article"])
    messages = prompt.fill({"article": "My parcel is late."})
    assert [one["role"] for one in messages] == ["system", "user", "assistant", "user"]
    assert messages[-1]["content"] == "Ticket:\nMy parcel is late."
    assert prompt.match(messages) == {"article": "My parcel is late."}
    schema = prompt.settings["response_format"]["json_schema"]["schema"]
    assert prompt.field in schema["required"]
    assert prompt.read(Answer("", messages[2]["content"], "stop", "", "m", 0, 0, 0)) == (
        "The customer cannot log in and gets no mail with a new password.",
        None,
    )


# Questions


def rows(folder: Path, *given: dict[str, Any]) -> Path:
    names = tuple(dict.fromkeys((*this_kind().columns, *(name for row in given for name in row))))
    with table_writer(folder / "test.parquet", text_columns(*names)) as table:
        for number, row in enumerate(given):
            table.add({"id": str(number), "article": "A", "highlights": None, **row})
    return folder


def test_a_variable_may_be_any_column_and_references_may_be_null(tmp_path: Path) -> None:
    prompt = read(tmp_path, ask_user("$title / $article", "field: s"), ("title", "article"))
    (question,) = Questions(prompt, {"test": None}, rows(tmp_path, {"title": "T", "other": "x"}))
    row = {"id": "0", "article": "A", "highlights": None, "title": "T"}
    assert question == replace(Question.of("T / A", row, "test"), field="s")


def test_a_column_that_the_table_lacks_is_an_error(tmp_path: Path) -> None:
    prompt = read(tmp_path, ask_user("$title"))
    with pytest.raises(DataError, match="no column 'title'"):
        list(Questions(prompt, {"test": None}, rows(tmp_path, {})))


def test_samples_of_a_row_follow_each_other_and_limits_count_rows(tmp_path: Path) -> None:
    prompt = read(tmp_path, ask_user("$title"))
    folder = rows(tmp_path, *({"title": name} for name in "abc"))
    asked = list(Questions(prompt, {"test": 2}, folder, samples=3))
    found = [(question.text, question.sample) for question in asked]
    assert found == [(name, sample) for name in "ab" for sample in (1, 2, 3)]


def test_what_may_be_asked_about_is_the_article_and_columns_of_no_pair(tmp_path: Path) -> None:
    folder = rows(tmp_path, {"title": "T", "body": "B"})
    assert input_columns([folder / "test.parquet"]) == ("article", "title", "body")


# Requests


def request(question: Question, **changes: Any) -> Request:
    (found,) = build_requests([question], params(**changes))
    return found


def test_messages_and_settings_are_sent_and_are_in_the_key(tmp_path: Path) -> None:
    prompt = read(tmp_path, FEW_SHOT)
    asked = Question(prompt.fill(ROW), settings=prompt.settings)
    found = request(asked, request={"temperature": 0})
    assert found.body == {
        "model": "double",
        "temperature": 0,
        "response_format": {"type": "json_object"},
        "messages": list(prompt.fill(ROW)),
    }
    plain = request(Question(prompt.fill(ROW)), request={"temperature": 0})
    given = {"temperature": 0, "response_format": {"type": "json_object"}}
    assert found.key == request(Question(prompt.fill(ROW)), request=given).key != plain.key


def test_further_samples_are_other_requests_with_the_same_body() -> None:
    first, second, third = (
        request(Question(Question.of("a").messages, sample=number)) for number in (1, 2, 3)
    )
    assert first.key == request(Question.of("a")).key
    assert len({first.key, second.key, third.key}) == 3
    assert first.body == second.body == third.body
    assert "sample" not in first.content


def test_another_field_is_the_same_request() -> None:
    messages = Question.of("a").messages
    assert request(Question(messages, field="x")).key == request(Question(messages)).key


def test_the_worst_case_counts_the_bytes_of_all_messages(tmp_path: Path) -> None:
    prices = {"input": 1.0, "output": 0.0}
    long, short = ({"title": "T", "body": "ü" * size} for size in (1000, 0))
    prompt = read(tmp_path, FEW_SHOT)
    costs = [request(Question(prompt.fill(row)), prices=prices).worst_usd for row in (long, short)]
    assert costs[0] - costs[1] == pytest.approx(2000 / 1e6)


def test_a_key_of_template_and_params_is_an_error_that_names_both() -> None:
    asked = Question(Question.of("a").messages, settings={"response_format": {"type": "text"}})
    with pytest.raises(PromptError, match=r"^teacher\.request\.response_format: the prompt's temp"):
        request(asked, request={"response_format": {"type": "text"}})
