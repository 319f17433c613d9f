"""Asking: what is sent and what is kept; see test_client_failures.py for endpoints that fail."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import (
    PATIENCE,
    Call,
    ChatServer,
    Hold,
    Reply,
    echo,
    in_turn,
    say,
    settings,
)
from tests.teacher.asking import ask, echoed, keys, kill, prompts, start, texts
from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.errors import MissingAnswerError, TeacherError
from understudy.teacher.ledger import Ledger

PROMPTS = prompts(12)
VARIABLE, KEY = "TEST_TEACHER_KEY", "sk-test-0123456789abcdef"
REFUSED = "content_filter"


def params(server: ChatServer | str, **changes: Any) -> TeacherParams:
    url = server if isinstance(server, str) else server.url
    return TeacherParams(**settings(url, **changes))


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# What is asked, and what is not asked again


def test_answers_come_in_the_order_of_the_prompts(path: Path) -> None:
    first_is_last = threading.Event()

    def script(call: Call) -> Reply:
        if call.prompt == PROMPTS[0]:
            assert first_is_last.wait(PATIENCE)
        elif call.prompt == PROMPTS[-1]:
            first_is_last.set()
        return echo(call)

    with ChatServer(script) as server:
        assert texts(ask(PROMPTS, params(server), path, "test")) == echoed(PROMPTS)


def test_equal_prompts_are_asked_once(path: Path) -> None:
    with ChatServer() as server:
        answers = ask(["a", "b", "a", "a"], params(server), path, "test")
        assert texts(answers) == echoed(["a", "b", "a", "a"])
        assert sorted(server.prompts) == ["a", "b"]


def test_no_prompts_make_no_connection(path: Path) -> None:
    with ChatServer() as server:
        assert ask([], params(server), path, "test") == []
        assert server.connections == 0


def test_a_second_ask_opens_no_connection(path: Path) -> None:
    with ChatServer() as server:
        first = ask(PROMPTS, params(server), path, "test")
        connections = server.connections
        assert connections > 0
        assert ask(PROMPTS, params(server), path, "test") == first
        assert (len(server.calls), server.connections) == (len(PROMPTS), connections)


def test_more_prompts_ask_only_for_the_new_ones(path: Path) -> None:
    with ChatServer() as server:
        ask(PROMPTS[:5], params(server), path, "test")
        assert texts(ask(PROMPTS, params(server), path, "test")) == echoed(PROMPTS)
        assert sorted(server.prompts) == sorted(PROMPTS)


@pytest.mark.parametrize("change", [{"request": {"temperature": 0.5}}, {"model": "other"}])
def test_another_request_or_model_asks_again_and_changing_back_does_not(
    path: Path, change: dict[str, Any]
) -> None:
    with ChatServer() as server:
        server.models = None
        for changes, calls in (({}, 2), (change, 4), ({}, 4), (change, 4)):
            ask(["a", "b"], params(server, **changes), path, "test")
            assert len(server.calls) == calls


def test_another_address_asks_again_and_changing_back_does_not(path: Path) -> None:
    with ChatServer() as one, ChatServer() as other:
        for server in (one, other, one, other):
            ask(["a", "b"], params(server), path, "test")
        assert (len(one.calls), len(other.calls)) == (2, 2)


def test_a_slash_at_the_end_makes_no_other_address(path: Path) -> None:
    with ChatServer() as server:
        ask(["a"], params(server.url), path, "test")
        ask(["a"], params(server.url + "/"), path, "test")
        assert [call.path for call in server.calls] == ["/v1/chat/completions"]


@pytest.mark.parametrize(
    "change", [{"concurrency": 1}, {"timeout_seconds": 9.0}, {"max_retries": 3}]
)
def test_pace_and_patience_ask_nothing_again(path: Path, change: dict[str, Any]) -> None:
    with ChatServer() as server:
        ask(["a"], params(server), path, "test")
        ask(["a"], params(server, **change), path, "test")
        assert len(server.calls) == 1


def test_the_request_is_sent_as_it_is(path: Path) -> None:
    request = {"temperature": 0, "max_completion_tokens": 9, "top_k": 40, "of_my_server": {"a": 1}}
    with ChatServer() as server:
        ask(["Zürich"], params(server, request=request), path, "test")
        (call,) = server.calls
    messages = [{"role": "user", "content": "Zürich"}]
    assert call.body == {"model": "double", "messages": messages, **request}


def test_an_answer_tells_model_and_tokens(path: Path) -> None:
    details = {"cached_tokens": 5}
    usage = {"prompt_tokens": 20, "completion_tokens": 3, "prompt_tokens_details": details}
    with ChatServer(in_turn(say("x", usage=usage, model="double-7"))) as server:
        (answer,) = ask(["a"], params(server), path, "test")
    expected = Answer(answer.request, "x", "stop", "", "double-7", 20, 5, 3, seconds=answer.seconds)
    assert answer == expected


@pytest.mark.parametrize("usage", [None, {}])
def test_an_endpoint_that_counts_no_tokens_counts_as_zero(path: Path, usage: Any) -> None:
    with ChatServer(in_turn(say("x", usage=usage))) as server:
        (answer,) = ask(["a"], params(server), path, "test")
    assert (answer.prompt_tokens, answer.cached_tokens, answer.completion_tokens) == (0, 0, 0)


# Several at a time


@pytest.mark.parametrize("concurrency", [1, 3])
def test_as_many_calls_are_in_flight_as_the_setting_says_and_no_more(
    path: Path, concurrency: int
) -> None:
    full, one_more = threading.Barrier(concurrency), threading.Event()

    def script(call: Call) -> Reply:
        if call.number > concurrency:
            one_more.set()
        else:
            full.wait(PATIENCE)  # nobody is answered before all are in flight,
            one_more.wait(0.3)  # nor before a call too many had its time to come
        return echo(call)

    with ChatServer(script) as server:
        ask(PROMPTS, params(server, concurrency=concurrency), path, "test")
        assert server.most_in_flight == concurrency


def test_a_concurrency_of_one_asks_one_after_another(path: Path) -> None:
    with ChatServer() as server:
        ask(PROMPTS, params(server, concurrency=1), path, "test")
        assert server.prompts == PROMPTS


# What survives


def test_answers_of_a_run_that_was_killed_are_not_asked_again(path: Path) -> None:
    with killed_run(path) as (server, teacher, held):
        asked = set(server.prompts) - set(held)
        server.calls.clear()
        answers = ask(PROMPTS, teacher, path, "test")
        assert texts(answers) == echoed(PROMPTS)
        assert sorted(server.prompts) == sorted(set(PROMPTS) - asked)


def test_calls_of_a_killed_run_that_nobody_heard_of_again_stay_known(path: Path) -> None:
    with killed_run(path) as (_, teacher, held):
        names = keys(PROMPTS, teacher)

        def unanswered() -> list[str]:
            with Ledger(path) as ledger:
                counts = {p: ledger.unanswered(k) for p, k in zip(PROMPTS, names, strict=True)}
            assert set(counts.values()) == {0, 1}
            return [prompt for prompt, count in counts.items() if count]

        assert unanswered() == sorted(held)
        ask(PROMPTS, teacher, path, "test")
        assert unanswered() == sorted(held)


@contextmanager
def killed_run(path: Path) -> Iterator[tuple[ChatServer, TeacherParams, list[str]]]:
    """The server, which echoes on, the params, and what was in flight when the run was killed."""
    hold = Hold(after=5)
    with ChatServer(hold) as server:
        teacher = settings(server.url, concurrency=2)
        process = start(len(PROMPTS), path, teacher)
        hold.wait(2)  # all that may be in flight is, so the five before are kept
        kill(process)
        held = server.prompts[5:]
        server.script = echo
        hold.release()
        yield server, TeacherParams(**teacher), held


def test_a_ledger_that_cannot_be_used_stops_before_any_call(tmp_path: Path) -> None:
    with ChatServer() as server:
        with pytest.raises(TeacherError, match="not a usable ledger"):
            ask(PROMPTS, params(server), tmp_path, "test")
        assert server.connections == 0


def test_replay_answers_without_a_connection(path: Path) -> None:
    with ChatServer() as server:
        first = ask(PROMPTS, params(server), path, "test")
        connections = server.connections
        assert ask(PROMPTS[::-1], params(server, mode="replay"), path, "test") == first[::-1]
        assert server.connections == connections


def test_replay_names_how_many_answers_are_missing_and_opens_no_connection(path: Path) -> None:
    with ChatServer() as server:
        ask(PROMPTS[:5], params(server), path, "test")
        connections = server.connections
        with pytest.raises(MissingAnswerError, match="7 of 12 answers for zeroshot") as caught:
            ask(PROMPTS, params(server, mode="replay"), path, "zeroshot")
        assert str(path) in str(caught.value)
        assert (len(server.calls), server.connections) == (5, connections)
