"""What the client makes of unusual answers, and where the key goes."""

from pathlib import Path

import pytest

from tests.doubles.teacher import Call, ChatServer, Reply, echo, in_turn, refuse, say
from tests.teacher.asking import ask
from tests.teacher.test_client import KEY, PROMPTS, VARIABLE, closed_port, params
from understudy.teacher.errors import MissingKeyError

# Answers that are no article


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (refuse(400, "Filtered.", "content_filter"), "Filtered."),
        (refuse(400, "Filtered.", "content_policy_violation"), "Filtered."),
        (say(None, refusal="I'd rather not."), "I'd rather not."),
        (say("Half of", finish_reason="content_filter"), ""),
        (say("I’m sorry, but I can’t help with that."), ""),
    ],
)
def test_a_refused_prompt_is_a_refused_answer_and_the_others_go_on(
    path: Path, reply: Reply, said: str
) -> None:
    def script(call: Call) -> Reply:
        return reply if call.prompt == PROMPTS[3] else echo(call)

    with ChatServer(script) as server:
        answers = ask(PROMPTS, params(server), path)
        problems = [answer.find_problem() for answer in answers]
        assert problems == [None] * 3 + ["refused"] + [None] * 8
        assert answers[3].refusal == said
        assert ask(PROMPTS, params(server), path) == answers
        assert len(server.calls) == len(PROMPTS)


@pytest.mark.parametrize(
    ("reply", "text", "problem"),
    [
        (say("Half of", finish_reason="length"), "Half of", "cut_off"),
        (say(""), "", "empty"),
        (say(None), "", "empty"),
        (say("It rained \ud83d"), "It rained ?", None),
    ],
)
def test_an_answer_that_was_paid_for_is_kept_and_flagged(
    path: Path, reply: Reply, text: str, problem: str | None
) -> None:
    with ChatServer(in_turn(reply)) as server:
        (answer,) = ask(["a"], params(server), path)
        assert (answer.text, answer.find_problem(), answer.completion_tokens) == (text, problem, 7)
        assert ask(["a"], params(server), path) == [answer]
        assert len(server.calls) == 1


# The key


def test_what_is_in_the_ledger_needs_no_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    with ChatServer() as server:
        first = ask(["a"], params(server, api_key_env=VARIABLE), path)
        monkeypatch.delenv(VARIABLE)
        assert ask(["a"], params(server, api_key_env=VARIABLE), path) == first


def test_the_key_is_sent_as_bearer_and_kept_nowhere(
    path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, f"{KEY}\n")
    with ChatServer() as server:
        ask(PROMPTS, params(server, api_key_env=VARIABLE), path)
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
        ask(["a"], params(server), path)
        assert KEY not in str(server.calls)


@pytest.mark.parametrize("key", [" \n", f"{KEY}\n{KEY}", f"{KEY} x", f"{KEY}é", f"{KEY}\x7f", None])
def test_a_key_that_is_absent_or_cannot_be_sent_is_named_and_not_shown(
    path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.setenv(VARIABLE, key or "")
    if key is None:
        monkeypatch.delenv(VARIABLE)
    with ChatServer() as server:
        with pytest.raises(MissingKeyError, match=VARIABLE) as caught:
            ask(["a"], params(server, api_key_env=VARIABLE), path)
        assert server.connections == 0
    assert KEY not in str(caught.value)


def test_the_embedded_teacher_answers_through_the_same_client_and_no_proxy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    teacher = params("embedded", model="embedded-rules")
    (answer,) = ask(["Write an article: 'A bridge fell in Oakport .'"], teacher, path)
    assert "Oakport" in answer.text
    assert answer.model.startswith("embedded-rules-")
    assert answer.prompt_tokens > 0
