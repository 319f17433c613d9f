"""label and money: the cap, batches and replay."""

import threading
from collections import Counter
from dataclasses import replace

import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.teacher import PATIENCE, Call, ChatServer, Reply, say, settings
from tests.stages.labelling import TRAIN, VALIDATION, Project
from understudy.core.errors import ParamsError
from understudy.teacher.errors import BudgetError, MissingAnswerError, OpenBatchError

ASKED = TRAIN + VALIDATION


PRICES = {"input": 0.0, "cached_input": 0.0, "output": 1e5, "batch_factor": 0.5}
A_CALL = 0.7
"""US dollars: 7 tokens of output, which is the limit too."""


def test_the_cap_stops_the_stage_and_says_so_and_a_higher_one_goes_on(project: Project) -> None:
    with ChatServer() as server:
        teacher = settings(server.url, prices=PRICES, request={"max_completion_tokens": 7})
        with pytest.raises(BudgetError) as caught:
            project.label(teacher | {"max_cost_usd": 2.5})
        assert len(server.calls) == 3
        assert str(caught.value) == (
            "teacher.max_cost_usd = 2.5: $2.1000 are spent, and the next call could cost $0.7000 "
            f"(3 of {ASKED} answers are kept, {ASKED - 3} are left; raise it and the next run goes "
            "on there)"
        )
        assert not project.labelled.exists()
        with pytest.raises(BudgetError):
            project.label(teacher | {"max_cost_usd": 2.5})
        assert len(server.calls) == 3
        project.label(teacher | {"max_cost_usd": (ASKED + 0.5) * A_CALL})
        assert len(server.calls) == len(set(server.prompts)) == ASKED


def test_the_cap_counts_every_sample(project: Project) -> None:
    with ChatServer() as server:
        teacher = settings(server.url, prices=PRICES, request={"max_completion_tokens": 7})
        with pytest.raises(BudgetError, match=rf"of {3 * ASKED} answers are kept"):
            project.label(teacher | {"max_cost_usd": (ASKED + 0.5) * A_CALL}, samples=3)
        assert len(server.calls) == ASKED


def test_a_cap_without_a_limit_of_output_tokens_is_refused(project: Project) -> None:
    with pytest.raises(ParamsError, match="a cap needs teacher"):
        project.label(settings("http://127.0.0.1:9/v1", max_cost_usd=1.0))


# Batches and replay


def test_batches_label_and_a_second_run_submits_none(project: Project) -> None:
    with BatchServer() as server:
        batch = {"requests": 5, "poll_seconds": 0.01}
        teacher = settings(server.url, mode="batch", batch=batch)
        counts = project.label(teacher, samples=2)
        assert (len(server.paid_batch), server.calls) == (2 * ASKED, [])
        assert set(Counter(server.paid_batch).values()) == {2}
        assert (counts.calls.batch.calls, counts.calls.live.calls) == (2 * ASKED, 0)
        assert {line["batch"] for line in project.answers()} == {True}
        submitted = server.submitted
        project.label(teacher, samples=2)
        assert server.submitted == submitted


def test_a_killed_run_in_batches_collects_what_it_has_submitted(project: Project) -> None:
    with BatchServer() as server:
        server.polls_until_done = 1_000_000
        teacher = settings(server.url, mode="batch", batch={"requests": 99, "poll_seconds": 0.01})
        polled = threading.Event()
        server.before = lambda _, path: polled.set() if "/batches/" in path else None
        project.set(teacher)
        process = project.start()
        assert polled.wait(PATIENCE)
        process.kill()
        process.communicate(timeout=60)
        with pytest.raises(OpenBatchError, match=f"{ASKED} of {ASKED} missing answers"):
            project.label(settings(server.url))
        for one in server.batches:
            one.polls = 0
        project.label(teacher)
        assert (server.submitted, len(server.paid_batch)) == (1, ASKED)
        assert server.calls == []


def test_replay_opens_no_connection_and_names_what_is_missing(project: Project) -> None:
    with ChatServer() as server:
        teacher = settings(server.url)
        project.label(teacher, limit=4)
        connections, before = server.connections, project.pairs()
        replay = teacher | {"mode": "replay"}
        project.label(replay, limit=4)
        assert project.pairs() == before
        with pytest.raises(MissingAnswerError) as caught:
            project.label(replay)
        assert server.connections == connections
    said = str(caught.value)
    assert f"{TRAIN - 4} of {ASKED} answers for label are not in" in said
    assert "(rows 5, 6)" in said


def test_an_answer_without_usage_counts_at_its_worst_case_under_the_cap(project: Project) -> None:
    def script(call: Call) -> Reply:
        return replace(say("Rain.", usage=None), paid=True)

    with ChatServer(script) as server:
        teacher = settings(server.url, prices=PRICES, request={"max_completion_tokens": 7})
        with pytest.raises(BudgetError):
            project.label(teacher | {"max_cost_usd": 2.5 * A_CALL})
        assert len(server.calls) == 2
