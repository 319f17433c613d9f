"""Asking in batches: what it may cost, several stages at once, and how it stops and goes on."""

import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import Reply, refuse, say
from tests.teacher.asking import ask, echoed, keys, prompts, requests, texts
from tests.teacher.batching import (
    CREATE,
    DOWNLOAD,
    LIST,
    POLL,
    PRICES,
    UPLOAD,
    Fault,
    FaultyServer,
    billed,
    interrupt_at_first_poll,
    leave_open,
    params,
    still_open,
)
from understudy.teacher import batch_api
from understudy.teacher.chunks import Chunk
from understudy.teacher.errors import BudgetError, EndpointError, StoppedError
from understudy.teacher.ledger import Ledger
from understudy.teacher.lines import sent
from understudy.teacher.requests import teacher_identity
from understudy.tools.ledger import main

pytestmark = pytest.mark.usefixtures("impatient")


# Money


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_sum_billed_never_exceeds_the_cap_and_comes_close_in_rounds(
    server: FaultyServer, path: Path, seed: int
) -> None:
    cap = 0.02

    def script(prompt: str) -> Reply:
        output = random.Random(f"{seed} {prompt}").randint(1, 50)
        return say("x", usage={"prompt_tokens": 20, "completion_tokens": output})

    server.line_script = script
    teacher = params(
        server, prices=PRICES, max_cost_usd=cap, request={"max_completion_tokens": 100}
    )
    for _ in range(2):
        with pytest.raises(BudgetError, match=r"max_cost_usd = 0\.02"):
            ask(prompts(1000), teacher, path)
    assert server.submitted > 2
    assert 0.9 * cap <= billed(server) <= cap


@pytest.mark.parametrize("at", ["GET", "content"])
def test_the_cap_holds_over_runs_that_are_interrupted_while_they_wait_and_collect(
    server: FaultyServer, path: Path, at: str
) -> None:
    cap = 0.02
    server.line_script = lambda _: say("x", usage={"prompt_tokens": 20, "completion_tokens": 90})
    teacher = params(
        server, requests=40, prices=PRICES, max_cost_usd=cap, request={"max_completion_tokens": 100}
    )
    for _ in range(5):

        def hook(method: str, path: str) -> None:
            if at in f"{method} {path}":
                server.before = None
                os.kill(os.getpid(), signal.SIGINT)

        server.before = hook
        with pytest.raises((BudgetError, StoppedError)):
            ask(prompts(1000), teacher, path)
    server.before = None
    with pytest.raises(BudgetError):
        ask(prompts(1000), teacher, path)
    assert 0.8 * cap <= billed(server) <= cap
    assert max(Counter(server.paid_batch).values()) == 1


def test_answers_kept_before_a_run_died_while_collecting_count_once_against_the_cap(
    server: FaultyServer, path: Path
) -> None:
    server.line_script = lambda _: say("x", usage={"prompt_tokens": 20, "completion_tokens": 10})
    limits: dict[str, Any] = {"request": {"max_completion_tokens": 100}, "prices": PRICES}
    leave_open(prompts(50), params(server, **limits), path, server)
    part = 40
    ask(prompts(part), params(server, **limits), path)
    reopen(path)
    cap = billed(server) + 30 * 2.5e-4
    with pytest.raises(BudgetError):
        ask(prompts(1000), params(server, **limits, max_cost_usd=cap), path)
    assert billed(server) <= cap


def reopen(path: Path) -> None:
    """Takes back that the last chunk ended, as if the run had died just before."""
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b'"step":"ended"' not in line]
    assert len(kept) == len(lines) - 1
    path.write_bytes(b"".join(kept))


