"""Asking in batches: what is kept, what is asked again, what it may cost, and how it stops."""

import os
import random
import re
import select
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.teacher import PATIENCE, ChatServer, Reply, Request, refuse, say, settings
from tests.teacher.asking import ask, keys, prompts, requests
from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher import batch_api, retries
from understudy.teacher.chunks import Chunk, open_chunks
from understudy.teacher.embedded.replies import MODEL
from understudy.teacher.errors import (
    BudgetError,
    EndpointError,
    FailedCallsError,
    StoppedError,
)
from understudy.teacher.ledger import Ledger
from understudy.teacher.lines import sent
from understudy.teacher.requests import teacher_identity
from understudy.tools.ledger import main

PRICES = {"input": 1.0, "cached_input": 1.0, "output": 4.0, "batch_factor": 0.5}
UPLOAD, CREATE, LIST, POLL, DOWNLOAD = (
    "POST files",
    "POST batches",
    "GET batches",
    "GET batches id",
    "GET files id content",
)
Fault = Reply | Literal["hang", "lost"]


class FaultyServer(BatchServer):
    """Lets the next requests of a step go wrong: by a reply, without one, or after its effect."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, list[Fault]] = defaultdict(list)

    def find(self, request: Request) -> Reply:
        faults = self.faults[step_of(request)]
        fault = faults.pop(0) if faults else None
        if isinstance(fault, Reply):
            return fault
        if fault == "hang":
            select.select([request.connection], [], [], PATIENCE)
            return Reply(disconnect=True)
        reply = super().find(request)
        return replace(reply, disconnect=True) if fault == "lost" else reply


def step_of(request: Request) -> str:
    path = re.sub(r"(files|batches)/[^/]+", r"\1 id", request.route.partition("/v1/")[2])
    return f"{request.command} {path.replace('/', ' ')}"


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)


def params(server: BatchServer | str, requests: int = 50_000, **changes: Any) -> TeacherParams:
    url = server if isinstance(server, str) else server.url
    batch = {"requests": requests, "poll_seconds": 0.001}
    return TeacherParams(**settings(url, mode="batch", batch=batch, **changes))


def texts(answers: list[Answer]) -> list[str]:
    return [answer.text for answer in answers]


def echoed(asked: list[str]) -> list[str]:
    return [f"answer to {prompt}" for prompt in asked]


def still_open(path: Path, teacher: TeacherParams) -> list[Chunk]:
    with Ledger(path) as ledger:
        return open_chunks(ledger, teacher_identity(teacher))


def interrupt_at_first_poll(server: BatchServer) -> None:
    """The next poll ends the run by Ctrl-C, and no poll after it does."""

    def hook(method: str, path: str) -> None:
        if method == "GET" and "/batches/" in path:
            server.before = None
            os.kill(os.getpid(), signal.SIGINT)

    server.before = hook


def leave_open(asked: list[str], teacher: TeacherParams, path: Path, server: BatchServer) -> None:
    """A run that submits and is interrupted."""
    server.polls_until_done = 1_000_000
    interrupt_at_first_poll(server)
    with pytest.raises(StoppedError, match="SIGINT"):
        ask(asked, teacher, path, "earlier")
    server.polls_until_done = 0
    for batch in server.batches:
        batch.polls = 0


# What is sent


def test_each_line_names_its_request_and_the_address_of_chat_completions(
    server: FaultyServer, path: Path
) -> None:
    teacher = params(server, request={"temperature": 0})
    assert texts(ask(prompts(3), teacher, path)) == echoed(prompts(3))
    (batch,) = server.batches
    assert [line["custom_id"] for line in batch.lines] == keys(prompts(3), teacher)
    assert {(line["method"], line["url"]) for line in batch.lines} == {
        ("POST", "/v1/chat/completions")
    }
    assert batch.lines[0]["body"] == {
        "model": "double",
        "temperature": 0,
        "messages": [{"role": "user", "content": "prompt 0"}],
    }
    assert batch.endpoint == "/v1/chat/completions"
    assert (batch.metadata or {})["stage"] == "test"
    assert server.calls == []


def test_azure_gets_the_address_without_v1(server: FaultyServer, path: Path) -> None:
    teacher = params(server.url.removesuffix("/v1"), api_version="2024-10-21")
    assert texts(ask(prompts(3), teacher, path)) == echoed(prompts(3))
    (batch,) = server.batches
    assert {line["url"] for line in batch.lines} == {"/chat/completions"}
    assert batch.endpoint == "/chat/completions"
    assert all("api-version=2024-10-21" in path for path in server.gets)


def test_a_chunk_has_no_more_requests_than_params_say_and_all_are_sent_at_once(
    server: FaultyServer, path: Path
) -> None:
    sizes: list[list[int]] = []

    def hook(method: str, path: str) -> None:
        if method == "GET" and "/batches/" in path:
            sizes.append([len(batch.lines) for batch in server.batches])

    server.before = hook
    assert texts(ask(prompts(10), params(server, requests=4), path)) == echoed(prompts(10))
    assert sizes[0] == [4, 4, 2]
    assert server.submitted == 3


def test_a_chunk_ends_before_its_file_is_too_large(
    server: FaultyServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.teacher.batch.MOST_BYTES", 3000)
    asked = [f"{prompt} {'x' * 500}" for prompt in prompts(10)]
    assert texts(ask(asked, params(server), path)) == echoed(asked)
    assert server.submitted > 1
    assert (
        max(len(file.content) for file in server.files.values() if file.purpose == "batch") < 4000
    )


def test_equal_prompts_are_one_line(server: FaultyServer, path: Path) -> None:
    asked = ["a", "b", "a"]
    assert texts(ask(asked, params(server), path)) == echoed(asked)
    assert server.paid_batch == ["a", "b"]


def test_an_endpoint_without_batches_is_named_as_such(path: Path) -> None:
    with ChatServer() as plain, pytest.raises(EndpointError, match=r"set teacher\.mode: live"):
        ask(prompts(2), params(plain.url), path)


# What comes back


def test_a_row_that_fails_once_goes_into_the_next_batch(server: FaultyServer, path: Path) -> None:
    seen: Counter[str] = Counter()

    def script(prompt: str) -> Reply:
        seen[prompt] += 1
        if prompt == "prompt 1" and seen[prompt] == 1:
            return refuse(500, "The server had an error.")
        return say(f"answer to {prompt}")

    server.line_script = script
    assert texts(ask(prompts(4), params(server, max_retries=1), path)) == echoed(prompts(4))
    assert [len(batch.lines) for batch in server.batches] == [4, 1]


def test_a_row_that_keeps_failing_is_recorded_and_the_others_are_kept(
    server: FaultyServer, path: Path
) -> None:
    server.line_script = lambda prompt: (
        refuse(500, "Oops.") if prompt == "prompt 1" else say(f"answer to {prompt}")
    )
    answers = ask(prompts(4), params(server, max_retries=2, max_failed=0.25), path)
    assert answers[1].error == "HTTP 500: Oops."
    assert texts(answers) == ["answer to prompt 0", "", "answer to prompt 2", "answer to prompt 3"]
    assert [len(batch.lines) for batch in server.batches] == [4, 1, 1]


def test_more_failed_rows_than_allowed_stop_the_run_with_all_else_kept(
    server: FaultyServer, path: Path
) -> None:
    server.line_script = lambda prompt: (
        refuse(500, "Oops.") if prompt in prompts(2) else say(f"answer to {prompt}")
    )
    teacher = params(server, max_failed=0.25)
    said = "2 of 4 rows have failed for good.*Oops.*2 of 4 answers are kept"
    with pytest.raises(FailedCallsError, match=said):
        ask(prompts(4), teacher, path)
    server.line_script = lambda prompt: say(f"answer to {prompt}")
    assert texts(ask(prompts(4), teacher, path)) == echoed(prompts(4))
    assert [len(batch.lines) for batch in server.batches] == [4, 2]


def test_a_line_that_says_the_settings_are_wrong_stops_the_run_with_all_else_kept(
    server: FaultyServer, path: Path
) -> None:
    server.line_script = lambda prompt: (
        refuse(400, "Unknown parameter: 'x'.") if prompt == "prompt 1" else say("fine")
    )
    with pytest.raises(EndpointError, match=r"teacher.request.*'x'.*3 of 4 answers are kept"):
        ask(prompts(4), params(server, max_retries=3), path)
    assert server.submitted == 1
    assert still_open(path, params(server)) == []


def test_a_prompt_that_is_too_long_is_not_asked_again(server: FaultyServer, path: Path) -> None:
    server.line_script = lambda prompt: (
        refuse(400, "Too long.", "context_length_exceeded") if prompt == "prompt 1" else say("fine")
    )
    answers = ask(prompts(4), params(server, max_retries=3, max_failed=0.5), path)
    assert [answer.find_problem() for answer in answers] == [None, "failed", None, None]
    assert server.submitted == 1


def test_a_refused_prompt_is_an_answer_and_not_asked_again(
    server: FaultyServer, path: Path
) -> None:
    server.line_script = lambda prompt: (
        refuse(400, "Filtered.", "content_filter") if prompt == "prompt 1" else say("fine")
    )
    for _ in range(2):
        answers = ask(prompts(4), params(server, max_retries=3), path)
        assert [answer.find_problem() for answer in answers] == [None, "refused", None, None]
        assert answers[1].refusal == "Filtered."
    assert server.submitted == 1


@pytest.mark.parametrize("body", [b"<html>", {"choices": []}, {"choices": "x"}])
def test_an_unreadable_answer_counts_as_billed_and_is_asked_again(
    server: FaultyServer, path: Path, body: Any
) -> None:
    once = iter([Reply(body, paid=True)])
    server.line_script = lambda prompt: next(once, say(f"answer to {prompt}"))
    teacher = params(server, max_retries=1)
    assert texts(ask(prompts(2), teacher, path)) == echoed(prompts(2))
    assert server.submitted == 2
    with Ledger(path) as ledger:
        assert [ledger.unanswered(key) for key in keys(prompts(2), teacher)] == [1, 0]


def test_a_cancelled_batch_stops_the_run_with_what_it_brought(
    server: FaultyServer, path: Path
) -> None:
    def hook(method: str, path: str) -> None:
        if method == "GET" and "/batches/" in path and (batch := server.batches[-1]):
            server.before = None
            with server.lock:
                batch.end, batch.polls = "cancelled", 0
                del batch.replies[3:]

    server.before = hook
    with pytest.raises(EndpointError, match=r"batch_\w+ was cancelled.*3 of 6 answers are kept"):
        ask(prompts(6), params(server), path)
    assert texts(ask(prompts(6), params(server), path)) == echoed(prompts(6))
    assert server.paid_batch == prompts(6)


def test_a_batch_that_is_refused_stops_the_run_with_the_reason(
    server: FaultyServer, path: Path
) -> None:
    server.finish = "failed"
    with pytest.raises(EndpointError, match=r"invalid_json_line.*not parseable"):
        ask(prompts(3), params(server, max_retries=3), path)
    assert server.submitted == 1
    server.finish = "completed"
    assert texts(ask(prompts(3), params(server), path)) == echoed(prompts(3))


def test_a_full_queue_halves_the_chunks_until_they_fit(server: FaultyServer, path: Path) -> None:
    server.polls_until_done = 0

    def hook(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/batches"):
            last = list(server.files.values())[-1].content.count(b"\n")
            server.finish = "token_limit" if last > 3 else "completed"

    server.before = hook
    assert texts(ask(prompts(12), params(server), path)) == echoed(prompts(12))
    sizes = [len(batch.lines) for batch in server.batches]
    assert sizes == [12, 6, 6, 3, 3, 3, 3]
    assert Counter(server.paid_batch) == Counter(prompts(12))


def test_a_full_queue_waits_for_the_batches_that_are_open(server: FaultyServer, path: Path) -> None:
    """Only two batches of two requests fit at once; no chunk gets smaller for that."""

    def hook(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/batches"):
            working = [b for b in server.batches if b.status != b.end and b.failure is None]
            server.finish = "token_limit" if len(working) >= 2 else "completed"

    server.before = hook
    assert texts(ask(prompts(8), params(server, requests=2), path)) == echoed(prompts(8))
    assert {len(batch.lines) for batch in server.batches} == {2}
    assert Counter(server.paid_batch) == Counter(prompts(8))


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


def billed(server: BatchServer) -> float:
    """US dollars, the factor of batches applied."""
    tokens = [(u["prompt_tokens"], u["completion_tokens"]) for u in server.batch_usage]
    return sum(float(prompt + 4 * output) for prompt, output in tokens) * 0.5e-6


@pytest.mark.parametrize("at", ["GET", "content"])
def test_the_cap_holds_over_runs_that_are_interrupted_while_they_wait_and_collect(
    server: FaultyServer, path: Path, at: str
) -> None:
    cap = 0.02
    server.line_script = lambda _: say("x", usage={"prompt_tokens": 20, "completion_tokens": 90})
    teacher = params(
        server,
        requests=40,
        prices=PRICES,
        max_cost_usd=cap,
        request={"max_completion_tokens": 100},
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


# The embedded teacher


def embedded(**changes: Any) -> TeacherParams:
    return params("embedded", model=MODEL, **changes)


def expansions(count: int) -> list[str]:
    return [
        f"Write an article: 'Mayor Ida Renn opens bridge {n} in Oakport .\nIt cost $3.5 million .'"
        for n in range(count)
    ]


def test_the_embedded_teacher_answers_in_batches_as_it_does_live(
    path: Path, tmp_path: Path
) -> None:
    in_batches = ask(expansions(5), embedded(requests=2), path)
    live = ask(
        expansions(5),
        embedded().model_copy(update={"mode": "live"}),
        tmp_path / "live.jsonl",
    )
    assert texts(in_batches) == texts(live)
    assert all(answer.batch for answer in in_batches)


def test_a_batch_that_the_embedded_teacher_forgot_is_submitted_again(path: Path) -> None:
    teacher = embedded()
    names = keys(expansions(5), teacher)
    chunk = Chunk(teacher_identity(teacher), "file-gone", names, batch="batch_gone")
    with Ledger(path) as ledger:
        rows = requests(expansions(5), teacher)
        ledger.append([chunk.uploaded(), *(sent(row.key, row.content, "test") for row in rows)])
        ledger.append([chunk.submitted()])
    assert [bool(answer.text) for answer in ask(expansions(5), teacher, path)] == [True] * 5
    assert still_open(path, teacher) == []
