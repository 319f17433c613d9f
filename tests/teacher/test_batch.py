"""Asking in batches: what is sent, and what is kept of what comes back."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import ChatServer, Reply, refuse, say
from tests.teacher.asking import ask, echoed, keys, prompts, requests, texts
from tests.teacher.batching import FaultyServer, params, still_open
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.chunks import Chunk
from understudy.teacher.embedded.replies import MODEL
from understudy.teacher.errors import EndpointError, FailedCallsError
from understudy.teacher.ledger import Ledger
from understudy.teacher.lines import sent
from understudy.teacher.requests import teacher_identity

pytestmark = pytest.mark.usefixtures("impatient")


# What is sent


def test_each_line_names_its_request_and_the_address_of_chat_completions(
    server: FaultyServer, path: Path
) -> None:
    teacher = params(server, request={"temperature": 0})
    assert texts(ask(prompts(3), teacher, path)) == echoed(prompts(3))
    (batch,) = server.batches
    assert [line["custom_id"] for line in batch.lines] == keys(prompts(3), teacher)
    assert {f"{one['method']} {one['url']}" for one in batch.lines} == {"POST /v1/chat/completions"}
    messages = [{"role": "user", "content": "prompt 0"}]
    assert batch.lines[0]["body"] == {"model": "double", "temperature": 0, "messages": messages}
    assert batch.endpoint == "/v1/chat/completions"
    assert (batch.metadata or {})["stage"] == "test"
    assert server.calls == []


def test_azure_gets_the_address_without_v1_and_equal_prompts_are_one_line(
    server: FaultyServer, path: Path
) -> None:
    teacher = params(server.url.removesuffix("/v1"), api_version="2024-10-21")
    assert texts(ask(["a", "b", "a"], teacher, path)) == echoed(["a", "b", "a"])
    assert server.paid_batch == ["a", "b"]
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
    sent = [file.content for file in server.files.values() if file.purpose == "batch"]
    assert max(map(len, sent)) < 4000


def test_an_endpoint_without_batches_is_named_as_such(path: Path) -> None:
    with ChatServer() as plain, pytest.raises(EndpointError, match=r"set teacher\.mode: live"):
        ask(prompts(2), params(plain.url), path)


# What comes back


def test_a_row_that_fails_once_goes_into_the_next_batch(server: FaultyServer, path: Path) -> None:
    server.answer({"prompt 1": refuse(500, "The server had an error.")})
    server.after = lambda method, path: server.answer() if path.endswith("/batches") else None
    assert texts(ask(prompts(4), params(server, max_retries=1), path)) == echoed(prompts(4))
    assert [len(batch.lines) for batch in server.batches] == [4, 1]


def test_a_row_that_keeps_failing_is_recorded_and_the_others_are_kept(
    server: FaultyServer, path: Path
) -> None:
    server.answer({"prompt 1": refuse(500, "Oops.")})
    answers = ask(prompts(4), params(server, max_retries=2, max_failed=0.25), path)
    assert answers[1].error == "HTTP 500: Oops."
    assert texts(answers) == ["answer to prompt 0", "", "answer to prompt 2", "answer to prompt 3"]
    assert [len(batch.lines) for batch in server.batches] == [4, 1, 1]


def test_more_failed_rows_than_allowed_stop_the_run_with_all_else_kept(
    server: FaultyServer, path: Path
) -> None:
    server.answer(dict.fromkeys(prompts(2), refuse(500, "Oops.")))
    teacher = params(server, max_failed=0.25)
    said = "2 of 4 rows have failed for good.*Oops.*2 of 4 answers are kept"
    with pytest.raises(FailedCallsError, match=said):
        ask(prompts(4), teacher, path)
    server.answer()
    assert texts(ask(prompts(4), teacher, path)) == echoed(prompts(4))
    assert [len(batch.lines) for batch in server.batches] == [4, 2]


def test_a_line_that_says_the_settings_are_wrong_stops_the_run_with_all_else_kept(
    server: FaultyServer, path: Path
) -> None:
    server.answer({"prompt 1": refuse(400, "Unknown parameter: 'x'.")})
    with pytest.raises(EndpointError, match=r"teacher.request.*'x'.*3 of 4 answers are kept"):
        ask(prompts(4), params(server, max_retries=3), path)
    assert server.submitted == 1
    assert still_open(path, params(server)) == []


def test_too_long_a_prompt_and_a_refused_one_are_not_asked_again(
    server: FaultyServer, path: Path
) -> None:
    too_long = refuse(400, "Too long.", "context_length_exceeded")
    server.answer({"prompt 1": too_long, "prompt 2": refuse(400, "No.", "content_filter")})
    answers = ask(prompts(4), params(server, max_retries=3, max_failed=0.5), path)
    assert [answer.find_problem() for answer in answers] == [None, "failed", "refused", None]
    assert answers[2].refusal == "No."
    assert server.submitted == 1
    ask(prompts(4)[2:], params(server), path)
    assert server.submitted == 1


@pytest.mark.parametrize("body", [b"<html>", b" \n"])
def test_a_line_without_an_answer_counts_as_billed_and_is_asked_again(
    server: FaultyServer, path: Path, body: Any
) -> None:
    once = iter([Reply(body, paid=True)])
    server.line_script = lambda prompt: next(once, say(f"answer to {prompt}"))
    teacher = params(server, max_retries=1)
    assert texts(ask(prompts(2), teacher, path)) == echoed(prompts(2))
    assert server.submitted == 2
    with Ledger(path) as ledger:
        assert [ledger.unanswered(key) for key in keys(prompts(2), teacher)] == [1, 0]


@pytest.mark.parametrize("status", ["200", 201, "200 OK", 200.0, "fine", None, 0, 500, [200]])
def test_a_completion_is_an_answer_whatever_status_is_written_beside_it(
    server: FaultyServer, path: Path, status: Any
) -> None:
    server.answer({"prompt 0": replace(say("answer to prompt 0"), status=status, paid=True)})
    assert texts(ask(prompts(2), params(server), path)) == echoed(prompts(2))
    assert server.submitted == 1


@pytest.mark.parametrize("status", ["many", [5], {}, True, 0, "", "500", "503 Busy"])
def test_a_status_that_nobody_can_read_fails_its_request_and_not_the_run(
    server: FaultyServer, path: Path, status: Any
) -> None:
    once = iter([Reply(b"<html>", status=status)])
    server.line_script = lambda prompt: next(once, say(f"answer to {prompt}"))
    assert texts(ask(prompts(2), params(server, max_retries=1), path)) == echoed(prompts(2))
    assert server.submitted == 2


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
    teacher = embedded().model_copy(update={"mode": "live"})
    live = ask(expansions(5), teacher, tmp_path / "live.jsonl")
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
