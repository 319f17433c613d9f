"""What the ledger books against what the server bills, over every way in which calls end."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.faults import UNBILLED, UNKNOWN, AtFirst
from tests.doubles.teacher import PATIENCE, ChatServer, Hold, Reply, echo, in_turn, refuse, settings
from tests.teacher.asking import ask, kill, prompts, questions, requests, start
from tests.teacher.test_client import closed_port
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.client import survey_answers
from understudy.teacher.endpoint import open_endpoint
from understudy.teacher.errors import ComeBackError, TeacherError
from understudy.teacher.ledger import Ledger
from understudy.teacher.retries import RetryableError

COUNT = 8
PRICES = {"input": 1000.0, "cached_input": 1000.0, "output": 4000.0, "batch_factor": 0.5}


def changed(url: str, **changes: Any) -> dict[str, Any]:
    usual = {"prices": PRICES, "request": {"max_completion_tokens": 50}, "timeout_seconds": 1.0}
    return settings(url, **{**usual, **changes})


def book(path: Path, url: str) -> tuple[float, int]:
    """US dollars that the ledger books, and the attempts of unknown outcome in them."""
    teacher = TeacherParams(**changed(url))
    with Ledger(path) as ledger:
        unknown = sum(ledger.unanswered(one.key) for one in requests(prompts(COUNT), teacher))
        return survey_answers(questions(prompts(COUNT)), teacher, ledger).spent, unknown


def bill(server: ChatServer) -> float:
    """US dollars that the server would bill."""
    tokens = Counter[str]()
    for usage in server.usage:
        tokens.update({name: usage[f"{name}_tokens"] for name in ("prompt", "completion")})
    return (tokens["prompt"] * PRICES["input"] + tokens["completion"] * PRICES["output"]) / 1e6


def check_exact(path: Path, server: ChatServer) -> None:
    """What is booked is what is billed, and nothing is unknown."""
    booked, unknown = book(path, server.url)
    assert booked == pytest.approx(bill(server))
    assert unknown == 0


def worst(url: str) -> float:
    """US dollars of one call at most; all prompts are equally long."""
    return requests(prompts(COUNT), TeacherParams(**changed(url)))[0].worst_usd


@pytest.mark.parametrize("wait", [0.0, 20.0])
@pytest.mark.parametrize("name", UNBILLED)
def test_a_refused_attempt_is_booked_at_nothing(path: Path, name: str, wait: float) -> None:
    with ChatServer(AtFirst(UNBILLED[name], times=3)) as server:
        teacher = changed(server.url, max_retries=1, max_failed=1.0, wait_seconds=wait)
        for _ in range(3):  # the first run may give its rows up, the second has them answered
            ask(prompts(COUNT), TeacherParams(**teacher), path)
        check_exact(path, server)
        assert Counter(call.prompt for call in server.paid) == Counter(prompts(COUNT))


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_attempt_of_unknown_end_stays_booked_at_its_worst(path: Path, name: str) -> None:
    with ChatServer(AtFirst(UNKNOWN[name], times=1)) as server:
        teacher = TeacherParams(**changed(server.url, max_retries=2))
        for _ in range(2):
            ask(prompts(COUNT), teacher, path)
        booked, unknown = book(path, server.url)
        answers = bill(server) * COUNT / len(server.paid)
        assert unknown == COUNT
        assert booked == pytest.approx(answers + COUNT * worst(server.url))
        assert booked >= bill(server)


def attempt(url: str) -> RetryableError:
    """How one call ends."""
    teacher = TeacherParams(**changed(url))

    async def main() -> None:
        async with open_endpoint(teacher) as endpoint:
            await endpoint.complete(requests(["a"], teacher)[0])

    with pytest.raises(RetryableError) as caught:
        asyncio.run(main())
    return caught.value


def test_only_a_connection_that_was_never_made_is_surely_not_billed() -> None:
    for url in (f"http://127.0.0.1:{closed_port()}/v1", "http://no-such-host.invalid/v1"):
        assert not attempt(url).maybe_billed
        assert attempt(url).away == "surely"
    for reply in (Reply(disconnect=True), Reply(broken=True, body=b"{}" * 9), Reply(hang=True)):
        with ChatServer(in_turn(reply)) as server:
            error = attempt(server.url)
        assert error.maybe_billed
        assert error.away == "no"


def test_what_is_no_http_is_one_line_and_may_have_been_billed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"hello\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        error = attempt(f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
        thread.join()
    assert error.maybe_billed
    assert error.reason.startswith("not a readable answer: 400")
    assert "\n" not in error.reason


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_during_a_pause_leaves_nothing_booked(path: Path, number: signal.Signals) -> None:
    slow = refuse(429, "Slow down.", retry_after="50")
    with ChatServer(in_turn(echo, slow)) as server:
        process = start(COUNT, path, changed(server.url, max_retries=5, concurrency=1))
        give_up = time.monotonic() + PATIENCE
        while not (path.exists() and b'"kind":"unbilled"' in path.read_bytes()):
            assert time.monotonic() < give_up
        assert process.pid is not None
        os.kill(process.pid, number)
        process.join(PATIENCE)
        assert process.exitcode not in (None, 0)
        check_exact(path, server)
        assert len(server.paid) == 1


def test_a_cap_that_stops_a_run_after_refusals_leaves_nothing_booked(path: Path) -> None:
    with ChatServer(AtFirst(UNBILLED["429"], times=2)) as server:
        cap = 1.5 * worst(server.url)
        teacher = TeacherParams(**changed(server.url, max_retries=5, max_cost_usd=cap))
        for _ in range(2):
            with pytest.raises(TeacherError, match="max_cost_usd"):
                ask(prompts(COUNT), teacher, path)
        assert server.paid
        check_exact(path, server)


def test_a_killed_run_books_what_was_in_flight_at_its_worst(path: Path) -> None:
    hold = Hold(after=3)
    with ChatServer(hold) as server:
        process = start(COUNT, path, changed(server.url, timeout_seconds=30.0))
        hold.wait(4)
        kill(process)
        booked, unknown = book(path, server.url)
        assert unknown == 4
        assert booked == pytest.approx(bill(server) + unknown * worst(server.url))
        hold.release()
        server.script = echo
        ask(prompts(COUNT), TeacherParams(**changed(server.url)), path)
        assert book(path, server.url)[1] == 4  # a later answer settles none of them
        assert book(path, server.url)[0] >= bill(server)


def test_a_wait_of_hours_is_said_at_once_and_books_nothing(path: Path) -> None:
    daily = refuse(429, "Limit 500000. Please try again in 7h12m.", retry_after="25920")
    with ChatServer(Hold(after=3, script=echo)) as server:
        server.script = lambda call: echo(call) if call.number <= 3 else daily
        with pytest.raises(ComeBackError) as caught:
            ask(prompts(COUNT), TeacherParams(**changed(server.url, max_retries=6)), path)
        check_exact(path, server)
        assert len(server.calls) <= 3 + 4
    assert "Please try again in 7h12m.; the endpoint asks to wait until " in str(caught.value)
    assert "type `dvc repro` then (3 of 8 answers are kept, 5 are left" in str(caught.value)
    assert "\n" not in str(caught.value)
