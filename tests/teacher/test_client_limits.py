"""The cap on money, Azure's addresses, and rows that fail for good."""

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import ChatServer, Reply, echo, in_turn, refuse
from tests.teacher.asking import ask, echoed, texts
from tests.teacher.test_client import KEY, PROMPTS, REFUSED, VARIABLE, params
from tests.teacher.test_client_failures import OOPS, fail_for
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.errors import BudgetError, EndpointError, FailedCallsError

# Rows that fail for good


def test_a_row_that_keeps_failing_is_a_failed_answer_and_asked_again_alone(path: Path) -> None:
    asked = [PROMPTS[3], *PROMPTS]  # equal prompts are one call
    with ChatServer(fail_for(PROMPTS[3], reply=OOPS)) as server:
        teacher = params(server, max_failed=0.1, max_retries=2)
        answers = ask(asked, teacher, path)
        assert server.prompts.count(PROMPTS[3]) == 3
        failed = [answer.find_problem() == "failed" for answer in answers]
        assert failed == [prompt == PROMPTS[3] for prompt in asked]
        assert (answers[0].error, answers[0].text) == ("HTTP 500: Oops.", "")
        assert texts(answers[5:]) == echoed(PROMPTS[4:])
        server.calls.clear()
        assert ask(PROMPTS, teacher, path)[3].error == "HTTP 500: Oops."
        server.script = echo
        assert texts(ask(PROMPTS, teacher, path)) == echoed(PROMPTS)
        assert server.prompts == [PROMPTS[3]] * 4


def test_one_failed_row_more_than_allowed_stops_and_keeps_the_rest(path: Path) -> None:
    with ChatServer(fail_for(PROMPTS[3], PROMPTS[5], reply=OOPS)) as server:
        teacher = params(server, max_failed=0.1, concurrency=1)
        with pytest.raises(FailedCallsError) as caught:
            ask(PROMPTS, teacher, path)
        said = str(caught.value)
        assert "2 of 12 rows have failed for good, more than teacher.max_failed = 0.1" in said
        assert "the last one: HTTP 500: Oops." in said
        kept = [prompt for prompt in server.prompts if prompt not in (PROMPTS[3], PROMPTS[5])]
        assert f"{len(kept)} of 12 answers are kept, {12 - len(kept)} are left" in said
        assert len(server.calls) < len(PROMPTS)
        server.calls.clear()
        server.script = echo
        assert texts(ask(PROMPTS, teacher, path)) == echoed(PROMPTS)
        assert sorted(server.prompts) == sorted(set(PROMPTS) - set(kept))


@pytest.mark.parametrize("code", ["context_length_exceeded", "string_above_max_length"])
def test_a_prompt_that_is_too_long_fails_its_row_only_and_at_once(path: Path, code: str) -> None:
    reply = refuse(400, "At most 8192 tokens.", code)
    with ChatServer(fail_for(PROMPTS[3], reply=reply)) as server:
        answers = ask(PROMPTS, params(server, max_failed=0.1, max_retries=6), path)
        assert len(server.calls) == len(PROMPTS)
    assert answers[3].error == "HTTP 400: At most 8192 tokens."
    assert [answer.find_problem() for answer in answers].count(None) == 11


# The cap


def capped(server: ChatServer, cap: float | None, **changes: Any) -> TeacherParams:
    """A teacher each of whose answers costs what it costs at most: $0.00007."""
    prices = {"input": 0.0, "cached_input": 0.0, "output": 10.0, "batch_factor": 0.5}
    request = {"max_completion_tokens": 7}
    return params(server, prices=prices, max_cost_usd=cap, request=request, **changes)


def test_a_cap_stops_with_what_was_got_and_what_is_left(path: Path) -> None:
    with ChatServer() as server:
        with pytest.raises(BudgetError) as caught:
            ask(PROMPTS, capped(server, 0.0003), path)
        assert len(server.calls) == 4
    said = str(caught.value)
    assert "teacher.max_cost_usd = 0.0003: $0.0003 are spent" in said
    assert "the next call could cost $0.0001" in said
    assert "4 of 12 answers are kept, 8 are left" in said
    assert "\n" not in said


def test_a_cap_holds_for_all_runs_together(path: Path) -> None:
    with ChatServer() as server:
        for _ in range(2):
            with pytest.raises(BudgetError, match="4 of 12 answers are kept"):
                ask(PROMPTS, capped(server, 0.0003), path)
            assert len(server.calls) == 4
        assert texts(ask(PROMPTS, capped(server, 0.001), path)) == echoed(PROMPTS)
        assert len(server.calls) == len(PROMPTS)


def test_what_is_answered_is_read_under_any_cap(path: Path) -> None:
    with ChatServer() as server:
        first = ask(PROMPTS, capped(server, None), path)
        assert ask(PROMPTS, capped(server, 0.0001), path) == first
        assert len(server.calls) == len(PROMPTS)


def test_an_answer_that_never_arrived_counts_with_all_that_it_could_cost(path: Path) -> None:
    broken = Reply({"choices": ["x" * 1000]}, broken=True)
    with ChatServer(in_turn(broken, echo)) as server:
        with pytest.raises(BudgetError):
            ask(PROMPTS[:2], capped(server, 0.0002, concurrency=1, max_retries=1), path)
        assert len(server.calls) == 2
        assert len(ask(PROMPTS[:2], capped(server, 0.0003), path)) == 2
        assert len(server.calls) == 3


# Azure and the key


def azure(server: ChatServer, **changes: Any) -> TeacherParams:
    address = server.url.removesuffix("/v1")
    return params(address, api_version="2024-10-21", api_key_env=VARIABLE, **changes)


def test_azure_gets_a_deployment_a_version_and_its_own_header(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    with ChatServer() as server:
        server.key = KEY
        assert texts(ask(["a"], azure(server), path)) == echoed(["a"])
        (call,) = server.calls
    assert call.path == "/openai/deployments/double/chat/completions?api-version=2024-10-21"
    assert call.headers["api-key"] == KEY
    assert KEY not in call.headers.get("authorization", "")


@pytest.mark.parametrize("of_azure", [True, False])
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_an_error_that_repeats_the_key_is_shown_and_kept_without_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, status: int, of_azure: bool
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    reply = refuse(status, f"Access denied for {KEY}.", retry_after_ms="1")
    failed = pytest.raises((EndpointError, FailedCallsError))
    with ChatServer(in_turn(reply)) as server, failed as caught:
        ask(["a"], azure(server) if of_azure else params(server, api_key_env=VARIABLE), path)
    assert "Access denied for ***." in str(caught.value)
    assert KEY.encode() not in path.read_bytes()


def test_answers_that_repeat_the_key_are_kept_without_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    replies = refuse(500, f"Oops for {KEY}."), refuse(400, f"Filtered for {KEY}.", REFUSED)
    with ChatServer(in_turn(*replies)) as server:
        teacher = params(server, api_key_env=VARIABLE, max_failed=1.0, concurrency=1)
        failed, refused = ask(["a", "b"], teacher, path)
    assert (failed.error, refused.refusal) == ("HTTP 500: Oops for ***.", "Filtered for ***.")
    assert KEY.encode() not in path.read_bytes()
