"""teacher.look_after: a run whose answers are mostly unusable ends before all are paid for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.teacher import Call, ChatServer, Reply, echo, in_turn, refuse, say
from tests.teacher.asking import ask, prompts, questions
from tests.teacher.batching import params as batch_params
from tests.teacher.test_client import params
from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher import client
from understudy.teacher.errors import UselessAnswersError

USAGE = {
    "prompt_tokens": 40,
    "completion_tokens": 300,
    "completion_tokens_details": {"reasoning_tokens": 291},
}
REASONED_OUT = say("", finish_reason="length", usage=USAGE)
LIMIT = {"max_completion_tokens": 300}


def ask_all(teacher: TeacherParams, path: Path) -> list[Answer]:
    return ask(prompts(100), teacher, path)


def stop(teacher: TeacherParams, path: Path) -> str:
    """What a run says when it ends early, checked to be one line."""
    with pytest.raises(UselessAnswersError) as caught:
        ask_all(teacher, path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_reasoning_that_takes_all_tokens_ends_the_run_and_names_the_limit(path: Path) -> None:
    with ChatServer(in_turn(REASONED_OUT)) as server:
        said = stop(params(server, request=LIMIT, concurrency=4), path)
        assert 20 <= len(server.calls) < 24
        assert len(server.paid) == len(server.calls)
    assert said == (
        "20 of 20 answers cannot be used (20 empty; finish_reason 20 length): "
        "teacher.request.max_completion_tokens = 300 is too small, reasoning took 97% of their "
        "tokens; raise teacher.request.max_completion_tokens = 300, or ask for less reasoning in "
        "teacher.request; or set teacher.look_after: null to go on all the same "
        f"({len(server.calls)} of 100 answers are kept, {100 - len(server.calls)} are left)"
    )


@pytest.mark.parametrize(
    ("reply", "parts"),
    [
        (say(""), ("20 empty)", "sends no text")),
        (say("Half", finish_reason="error"), ("20 cut_off; finish_reason 20 error)", "whole")),
        (say("Half", finish_reason="MAX_TOKENS"), ("max_completion_tokens = 300 is too small; ",)),
        (say("I'm sorry, no."), ("20 refused)", "change the prompt or teacher.model")),
        (refuse(400, "No.", "content_filter"), ("20 refused; ", "change the prompt")),
        (Reply({"choices": []}), ("20 unreadable; ", "kept in the ledger")),
        (say("<think>Plan it. The ferry left."), ("20 unclear)", "reasoning stands in")),
    ],
)
def test_any_reason_that_hits_nearly_every_answer_ends_the_run(
    path: Path, reply: Reply, parts: tuple[str, ...]
) -> None:
    with ChatServer(in_turn(reply)) as server:
        said = stop(params(server, request=LIMIT, concurrency=1), path)
        assert len(server.calls) == 20
    assert [part for part in parts if part not in said] == []


def test_a_rerun_without_changes_stops_before_it_sends(path: Path) -> None:
    with ChatServer(in_turn(REASONED_OUT)) as server:
        teacher = params(server, request=LIMIT, concurrency=1)
        first = stop(teacher, path)
        assert stop(teacher, path) == first
        assert len(server.calls) == 20
        server.script = echo
        answers = ask(prompts(100), teacher.model_copy(update={"look_after": None}), path)
        assert len(server.calls) == 100
        assert [answer.find_problem() for answer in answers] == ["empty"] * 20 + [None] * 80
        changed = teacher.model_copy(update={"request": {"max_completion_tokens": 900}})
        assert len(ask(prompts(100), changed, path)) == 100


def test_a_run_that_has_all_its_answers_is_not_stopped_by_them(path: Path) -> None:
    with ChatServer(in_turn(REASONED_OUT)) as server:
        teacher = params(server, look_after=0)
        answers = ask(prompts(30), teacher, path)
        assert ask(prompts(30), teacher.model_copy(update={"look_after": 20}), path) == answers
        assert len(server.calls) == 30


def test_few_answers_of_a_run_that_was_killed_count_for_the_next_one(path: Path) -> None:
    with ChatServer(in_turn(REASONED_OUT)) as server:
        teacher = params(server, concurrency=1)
        ask(prompts(15), teacher, path)
        stop(teacher, path)
        assert len(server.calls) == 20


def test_half_of_the_answers_may_be_unusable(path: Path) -> None:
    def script(call: Call) -> Reply:
        return say("") if int(call.prompt.split()[-1]) % 2 else echo(call)

    with ChatServer(script) as server:
        assert len(ask(prompts(60), params(server, concurrency=1), path)) == 60


def test_the_last_answers_of_a_run_are_a_warning(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(in_turn(say(""))) as server:
        assert len(ask(prompts(20), params(server), path)) == 20
    assert "warning: 20 of 20 answers cannot be used (20 empty)" in capsys.readouterr().err


# Answers that should be JSON


def ask_in_json(teacher: TeacherParams, path: Path, count: int = 100) -> list[Answer]:
    """Asks for JSON with a summary."""
    asked = [replace(question, field="summary") for question in questions(prompts(count))]
    return [answer for _, answer in client.ask(asked, teacher, path, "test")]


@pytest.mark.parametrize(
    ("text", "reason"), [("It rained.", "not_json"), ('{"title": "Rain"}', "no_field")]
)
def test_answers_that_are_not_the_json_of_the_prompt_end_the_run(
    path: Path, text: str, reason: str
) -> None:
    with ChatServer(in_turn(say(text))) as server:
        teacher = params(server, concurrency=1)
        with pytest.raises(UselessAnswersError) as caught:
            ask_in_json(teacher, path)
        assert len(server.calls) == 20
        assert str(caught.value) == (
            f"20 of 20 answers cannot be used (20 {reason}): the answers are no JSON with a text "
            "in the field summary: change the prompt, its field, or response_format; or set "
            "teacher.look_after: null to go on all the same (20 of 100 answers are kept, 80 are "
            "left)"
        )
        with pytest.raises(UselessAnswersError, match=f"20 {reason}"):  # before it sends
            ask_in_json(teacher, path)
        assert len(server.calls) == 20
        assert len(ask(prompts(100), teacher, path)) == 100  # the same calls, without a field
        assert len(server.calls) == 100


def test_json_with_the_field_goes_on_and_after_enough_of_it_json_is_counted_anew(
    path: Path,
) -> None:
    with ChatServer(in_turn(say('{"summary": "It rained."}'))) as server:
        teacher = params(server, concurrency=1)
        assert len(ask_in_json(teacher, path, count=30)) == 30
        server.script = in_turn(say("It rained."))
        with pytest.raises(UselessAnswersError, match="20 of 20 answers"):
            ask_in_json(teacher, path)
        assert len(server.calls) == 50


def test_few_answers_without_json_count_for_the_next_run(path: Path) -> None:
    with ChatServer(in_turn(say("It rained."))) as server:
        teacher = params(server, concurrency=1)
        ask_in_json(teacher.model_copy(update={"look_after": None}), path, count=15)
        with pytest.raises(UselessAnswersError):
            ask_in_json(teacher, path)
        assert len(server.calls) == 20


@pytest.mark.parametrize(
    ("reply", "asks"),
    [
        (say(""), ask_all),
        (refuse(400, "No.", "content_filter"), ask_all),
        (say("It rained."), ask_in_json),
    ],
)
def test_a_batch_stops_the_run_after_its_results_and_what_it_paid_for_is_kept(
    path: Path, reply: Reply, asks: Any
) -> None:
    changes: dict[str, Any] = {"prices": {"input": 1.0, "output": 4.0}, "max_cost_usd": 0.011}
    with BatchServer() as server:
        server.line_script = lambda _: reply
        teacher = batch_params(server, requests=25, request={"max_tokens": 100}, **changes)
        submitted = set[int]()
        for _ in range(2):
            with pytest.raises(UselessAnswersError, match=r"(\d+) of \1 answers cannot be used"):
                asks(teacher, path)
            submitted.add(server.submitted)
        assert submitted in ({1}, {2}, {3})
