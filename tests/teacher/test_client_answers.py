"""What the client makes of unusual answers, and where the key goes."""

import os
from pathlib import Path

import pytest

from tests.doubles.teacher import Call, ChatServer, Reply, echo, in_turn, refuse, say
from tests.teacher.asking import ask
from tests.teacher.test_client import KEY, PROMPTS, REFUSED, VARIABLE, closed_port, params
from understudy.teacher.errors import MissingKeyError

# Answers that are no article


@pytest.mark.parametrize(
    "reply",
    [
        refuse(400, "Filtered.", "content_filter"),
        refuse(400, "Filtered.", "content_policy_violation"),
        say(None, refusal="I'd rather not."),
        say("Half of", finish_reason="content_filter"),
        say("I’m sorry, but I can’t help with that."),
    ],
)
def test_a_refused_prompt_is_a_refused_answer_and_the_others_go_on(
    path: Path, reply: Reply
) -> None:
    def script(call: Call) -> Reply:
        return reply if call.prompt == PROMPTS[3] else echo(call)

    with ChatServer(script) as server:
        answers = ask(PROMPTS, params(server), path, "test")
        problems = [answer.find_problem() for answer in answers]
        assert problems == [None] * 3 + ["refused"] + [None] * 8
        assert ask(PROMPTS, params(server), path, "test") == answers
        assert len(server.calls) == len(PROMPTS)


def test_the_words_of_a_refusal_are_kept(path: Path) -> None:
    replies = in_turn(say(None, refusal="I'd rather not."), refuse(400, "Filtered.", REFUSED))
    with ChatServer(replies) as server:
        answers = ask(["a", "b"], params(server, concurrency=1), path, "test")
    assert [answer.refusal for answer in answers] == ["I'd rather not.", "Filtered."]


@pytest.mark.parametrize(
    ("reply", "problem"),
    [(say("Half of", finish_reason="length"), "cut_off"), (say(""), "empty"), (say(None), "empty")],
)
def test_an_answer_that_was_paid_for_is_kept_and_flagged(
    path: Path, reply: Reply, problem: str
) -> None:
    with ChatServer(in_turn(reply)) as server:
        (answer,) = ask(["a"], params(server), path, "test")
        assert answer.find_problem() == problem
        assert answer.completion_tokens == 7
        assert ask(["a"], params(server), path, "test") == [answer]
        assert len(server.calls) == 1


def test_half_of_a_character_does_not_cost_the_answer(path: Path) -> None:
    with ChatServer(in_turn(say("It rained \ud83d"))) as server:
        (answer,) = ask(["a"], params(server), path, "test")
    assert answer.text == "It rained ?"


# The key


def test_an_absent_variable_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with ChatServer() as server:
        with pytest.raises(MissingKeyError, match=VARIABLE):
            ask(["a"], params(server, api_key_env=VARIABLE), path, "test")
        assert server.connections == 0


def test_an_empty_variable_counts_as_absent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, " \n")
    with ChatServer() as server, pytest.raises(MissingKeyError, match=VARIABLE):
        ask(["a"], params(server, api_key_env=VARIABLE), path, "test")


def test_what_is_in_the_ledger_needs_no_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    with ChatServer() as server:
        first = ask(["a"], params(server, api_key_env=VARIABLE), path, "test")
        monkeypatch.delenv(VARIABLE)
        assert ask(["a"], params(server, api_key_env=VARIABLE), path, "test") == first


def test_the_key_is_sent_as_bearer_and_kept_nowhere(
    path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, f"{KEY}\n")
    with ChatServer() as server:
        ask(PROMPTS, params(server, api_key_env=VARIABLE), path, "test")
        assert {call.headers["authorization"] for call in server.calls} == {f"Bearer {KEY}"}
        files = list(path.parent.iterdir())
        assert len(files) > 1
        assert not [file for file in files if KEY.encode() in file.read_bytes()]
    assert KEY not in "".join(capfd.readouterr())


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY"])
def test_a_key_that_was_not_asked_for_is_not_sent(
    path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, KEY)
    with ChatServer() as server:
        ask(["a"], params(server), path, "test")
        assert KEY not in str(server.calls)


@pytest.mark.parametrize("key", [f"{KEY}\n{KEY}", f"{KEY} x", f"{KEY}é", f"{KEY}\0"[:-1] + "\x7f"])
def test_a_key_that_cannot_be_sent_is_named_and_not_shown(
    path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(VARIABLE, key)
    with ChatServer() as server:
        with pytest.raises(MissingKeyError, match=VARIABLE) as caught:
            ask(["a"], params(server, api_key_env=VARIABLE), path, "test")
        assert server.connections == 0
    assert KEY not in str(caught.value)


# The embedded teacher


def test_the_embedded_teacher_answers_through_the_same_client(path: Path) -> None:
    teacher = params("embedded", model="embedded-rules")
    (answer,) = ask(["Write an article: 'A bridge fell in Oakport .'"], teacher, path, "test")
    assert "Oakport" in answer.text
    assert answer.model.startswith("embedded-rules-")
    assert answer.prompt_tokens > 0


def test_a_proxy_in_the_environment_does_not_hide_the_embedded_teacher(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert os.environ["HTTP_PROXY"]
    (answer,) = ask(["Rain fell ."], params("embedded", model="embedded-rules"), path, "test")
    assert answer.text
