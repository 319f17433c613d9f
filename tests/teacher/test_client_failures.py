"""Asking: what an endpoint's failures come to, and what stops a run."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.faults import Faulty
from tests.doubles.limits import SlidingLimit
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
from understudy.teacher.retries import backoff
from understudy.teacher.waits import read_pause

PAUSE = 0.7
"""Seconds that are more than a first retry waits of itself."""


def failure(
    script: Script, path: Path, prompts: list[str] | None = None, **changes: Any
) -> tuple[str, int]:
    """What ask() raises, checked to be one line, and the number of calls it took."""
    with ChatServer(script) as server:
        with pytest.raises((EndpointError, FailedCallsError)) as caught:
            ask(prompts or PROMPTS, params(server, **changes), path, "test")
        assert "\n" not in str(caught.value)
        return str(caught.value), len(server.calls)


def fail_for(*prompts: str, reply: Reply) -> Script:
    """Answers these prompts with that reply, and echoes the others."""

    def script(call: Call) -> Reply:
        return reply if call.prompt in prompts else echo(call)

    return script


OOPS = refuse(500, "Oops.", retry_after_ms="1")


# What stops a run


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (refuse(401, "Bad key."), "the endpoint refuses the API key (HTTP 401): Bad key."),
        (refuse(403, "Not here."), "the endpoint refuses the API key (HTTP 403): Not here."),
        (refuse(404, "No such model.", "model_not_found"), "teacher.model = double: "),
        (refuse(400, "Bad\n temperature."), "teacher.request (HTTP 400): Bad temperature."),
        (refuse(422, "Unknown field."), "teacher.request (HTTP 422): Unknown field."),
        (refuse(429, "Pay.", "insufficient_quota"), "no credit left (insufficient_quota): Pay."),
        (
            refuse(429, "Slow.", retry_after_ms="1"),
            "for good, more than teacher.max_failed = 0 allows; the last one: HTTP 429: Slow.",
        ),
        (Reply(b"<html>Hi</html>", headers={"Content-Type": "text/html"}), "ends in /v1?"),
        (Reply(b"", headers={"Content-Type": "text/plain"}), "not a readable answer"),
        (Reply(b'[{"error": {"message": "at work"}}]'), "the last one: HTTP 500: at work"),
        (Reply(b'data: {"error": {"message": "at work"}}\n\n'), "HTTP 500: at work"),
        (Reply({"object": "error", "message": "at work"}), "HTTP 500: at work"),
        (Reply({"error": {"message": "at work"}}), "the last one: HTTP 500: at work"),
        (Reply(b"<html>", 502), "the last one: HTTP 502: <html>"),
    ],
)
def test_a_failure_is_one_clear_line_and_ends_after_the_open_calls(
    path: Path, reply: Reply, said: str
) -> None:
    message, calls = failure(in_turn(reply), path, concurrency=3)
    assert said in message
    assert "0 of 12 answers are kept" in message
    assert 1 <= calls <= 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_no_retry_can_mend_is_not_retried(path: Path, status: int) -> None:
    _, calls = failure(in_turn(refuse(status, "no")), path, concurrency=1, max_retries=6)
    assert calls == 1


def test_an_account_without_credit_is_not_asked_again(path: Path) -> None:
    reply = refuse(429, "Pay.", "insufficient_quota", retry_after_ms="1")
    message, calls = failure(in_turn(reply), path, concurrency=3, max_retries=6)
    assert "no credit left" in message
    assert calls <= 3


def test_an_address_where_nobody_listens_is_named(path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    with pytest.raises(EndpointError) as caught:
        ask(PROMPTS, params(url), path, "test")
    assert f"teacher.base_url = {url}/: no answer" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_answers_before_a_failure_are_kept(path: Path) -> None:
    with ChatServer(in_turn(echo, echo, echo, refuse(401, "no"))) as server:
        with pytest.raises(EndpointError, match="3 of 12 answers are kept"):
            ask(PROMPTS, params(server, concurrency=1), path, "test")
        server.script = echo
        server.calls.clear()
        ask(PROMPTS, params(server), path, "test")
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
            ask(["slow", "fails"], params(server, concurrency=2), path, "test")
        (answer,) = ask(["slow"], params(server, mode="replay"), path, "test")
    assert answer.text == "answer to slow"


# What is tried again


def test_a_server_that_keeps_failing_is_retried_as_often_as_set(path: Path) -> None:
    message, calls = failure(in_turn(OOPS), path, ["a"], max_retries=2)
    assert "the last one: HTTP 500: Oops." in message
    assert calls == 3


def test_a_rate_limit_and_a_server_error_are_retried(path: Path) -> None:
    replies = in_turn(
        refuse(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="1"),
        refuse(500, "Oops.", retry_after_ms="1"),
        echo,
    )
    with ChatServer(replies) as server:
        assert texts(ask(["a"], params(server, max_retries=2), path, "test")) == echoed(["a"])
        assert server.prompts == ["a"] * 3


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


def test_a_connection_that_is_closed_in_the_middle_is_retried(path: Path) -> None:
    broken = Reply({"choices": ["x" * 1000]}, broken=True)
    with ChatServer(in_turn(broken, echo)) as server:
        assert texts(ask(["a"], params(server, max_retries=1), path, "test")) == echoed(["a"])


def test_the_pause_that_the_endpoint_asks_for_is_kept(path: Path) -> None:
    arrived = []

    def script(call: Call) -> Reply:
        arrived.append(time.monotonic())
        pause = str(int(PAUSE * 1000))
        return refuse(429, "Slow.", retry_after_ms=pause) if call.number == 1 else echo(call)

    with ChatServer(script) as server:
        assert texts(ask(["a"], params(server, max_retries=1), path, "test")) == echoed(["a"])
    assert arrived[1] - arrived[0] >= PAUSE


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "2"}, 2),
        ({"retry-after-ms": "250", "retry-after": "2"}, 0.25),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_a_pause_is_read_from_the_usual_headers(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert read_pause(headers) == seconds


def test_pauses_grow_to_a_minute_unless_the_endpoint_asks_for_one() -> None:
    assert 0.25 <= backoff(1, None) <= 0.5 <= backoff(3, None) <= 2
    assert 30 <= backoff(99, None) <= 60
    assert 120 <= backoff(1, 120.0) <= 132


def test_calls_over_a_rate_limit_are_all_answered_in_the_end(path: Path) -> None:
    limit = SlidingLimit(echo, per_minute=4, window=0.1, headers=False)
    with ChatServer(limit) as server:
        answers = ask(PROMPTS, params(server, concurrency=8, max_retries=20), path, "test")
        assert texts(answers) == echoed(PROMPTS)
        assert (limit.allowed, len(server.paid)) == (len(PROMPTS), len(PROMPTS))


def test_a_server_that_breaks_every_call_once_is_asked_again(path: Path) -> None:
    faulty = Faulty(echo, share=1.0, kinds=("429", "html", "disconnect"), most_per_prompt=1)
    with ChatServer(faulty) as server:
        answers = ask(PROMPTS, params(server, max_retries=1), path, "test")
        assert texts(answers) == echoed(PROMPTS)
        assert faulty.faults.total() == len(PROMPTS)
        assert len(server.paid) == len(PROMPTS)
