"""Asking: what an endpoint's failures come to, and what stops a run."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import (
    PATIENCE,
    Call,
    ChatServer,
    Hold,
    Reply,
    Script,
    echo,
    in_turn,
    refuse,
)
from tests.teacher.asking import ask, echoed, texts
from tests.teacher.test_client import PROMPTS, closed_port, params
from understudy.teacher.errors import EndpointError, FailedCallsError

PAUSE = 0.7
"""Seconds that are more than a first retry waits of itself."""


def failure(
    script: Script, path: Path, prompts: list[str] | None = None, **changes: Any
) -> tuple[str, int]:
    """What ask() raises, checked to be one line, and the number of calls it took."""
    with ChatServer(script) as server:
        with pytest.raises((EndpointError, FailedCallsError)) as caught:
            ask(prompts or PROMPTS, params(server, **changes), path)
        assert "\n" not in str(caught.value)
        return str(caught.value), len(server.calls)


def fail_for(*prompts: str, reply: Reply) -> Script:
    """Answers these prompts with that reply, and echoes the others."""

    def script(call: Call) -> Reply:
        return reply if call.prompt in prompts else echo(call)

    return script


OOPS = refuse(500, "Oops.", retry_after_ms="1")


# What stops a run


HOPELESS = [
    (refuse(401, "Bad key."), "the endpoint refuses the API key (HTTP 401): Bad key."),
    (refuse(403, "Not here."), "the endpoint refuses the API key (HTTP 403): Not here."),
    (refuse(404, "No such model.", "model_not_found"), "teacher.model = double: "),
    (refuse(400, "Bad\n temperature."), "teacher.request (HTTP 400): Bad temperature."),
    (refuse(422, "Unknown field."), "teacher.request (HTTP 422): Unknown field."),
    (refuse(429, "Pay.", "insufficient_quota", retry_after_ms="1"), "no credit left (insuffici"),
]
SLOW = refuse(429, "Slow.", retry_after_ms="1")
GOOD_FOR_ANOTHER_TRY = [
    (Reply(b"<html>Hi</html>", headers={"Content-Type": "text/html"}), "ends in /v1?"),
    (SLOW, "for good, more than teacher.max_failed = 0 allows; the last one: HTTP 429: Slow."),
    (Reply(b"", headers={"Content-Type": "text/plain"}), "not a readable answer"),
    (Reply(b'[{"error": {"message": "at work"}}]'), "the last one: HTTP 500: at work"),
    (Reply(b'data: {"error": {"message": "at work"}}\n\n'), "HTTP 500: at work"),
    (Reply({"object": "error", "message": "at work"}), "HTTP 500: at work"),
    (Reply({"error": {"message": "at work"}}), "the last one: HTTP 500: at work"),
    (Reply(b"<html>", 502), "the last one: HTTP 502: <html>"),
]


@pytest.mark.parametrize(("reply", "said"), GOOD_FOR_ANOTHER_TRY)
def test_a_failure_is_one_clear_line_and_ends_after_the_open_calls(
    path: Path, reply: Reply, said: str
) -> None:
    message, calls = failure(in_turn(reply), path, concurrency=3)
    assert said in message
    assert "0 of 12 answers are kept" in message
    assert 1 <= calls <= 3


@pytest.mark.parametrize(("reply", "said"), HOPELESS)
def test_what_no_retry_can_mend_is_one_clear_line_and_not_retried(
    path: Path, reply: Reply, said: str
) -> None:
    message, calls = failure(in_turn(reply), path, concurrency=1, max_retries=6)
    assert said in message
    assert "0 of 12 answers are kept" in message
    assert calls == 1


def test_an_address_where_nobody_listens_is_named(path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    with pytest.raises(EndpointError) as caught:
        ask(PROMPTS, params(url), path)
    assert f"teacher.base_url = {url}/: no answer" in str(caught.value)
    assert "check the address" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_answers_before_a_failure_are_kept(path: Path) -> None:
    with ChatServer(in_turn(echo, echo, echo, refuse(401, "no"))) as server:
        with pytest.raises(EndpointError, match="3 of 12 answers are kept"):
            ask(PROMPTS, params(server, concurrency=1), path)
        server.script = echo
        server.calls.clear()
        ask(PROMPTS, params(server), path)
        assert sorted(server.prompts) == sorted(PROMPTS[3:])


def test_an_answer_in_flight_during_a_failure_is_kept(path: Path) -> None:
    failed = threading.Event()

    def script(call: Call) -> Reply:
        if call.prompt == "fails":
            failed.set()
            return refuse(401, "no")
        assert failed.wait(PATIENCE)
        return echo(call)

    with ChatServer(script) as server:
        with pytest.raises(EndpointError):
            ask(["slow", "fails"], params(server, concurrency=2), path)
        (answer,) = ask(["slow"], params(server, mode="replay"), path)
    assert answer.text == "answer to slow"


# What is tried again


def test_a_server_that_keeps_failing_is_retried_as_often_as_set(path: Path) -> None:
    message, calls = failure(in_turn(OOPS), path, ["a"], max_retries=2)
    assert "the last one: HTTP 500: Oops." in message
    assert calls == 3


def test_an_answer_that_takes_too_long_is_named(path: Path) -> None:
    hold = Hold(after=0)
    message, calls = failure(hold, path, ["a"], timeout_seconds=0.2)
    assert "no answer within 0.2 seconds" in message
    assert calls == 1


def test_a_connection_that_is_closed_in_the_middle_is_named(path: Path) -> None:
    broken = Reply({"choices": ["x" * 1000]}, broken=True)
    message, calls = failure(in_turn(broken), path, ["a"])
    assert "no answer (ReadError" in message
    assert calls == 1


def test_the_pause_that_the_endpoint_asks_for_is_kept(path: Path) -> None:
    arrived = []

    def script(call: Call) -> Reply:
        arrived.append(time.monotonic())
        pause = str(int(PAUSE * 1000))
        return refuse(429, "Slow.", retry_after_ms=pause) if call.number == 1 else echo(call)

    with ChatServer(script) as server:
        assert texts(ask(["a"], params(server, max_retries=1), path)) == echoed(["a"])
    assert arrived[1] - arrived[0] >= PAUSE
