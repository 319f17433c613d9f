"""How long a call took: the endpoint's time alone, the same by whatever way the answer comes back.

The double says how long it kept each call. Nothing here has a deadline: a figure is compared with
the double's for the same calls.
"""

import asyncio
import statistics
import threading
from dataclasses import replace
from pathlib import Path

import aiohttp
import pyarrow.parquet as pq
import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.teacher import Call, ChatServer, Reply, Script, echo, refuse, settings
from tests.teacher import batching
from tests.teacher.asking import ask, prompts
from tests.teacher.recalling import answer, write
from understudy.contract.answers import Answer
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.teacher import lines
from understudy.teacher.ledger import Ledger
from understudy.teacher.recall import read_answers
from understudy.teacher.records import decode
from understudy.teacher.stopwatch import timing, trace

DELAY = 0.4
ROUNDED = 0.001


def slow(call: Call) -> Reply:
    return replace(echo(call), delay=DELAY)


def hurried(call: Call) -> Reply:
    """Its headers say that the next second is for nobody."""
    told = {"limit-requests": "60", "remaining-requests": "0", "reset-requests": "1s"}
    return replace(slow(call), headers={f"x-ratelimit-{name}": told[name] for name in told})


def refused_first(script: Script, retry_after_ms: str) -> Script:
    """Refuses each prompt once, after as long as an answer takes, and asks for a pause."""
    seen = set[str]()

    def refuse_first(call: Call) -> Reply:
        if call.prompt in seen:
            return script(call)
        seen.add(call.prompt)
        busy = refuse(429, "Slow down.", "rate_limit_exceeded", retry_after_ms=retry_after_ms)
        return replace(busy, delay=DELAY)

    return refuse_first


def check(server: ChatServer, answers: list[Answer], asked: list[str]) -> None:
    """No call was faster than the double says, and the median call has no pause in it."""
    kept = {prompt: ended - since for prompt, since, ended in server.kept}
    times = [answer.seconds for answer in answers if answer.seconds is not None]
    assert len(times) == len(asked)
    assert statistics.median(times) < statistics.median(kept.values()) + DELAY / 2
    assert all(
        seconds >= kept[prompt] - ROUNDED for seconds, prompt in zip(times, asked, strict=True)
    )


@pytest.mark.parametrize(
    ("script", "changes"),
    [
        (slow, {"concurrency": 1}),
        (hurried, {"concurrency": 8}),
        (refused_first(slow, "900"), {"concurrency": 2, "max_retries": 9}),
    ],
    ids=["few calls at once", "a pace", "refused, and asked to wait"],
)
def test_waiting_for_limits_is_not_in_the_time_of_a_call(
    script: Script, changes: dict[str, int], path: Path
) -> None:
    asked = prompts(6)
    with ChatServer(script) as server:
        answers = ask(asked, TeacherParams(**settings(server.url, **changes)), path)
    check(server, answers, asked)
    run = max(ended for *_, ended in server.kept) - min(since for _, since, _ in server.kept)
    assert run > 2 * statistics.median([answer.seconds or 0 for answer in answers])


def test_the_queue_inside_of_a_server_is_time_that_its_users_wait(path: Path) -> None:
    desk, asked = threading.Lock(), prompts(4)

    def one_at_a_time(call: Call) -> Reply:
        with desk:
            threading.Event().wait(DELAY / 2)
        return echo(call)

    with ChatServer(one_at_a_time) as server:
        answers = ask(asked, TeacherParams(**settings(server.url)), path)
    check(server, answers, asked)
    assert max(answer.seconds or 0 for answer in answers) > DELAY


def test_waiting_for_a_free_connection_is_not_in_it() -> None:
    async def post(session: aiohttp.ClientSession, url: str, prompt: str) -> float:
        body = {"messages": [{"role": "user", "content": prompt}]}
        with timing() as watch:
            async with session.post(f"{url}/chat/completions", json=body) as response:
                await response.read()
        return watch.seconds

    async def post_all(url: str) -> list[float]:
        one = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(connector=one, trace_configs=[trace()]) as session:
            return await asyncio.gather(*(post(session, url, prompt) for prompt in prompts(3)))

    with ChatServer(slow) as server:
        times = asyncio.run(post_all(server.url))
        assert server.most_in_flight == 1
    kept = statistics.median(ended - since for _, since, ended in server.kept)
    assert kept - ROUNDED <= statistics.median(times) < kept + DELAY / 2


# The ways back


def test_what_was_measured_comes_back_from_the_ledger_and_from_an_output(
    path: Path, tmp_path: Path
) -> None:
    output = tmp_path / "answers.parquet"
    with ChatServer() as server:
        teacher = TeacherParams(**settings(server.url))
        first = ask(["a"], teacher, path)
        assert ask(["a"], teacher, path) == first
        write(output, first, "prediction")
        again = ask(["a"], teacher, tmp_path / "fresh.jsonl", outputs=output)
        assert len(server.calls) == 1
    assert again == first
    assert first[0].seconds is not None


def test_the_line_of_an_answer_without_a_time_is_what_it_was() -> None:
    line = lines.recalled(answer(1), "test")
    assert "seconds" not in decode(line).content["answer"]
    assert line != lines.recalled(answer(1, batch=False, seconds=0.5), "test")


def test_an_output_of_an_earlier_version_has_no_times(tmp_path: Path) -> None:
    write(tmp_path / "new.parquet", [answer(1, batch=False, seconds=2.0)])
    table = pq.read_table(tmp_path / "new.parquet").drop_columns(["seconds"])
    pq.write_table(table, tmp_path / "old.parquet")
    assert [found.seconds for found in read_answers(tmp_path / "new.parquet")] == [2.0]
    assert [found.seconds for found in read_answers(tmp_path / "old.parquet")] == [None]


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf"), "soon"])
def test_what_is_no_time_is_none_and_costs_no_answer(path: Path, seconds: object) -> None:
    odd = replace(answer(1, batch=False), seconds=seconds)  # type: ignore[arg-type]
    with Ledger(path) as ledger:
        ledger.append([lines.recalled(odd, "test")])
        assert ledger.answer(odd.request) == replace(odd, seconds=None)


# Answers without a time


def test_an_answer_of_a_batch_a_failed_call_and_a_refused_prompt_have_none(path: Path) -> None:
    with BatchServer() as server:
        assert ask(["a"], batching.params(server), path)[0].seconds is None
    refusals = {
        "b": refuse(400, "Too long.", "context_length_exceeded"),
        "c": refuse(400, "No.", "content_filter"),
    }
    with ChatServer(lambda call: refusals[call.prompt]) as server:
        teacher = TeacherParams(**settings(server.url, max_failed=1.0, look_after=None))
        failed, refused = ask(["b", "c"], teacher, path)
    assert (failed.find_problem(), refused.find_problem()) == ("failed", "refused")
    assert (failed.seconds, refused.seconds) == (None, None)


def test_the_embedded_teacher_is_timed_like_any_other(path: Path) -> None:
    asked = ["Please summarize the following news article. 'It rained.'"]
    (found,) = ask(asked, TeacherParams(**settings(EMBEDDED, model="embedded-rules")), path)
    assert found.seconds is not None