def test_without_a_limit_of_output_tokens_what_is_spent_is_known_after_an_interruption(
    server: FaultyServer, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = params(server, prices=PRICES)
    leave_open(prompts(3), teacher, path, server)
    assert texts(ask(prompts(3), teacher, path)) == echoed(prompts(3))
    assert "inf" not in capsys.readouterr().err
    assert server.submitted == 1


# Two stages at one teacher


def test_the_batch_of_another_stage_is_collected_and_counts_for_nobody_else(
    server: FaultyServer, path: Path
) -> None:
    limits: dict[str, Any] = {"request": {"max_completion_tokens": 100}, "prices": PRICES}
    server.line_script = lambda _: say("x", usage={"prompt_tokens": 20, "completion_tokens": 90})
    others = [f"other {number}" for number in range(60)]
    leave_open(others, params(server, **limits), path, server)
    cap = 0.003
    before = billed(server)
    teacher = params(server, requests=5, **limits, max_cost_usd=cap)
    with pytest.raises(BudgetError, match=r"(\d+) of 100 answers are kept"):
        ask(prompts(100), teacher, path)
    assert 0.8 * cap <= billed(server) - before <= cap
    submitted = server.submitted
    assert len(ask(others, params(server, **limits), path)) == 60
    assert server.submitted == submitted


def test_the_failed_batch_of_another_stage_does_not_hold_the_run(
    server: FaultyServer, path: Path
) -> None:
    teacher = params(server)
    server.finish = "token_limit"
    leave_open(["other"], teacher, path, server)
    server.finish = "completed"
    assert texts(ask(prompts(3), teacher, path)) == echoed(prompts(3))


def test_what_was_uploaded_and_not_submitted_is_paid_for_only_where_it_is_wanted(
    server: FaultyServer, path: Path
) -> None:
    teacher = params(server)
    asked = ["wanted no more", "prompt 0"]
    chunk = Chunk(teacher_identity(teacher), "file-gone", keys(asked, teacher))
    with Ledger(path) as ledger:
        rows = requests(asked, teacher)
        ledger.append([chunk.uploaded(), *(sent(row.key, row.content, "test") for row in rows)])
    assert texts(ask(prompts(2), teacher, path)) == echoed(prompts(2))
    assert sorted(server.paid_batch) == prompts(2)
    assert still_open(path, teacher) == []


# Interruptions and an endpoint on a bad day


def test_ctrl_c_while_waiting_ends_with_a_message_and_the_next_run_collects(
    server: FaultyServer, path: Path
) -> None:
    teacher = params(server)
    server.polls_until_done = 1_000_000
    interrupt_at_first_poll(server)
    with pytest.raises(StoppedError, match=r"SIGINT.*0 of 5 answers are kept, 5 are left"):
        ask(prompts(5), teacher, path)
    assert len(still_open(path, teacher)) == 1
    server.batches[0].polls = 0
    assert texts(ask(prompts(5), teacher, path)) == echoed(prompts(5))
    assert server.submitted == 1
    assert still_open(path, teacher) == []


FAULTS: dict[str, list[Fault]] = {
    "429": [refuse(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="1")] * 2,
    "500": [refuse(500, "The server had an error.")] * 2,
    "disconnect": [Reply(disconnect=True)] * 2,
    "hang": ["hang"],
    "lost": ["lost", "lost"],
    "html": [Reply(b"<html>Bad gateway</html>", 502, {"Content-Type": "text/html"})] * 2,
}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("step", [UPLOAD, CREATE, POLL, DOWNLOAD])
def test_a_step_that_fails_is_done_again_and_no_batch_is_made_twice(
    server: FaultyServer, path: Path, step: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_api, "FILE_SECONDS", 0.3)
    server.faults[step] += FAULTS[kind]
    teacher = params(server, requests=3, max_retries=3, timeout_seconds=0.3)
    assert texts(ask(prompts(6), teacher, path)) == echoed(prompts(6))
    assert server.faults[step] == []
    assert server.submitted == 2
    assert Counter(server.paid_batch) == Counter(prompts(6))


def test_a_download_that_breaks_off_is_done_again(server: FaultyServer, path: Path) -> None:
    def hook(method: str, path: str) -> None:
        if path.endswith("/content"):
            server.before = None
            data = server.files[path.split("/")[-2]].content
            headers = {"Content-Type": "application/octet-stream"}
            server.faults[DOWNLOAD].append(Reply(data, headers=headers, broken=True))

    server.before = hook
    teacher = params(server, max_retries=1)
    assert texts(ask(prompts(6), teacher, path)) == echoed(prompts(6))
    assert server.paid_batch == prompts(6)
    assert path.read_bytes().count(b'"kind":"answered"') == 6


def test_a_batch_that_was_made_while_nobody_heard_is_found_by_the_next_run(
    server: FaultyServer, path: Path
) -> None:
    server.faults[CREATE].append("lost")
    server.faults[LIST] += [refuse(500, "Oops.")]
    teacher = params(server)
    with pytest.raises(EndpointError, match=r"the Batch API: HTTP 500"):
        ask(prompts(4), teacher, path)
    assert texts(ask(prompts(4), teacher, path)) == echoed(prompts(4))
    assert server.submitted == 1


def test_a_step_that_never_works_ends_the_run_and_the_next_one_goes_on(
    server: FaultyServer, path: Path
) -> None:
    teacher = params(server, max_retries=1)
    for step in (UPLOAD, CREATE, POLL, DOWNLOAD):
        server.faults[step] += [refuse(503, "Overloaded.")] * 2
        with pytest.raises(EndpointError, match=r"HTTP 503: Overloaded.*0 of 4 answers are kept"):
            ask(prompts(4), teacher, path)
    assert texts(ask(prompts(4), teacher, path)) == echoed(prompts(4))
    assert server.submitted == 1


def test_a_batch_that_the_endpoint_forgot_is_named_with_the_way_out(
    server: FaultyServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = params(server)
    leave_open(prompts(3), teacher, path, server)
    name = server.batches.pop().id
    for _ in range(2):
        with pytest.raises(EndpointError, match=f"{name}.*understudy ledger forget {name}"):
            ask(prompts(3), teacher, path)
    monkeypatch.setattr("sys.argv", ["ledger", "forget", name, "--ledger", str(path)])
    main()
    assert texts(ask(prompts(3), teacher, path)) == echoed(prompts(3))
