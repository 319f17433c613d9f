"""Asking: what is sent and what is kept; see test_client_failures.py for endpoints that fail."""

import socket
import threading
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
    settings,
)
from tests.teacher.asking import ask, echoed, keys, kill, prompts, start, texts
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
        assert texts(ask(PROMPTS, params(server), path)) == echoed(PROMPTS)


def test_equal_prompts_are_asked_once(path: Path) -> None:
    with ChatServer() as server:
        answers = ask(["a", "b", "a", "a"], params(server), path)
        assert texts(answers) == echoed(["a", "b", "a", "a"])
        assert sorted(server.prompts) == ["a", "b"]


def test_nothing_to_ask_and_no_ledger_to_use_make_no_connection(path: Path, tmp_path: Path) -> None:
    with ChatServer() as server:
        assert ask([], params(server), path) == []
        with pytest.raises(TeacherError, match="not a usable ledger"):
            ask(PROMPTS, params(server), tmp_path)
        assert server.connections == 0


@pytest.mark.parametrize("mode", ["live", "replay"])
def test_a_second_ask_opens_no_connection(path: Path, mode: str) -> None:
    with ChatServer() as server:
        first = ask(PROMPTS, params(server), path)
        connections = server.connections
        assert connections > 0
        assert ask(PROMPTS[::-1], params(server, mode=mode), path) == first[::-1]
        assert (len(server.calls), server.connections) == (len(PROMPTS), connections)


def test_more_prompts_ask_only_for_the_new_ones_and_replay_for_none(path: Path) -> None:
    with ChatServer() as server:
        ask(PROMPTS[:5], params(server), path)
        connections = server.connections
        with pytest.raises(MissingAnswerError, match="7 of 12 answers for zeroshot") as caught:
            ask(PROMPTS, params(server, mode="replay"), path, "zeroshot")
        assert str(path) in str(caught.value)
        assert (len(server.calls), server.connections) == (5, connections)
        assert texts(ask(PROMPTS, params(server), path)) == echoed(PROMPTS)
        assert sorted(server.prompts) == sorted(PROMPTS)


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"request": {"temperature": 0.5}}, 2),
        ({"model": "other"}, 2),
        ({"concurrency": 1}, 0),
        ({"timeout_seconds": 9.0}, 0),
        ({"max_retries": 3}, 0),
    ],
)
def test_another_request_or_model_asks_again_and_changing_back_or_the_pace_does_not(
    path: Path, change: dict[str, Any], again: int
) -> None:
    with ChatServer() as server:
        server.models = None
        for changes, calls in (({}, 2), (change, 2 + again), ({}, 2 + again), (change, 2 + again)):
            ask(["a", "b"], params(server, **changes), path)
            assert len(server.calls) == calls


def test_another_address_asks_again_and_changing_back_or_a_slash_does_not(path: Path) -> None:
    with ChatServer() as one, ChatServer() as other:
        for url in (one.url, other.url, f"{one.url}/", f"{other.url}/"):
            ask(["a", "b"], params(url), path)
        assert [call.path for call in one.calls + other.calls] == ["/v1/chat/completions"] * 4
        assert len(one.calls) == 2


def test_the_request_is_sent_as_it_is(path: Path) -> None:
    request = {"temperature": 0, "max_completion_tokens": 9, "top_k": 40, "of_my_server": {"a": 1}}
    with ChatServer() as server:
        ask(["Zürich"], params(server, request=request), path)
        (call,) = server.calls
    messages = [{"role": "user", "content": "Zürich"}]
    assert call.body == {"model": "double", "messages": messages, **request}


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
        ask(PROMPTS, params(server, concurrency=concurrency), path)
        assert server.most_in_flight == concurrency
        assert concurrency > 1 or server.prompts == PROMPTS  # one after another


# What survives


def test_a_killed_run_is_asked_for_the_rest_and_what_was_in_flight_stays_known(path: Path) -> None:
    hold = Hold(after=5)
    with ChatServer(hold) as server:
        given = settings(server.url, concurrency=2)
        process = start(len(PROMPTS), path, given)
        hold.wait(2)  # all that may be in flight is, so the five before are kept
        kill(process)
        held, teacher = server.prompts[5:], TeacherParams(**given)

        def unanswered() -> list[str]:
            with Ledger(path) as ledger:
                counts = [ledger.unanswered(key) for key in keys(PROMPTS, teacher)]
            assert set(counts) == {0, 1}
            return [prompt for prompt, count in zip(PROMPTS, counts, strict=True) if count]

        assert unanswered() == sorted(held)
        asked = set(server.prompts) - set(held)
        server.calls.clear()
        server.script = echo
        hold.release()
        assert texts(ask(PROMPTS, teacher, path)) == echoed(PROMPTS)
        assert sorted(server.prompts) == sorted(set(PROMPTS) - asked)
        assert unanswered() == sorted(held)
