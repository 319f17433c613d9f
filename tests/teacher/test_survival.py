"""What was paid for, after kills, faults and several runs at once; the servers count."""

import itertools
import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.faults import Faulty
from tests.doubles.teacher import PATIENCE, Call, ChatServer, Reply, echo, say, settings
from tests.teacher.asking import ask, finish, keys, kill, prompts, start
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.errors import BudgetError, OpenBatchError
from understudy.teacher.ledger import Ledger

COUNT = 12
PRICES = {"input": 1.0, "cached_input": 0.5, "output": 4.0, "batch_factor": 0.5}


def test_killed_ten_times_at_random_no_answer_is_lost_and_only_flying_calls_are_paid_twice(
    tmp_path: Path,
) -> None:
    count, concurrency, kills = 2000, 64, 10
    chance = random.Random(5)
    at = [0, *sorted(chance.sample(range(50, 1900), kills))]
    reached = threading.Semaphore(0)
    goal = [0]

    def script(call: Call) -> Reply:
        if call.number == goal[0]:
            reached.release()
        return echo(call)

    ledger = tmp_path / "ledger.jsonl"
    twice = 0
    with ChatServer(script) as server:
        teacher = settings(server.url, concurrency=concurrency)
        for before, after in itertools.pairwise(at):
            goal[0] = len(server.calls) + (after - before)
            process = start(count, ledger, teacher)
            assert reached.acquire(timeout=PATIENCE)
            kill(process)
        finish(start(count, ledger, teacher))
        paid = Counter(call.prompt for call in server.paid)
        twice = sum(times - 1 for times in paid.values())
    assert set(paid) == set(prompts(count))
    assert twice <= kills * concurrency
    with Ledger(ledger) as kept:
        known = kept.count()
        names = keys(prompts(count), TeacherParams(**teacher))
        lost = {key: kept.unanswered(key) for key in names}
    assert known["answered"] == count
    assert known["in_flight"] == 0
    for prompt, key in zip(prompts(count), names, strict=True):
        assert paid[prompt] - 1 <= lost[key]


def test_two_runs_side_by_side_that_want_the_same_answers_pay_once(tmp_path: Path) -> None:
    with ChatServer() as server:
        teacher = settings(server.url, concurrency=16)
        both = [start(1000, tmp_path / "ledger.jsonl", teacher) for _ in range(2)]
        for process in both:
            finish(process)
        assert len(server.paid) == 1000


def test_a_third_of_faults_loses_nothing_and_takes_no_answer_twice(tmp_path: Path) -> None:
    faulty = Faulty(echo, share=0.3, seed=11)
    ledger = tmp_path / "ledger.jsonl"
    with ChatServer(faulty) as server:
        teacher = TeacherParams(
            **settings(server.url, concurrency=64, timeout_seconds=3.0, max_retries=4)
        )
        answers = list(ask(prompts(120), teacher, ledger, "test"))
        assert [answer.text for answer in answers] == [f"answer to {p}" for p in prompts(120)]
        assert set(faulty.faults) == set(faulty.kinds)
        assert len(server.paid) == 120 + faulty.faults["cut"]
    with ChatServer() as server:
        assert len(list(ask(prompts(120), teacher, ledger, "test"))) == 120
        assert server.connections == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_sum_billed_never_exceeds_the_cap_and_comes_close(tmp_path: Path, seed: int) -> None:
    cap, lock, billed = 0.02, threading.Lock(), [0.0]

    def script(call: Call) -> Reply:
        output = random.Random(f"{seed} {call.prompt}").randint(1, 100)
        usage = {"prompt_tokens": 20, "completion_tokens": output}
        with lock:
            billed[0] += (20 * PRICES["input"] + output * PRICES["output"]) / 1e6
        return say("x", usage=usage)

    with ChatServer(script) as server:
        teacher = TeacherParams(
            **settings(
                server.url,
                concurrency=64,
                prices=PRICES,
                max_cost_usd=cap,
                request={"max_completion_tokens": 100},
            )
        )
        with pytest.raises(BudgetError, match=r"max_cost_usd = 0\.02") as caught:
            ask(prompts(500), teacher, tmp_path / "ledger.jsonl", "test")
        calls = len(server.calls)
        assert f"{calls} of 500 answers are kept, {500 - calls} are left" in str(caught.value)
        with pytest.raises(BudgetError):
            ask(prompts(500), teacher, tmp_path / "ledger.jsonl", "test")
    assert 0.9 * cap <= billed[0] <= cap


