"""A template finds its own variables in logged messages, and nobody else's."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.teacher.errors import PromptError
from understudy.teacher.prompts import Prompt

NAMES = ("article", "title", "body")
Logged = list[dict[str, Any]]


def prompt(folder: Path, *contents: str, roles: str = "user") -> Prompt:
    """A prompt of messages, the roles from the last one backwards."""
    given = [*["system"] * (len(contents) - 1), "user"] if roles == "user" else roles.split()
    messages = [
        {"role": role, "content": content} for role, content in zip(given, contents, strict=True)
    ]
    path = folder / "prompt.yaml"
    path.write_text(json.dumps({"messages": messages}), encoding="utf-8")
    return Prompt("zeroshot.prompt", path, NAMES)


def logged(found: Prompt, **row: str) -> Logged:
    return [dict(message) for message in found.fill(row)]


def user(content: object, **more: Any) -> Logged:
    return [{"role": "user", "content": content, **more}]


TEXTS = st.text(alphabet=st.sampled_from("ab :\n\r'$\t🦀"), max_size=12)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> list[Prompt]:
    contents = [
        ("$article",),
        ("Sum up '$article'",),
        ("$article\nBriefly.",),
        ("$article / ${article}!",),
        ("Be brief, for $$5.", "Title: $title\n---\n$body"),
        ("About $title.", "$title: $body"),
        ("$title: $body\nAgain: $title",),
        ("a${title}b${body}a$title",),
        ("$body", "$title", "$article, $body; $title"),
    ]
    root = tmp_path_factory.mktemp("templates")
    return [prompt(root, *one) for one in contents]


@given(number=st.integers(0, 8), article=TEXTS, title=TEXTS, body=TEXTS)
def test_filling_in_what_was_found_makes_the_same_messages(
    templates: list[Prompt], number: int, article: str, title: str, body: str
) -> None:
    template = templates[number]
    messages = template.fill({"article": article, "title": title, "body": body})
    found = template.match(messages)
    assert found is not None
    assert found.keys() == set(template.variables)
    assert template.fill(found) == messages


@given(number=st.sampled_from([0, 1, 2, 3, 5, 8]), article=TEXTS, title=TEXTS, body=TEXTS)
def test_variables_that_can_be_told_apart_come_back_to_the_letter(
    templates: list[Prompt], number: int, article: str, title: str, body: str
) -> None:
    template = templates[number]
    row = {"article": article, "title": title, "body": body}
    expected = {name: row[name] for name in template.variables}
    assert template.match(template.fill(row)) == expected


@given(content=TEXTS, number=st.integers(0, 3))
def test_what_fits_is_what_filling_in_makes_but_for_white_space_around_it(
    templates: list[Prompt], content: str, number: int
) -> None:
    found = templates[number].match(user(content))
    if found is not None:
        made = templates[number].fill(found)[0]["content"]
        assert made.strip() in (content.strip(), content.replace("\r\n", "\n").strip())


def test_white_space_of_a_variable_is_kept_and_that_around_the_template_is_not(
    tmp_path: Path,
) -> None:
    quoted, bare = prompt(tmp_path, "Sum up '$article'"), prompt(tmp_path, "$article")
    assert quoted.match(user("\n Sum up ' a\n' \n")) == {"article": " a\n"}
    assert bare.match(user(" a\n")) == {"article": " a\n"}


def test_windows_line_ends_of_a_log_are_no_other_text(tmp_path: Path) -> None:
    template = prompt(tmp_path, "Sum up:\n$article\nBriefly.")
    assert template.match(user("Sum up:\r\na\r\nb\r\nBriefly.\r\n")) == {"article": "a\nb"}
    assert template.match(user("Sum up:\na\r\nb\nBriefly.")) == {"article": "a\r\nb"}


def test_a_text_between_variables_counts_where_it_stands_first(tmp_path: Path) -> None:
    template = prompt(tmp_path, "$title: $body")
    assert template.match(user("a: b: c")) == {"title": "a", "body": "b: c"}
    again = prompt(tmp_path, "$title: $body\nAgain: $title")
    assert again.match(user("a: b: c\nAgain: a: b")) == {"title": "a: b", "body": "c"}


def test_what_another_message_tells_is_no_question(tmp_path: Path) -> None:
    template = prompt(tmp_path, "$title: $body", "About $title", roles="system user")
    row = {"title": "a: b", "body": "c"}
    assert template.match(logged(template, **row)) == row


@pytest.mark.parametrize(
    "content", ["a / b!", "a / a", "a / a!!", "/ !", " / ", "", "a / a! b", "!", "x a / a!"]
)
def test_a_variable_that_stands_twice_has_one_value(tmp_path: Path, content: str) -> None:
    assert prompt(tmp_path, "$article / $article!").match(user(content)) is None


@pytest.mark.parametrize(
    "content",
    [
        "Sum up 'a",
        "Sum up a'",
        "sum up 'a'",
        "Sum  up 'a'",
        "Sum up 'a'.",
        "Please sum up 'a'",
        "'",
    ],
)
def test_one_other_character_is_another_prompt(tmp_path: Path, content: str) -> None:
    template = prompt(tmp_path, "Sum up '$article'")
    assert template.match(user(content)) is None
    assert template.explain(user(content)) == "other_prompt"


def test_messages_are_as_many_and_have_the_same_roles(tmp_path: Path) -> None:
    template = prompt(tmp_path, "Be brief.", "$article")
    right = logged(template, article="x")
    assert template.match(right) == {"article": "x"}
    assert template.explain(right) is None
    developer = [{**right[0], "role": "developer"}, right[1]]
    for wrong in (right[1:], right[:1], right[::-1], [*right, right[1]], developer):
        assert template.match(wrong) is None
        assert template.explain(wrong) == "other_prompt"


def test_parts_that_are_text_are_one_text_and_keys_that_clients_add_do_not_matter(
    tmp_path: Path,
) -> None:
    parts = [{"type": "text", "text": "Sum up "}, {"type": "text", "text": "'a'"}]
    template = prompt(tmp_path, "Sum up '$article'")
    assert template.match(user(parts)) == {"article": "a"}
    extra: Mapping[str, Any] = {
        "name": None,
        "tool_calls": [],
        "function_call": None,
        "refusal": None,
    }
    assert prompt(tmp_path, "$article").match(user("a", **extra)) == {"article": "a"}


IMAGE = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:"}}]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (user(IMAGE), "image"),
        (user([{"type": "text"}]), "image"),
        (user(["a"]), "image"),
        (user("a", tool_calls=[{"id": "1"}]), "tool_call"),
        (user("a", function_call={"name": "f"}), "tool_call"),
        ([*user("a"), {"role": "tool", "content": "b"}], "tool_call"),
        ([], "no_messages"),
        (None, "no_messages"),
        ("a", "no_messages"),
        ({"role": "user"}, "no_messages"),
        (["a"], "no_messages"),
        ([None], "no_messages"),
        (user(None), "other_prompt"),
        (user(5), "other_prompt"),
        (user([]), "other_prompt"),
        ([{}], "other_prompt"),
        ([{"role": ["user"], "content": "a"}], "other_prompt"),
    ],
)
def test_what_is_no_text_prompt_does_not_fit_and_says_why(
    tmp_path: Path, messages: object, reason: str
) -> None:
    template = prompt(tmp_path, "$article")
    assert template.match(messages) is None
    assert template.explain(messages) == reason


@pytest.mark.parametrize("content", ["$title$body", "x $title${title} y", "$body$title $article"])
def test_variables_side_by_side_can_be_asked_with_and_not_be_found(
    tmp_path: Path, content: str
) -> None:
    template = prompt(tmp_path, content)
    template.fill(dict.fromkeys(NAMES, "x"))
    with pytest.raises(PromptError, match=r"^zeroshot\.prompt = .*prompt\.yaml: \$.* side by side"):
        template.match(user("xx"))


@pytest.mark.parametrize(
    "content",
    [
        "$title a $body b $article c",
        "$title aa $body aa $article b",
        "$title, $body, $title, $body, $article!",
        "$title a$body a$title a$body aaa$article",
    ],
)
def test_a_hostile_text_takes_no_longer_than_reading_it_some_times(
    tmp_path: Path, content: str
) -> None:
    template = prompt(tmp_path, content)
    begin = time.process_time()
    for text in ("a " * 50_000, "a" * 100_000, "aa " * 33_000, ", " * 50_000, " aaa" * 25_000):
        assert template.match(user(text)) is None
    assert time.process_time() - begin < 2


def test_a_long_value_of_another_message_is_looked_for_as_fast(tmp_path: Path) -> None:
    template = prompt(tmp_path, "$title", "$body $title! $article")
    begin = time.process_time()
    for title, text in (("a" * 50_000 + "b", "a" * 200_000), ("ab" * 30_000 + "c", "ab" * 99_000)):
        assert template.match([{"role": "system", "content": title}, *user(text)]) is None
    assert time.process_time() - begin < 2
