"""The text in a JSON answer, and answers that have none."""

import json

import pytest

from understudy.contract.answers import Answer
from understudy.teacher.json_answers import change_texts, read_field, read_text


@pytest.mark.parametrize(
    ("answer", "field", "text"),
    [
        ('{"summary": "It rained."}', "summary", "It rained."),
        (' \n{"summary": " It rained.\\n"}\n', "summary", " It rained.\n"),
        ('{"result": {"summary": "Ü"}, "n": 1}', "result.summary", "Ü"),
        ('```json\n{"summary": "It rained."}\n```', "summary", "It rained."),
        ('```json{"summary": "```"}```\n', "summary", "```"),
        ('{"summary": "half \\ud83e of a crab"}', "summary", "half ? of a crab"),
    ],
)
def test_the_text_under_the_path_is_taken_out(answer: str, field: str, text: str) -> None:
    assert read_field(answer, field) == (text, None)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "It rained.",
        '{"summary": "It rai',
        'Here you are: {"summary": "It rained."}',
        '{"summary": "It rained."} I hope this helps.',
        '```\n{"summary": "It rained."}\n```',
        '```json\n{"summary": "It rained."}',
        "```json```",
        "```json``",
        "{'summary': 'It rained.'}",
        "[" * 100_000,
    ],
)
def test_what_is_not_json_comes_back_whole_with_the_reason(answer: str) -> None:
    assert read_field(answer, "summary") == (answer, "not_json")


@pytest.mark.parametrize(
    "found",
    [{}, [], "summary", None, 7, {"summary": None}, {"summary": ["x"]}, {"summary": " \n"},
     {"summary": {"text": "x"}}, {"Summary": "x"}, {"a.b": "x"}],
)  # fmt: skip
@pytest.mark.parametrize("field", ["summary", "a.b"])
def test_json_without_the_text_comes_back_whole_with_the_reason(found: object, field: str) -> None:
    answer = json.dumps(found)
    assert read_field(answer, field) == (answer, "no_field")


def read(text: str, finish_reason: str = "stop", field: str | None = "summary") -> object:
    answer = Answer("sha256:0", text, finish_reason, "", "m", 1, 0, 1)
    return read_text(answer, field)


@pytest.mark.parametrize(
    ("text", "finish_reason", "found"),
    [
        ('{"summary": "It rained."}', "stop", ("It rained.", None)),
        ("It rained.", "stop", ("It rained.", "not_json")),
        ('{"title": "Rain"}', "stop", ('{"title": "Rain"}', "no_field")),
        ('{"summary": "It rai', "length", ('{"summary": "It rai', "cut_off")),
        ('{"summary": "I cannot help with it."}', "stop", ("I cannot help with it.", "refused")),
        ("I'm sorry, no.", "stop", ("I'm sorry, no.", "refused")),
        ("", "stop", ("", "empty")),
    ],
)
def test_an_answer_is_judged_as_it_came_then_as_json_then_by_its_text(
    text: str, finish_reason: str, found: tuple[str, str | None]
) -> None:
    assert read(text, finish_reason) == found


def test_without_a_field_the_answer_is_the_text() -> None:
    assert read('{"summary": "It rained."}', field=None) == ('{"summary": "It rained."}', None)


DEEP = "[" * 3000 + '"{}"' + "]" * 3000


@pytest.mark.parametrize(
    ("answer", "changed"),
    [
        ('{"summary": "It rained."}', '{"summary": "It poured."}'),
        ('{"summary": "It r\\u0061ined."}', '{"summary": "It poured."}'),
        (
            '```json\n[{"rained": ["rained", 7, true, null]}]\n```',
            '[{"poured": ["poured", 7, true, null]}]',
        ),
        ("It rained.", "It poured."),
        ('"It rained."', '"It poured."'),
        ('{"summary": "It rained', '{"summary": "It poured'),
        ('{"half": "\\ud83e rained"}', '{"half": "? poured"}'),
        ('{"n": 41, "m": 1.5}', '{"n": "[CARD]", "m": 1.5}'),  # a number becomes a text
        ('```json\n{"b":1,  "a": "\\u00fc"}\n```', '```json\n{"b":1,  "a": "\\u00fc"}\n```'),
        (DEEP.format("rained"), DEEP.format("poured")),
    ],
)
def test_each_text_of_an_answer_is_changed_and_json_stays_json(answer: str, changed: str) -> None:
    def change(text: str) -> str:
        return text.replace("rained", "poured").replace("41", "[CARD]")

    assert change_texts(answer, change) == changed