def test_answers_without_usage_count_as_their_worst_case(tmp_path: Path) -> None:
    with ChatServer(lambda call: say("x", usage=None)) as server:
        teacher = TeacherParams(
            **settings(
                server.url,
                prices=PRICES,
                max_cost_usd=0.005,
                request={"max_completion_tokens": 100},
            )
        )
        with pytest.raises(BudgetError):
            ask(prompts(100), teacher, tmp_path / "ledger.jsonl", "test")
        assert 5 <= len(server.paid) <= 12  # each could have cost 0.0004 and more


# Batches


def batch_settings(server: ChatServer) -> dict[str, Any]:
    batch = {"requests": 7, "poll_seconds": 0.01}
    return settings(server.url, mode="batch", batch=batch, max_retries=5)


def count_events(ledger: Path) -> int:
    """Moments before and after a request of an undisturbed run."""
    events = 0

    def count(method: str, path: str) -> None:
        nonlocal events
        events += 1

    with BatchServer() as server:
        server.before = server.after = count
        finish(start(COUNT, ledger, batch_settings(server)))
    return events


def test_killed_between_every_two_steps_no_batch_is_submitted_twice(tmp_path: Path) -> None:
    events = count_events(tmp_path / "undisturbed.jsonl")
    assert events > 20
    with BatchServer() as server:
        for moment in range(events):
            check_killed_at(moment, server, tmp_path / f"{moment}.jsonl")


def check_killed_at(moment: int, server: BatchServer, ledger: Path) -> None:
    """Kills a run at its n-th moment; the next one goes on, and nothing is paid twice."""
    submitted, paid = server.submitted, len(server.paid_batch)
    seen, started, killed = itertools.count(), threading.Event(), threading.Event()

    def hook(method: str, path: str) -> None:
        if not killed.is_set() and next(seen) == moment:
            assert started.wait(PATIENCE)
            killed.set()
            kill(process)

    server.before = server.after = hook
    process = start(COUNT, ledger, batch_settings(server))
    started.set()
    process.join()
    server.before = server.after = None
    finish(start(COUNT, ledger, batch_settings(server)))
    assert killed.is_set()
    assert len(server.paid_batch) - paid == COUNT, moment
    assert server.submitted - submitted == 2, moment


def test_live_does_not_pay_for_what_an_open_batch_will_bring(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with BatchServer() as server:
        looks, started = 0, threading.Event()

        def hook(method: str, path: str) -> None:
            nonlocal looks
            looks += method == "GET" and "/batches/" in path
            if looks == 1:
                assert started.wait(PATIENCE)
                kill(process)

        server.before = hook
        process = start(5, ledger, batch_settings(server))
        started.set()
        process.join()
        server.before = None
        live = TeacherParams(**(batch_settings(server) | {"mode": "live"}))
        with pytest.raises(OpenBatchError, match="5 of 6 missing answers are in batch"):
            ask(prompts(6), live, ledger, "test")
        assert server.calls == []
        batch = TeacherParams(**batch_settings(server))
        assert len(list(ask(prompts(5), batch, ledger, "test"))) == 5
        assert (server.submitted, len(server.paid_batch)) == (1, 5)


@pytest.mark.parametrize("finish_as", ["expired", "token_limit"])
def test_what_a_batch_leaves_goes_into_the_next_one(tmp_path: Path, finish_as: Any) -> None:
    with BatchServer() as server:
        server.finish = finish_as

        def turn(method: str, path: str) -> None:
            if server.submitted >= 4:
                server.finish = "completed"

        server.before = turn
        teacher = TeacherParams(**batch_settings(server))
        answers = list(ask(prompts(20), teacher, tmp_path / "ledger.jsonl", "test"))
        assert [answer.text for answer in answers] == [f"answer to {p}" for p in prompts(20)]
        assert all(answer.batch for answer in answers)
        assert Counter(server.paid_batch) == Counter(prompts(20))
