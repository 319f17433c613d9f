"""Servers that restart, load their model, or ask for hours: whole runs in virtual time."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.doubles.teacher import say, settings
from tests.teacher.asking import prompts, requests
from tests.virtual_time import run
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher import budget, live, run_context
from understudy.teacher.errors import ComeBackError, EndpointError
from understudy.teacher.records import decode
from understudy.teacher.requests import Request
from understudy.teacher.retries import RetryableError, classify_status
from understudy.teacher.stopping import Stop
from understudy.teacher.tally import Tally

COUNT = 300
SECONDS = 2.0
"""One answer's."""


class Meter:
    """Notes what would be printed."""

    stage = "test"

    def __init__(self, total: int) -> None:
        self.total, self.done, self.failed = total, 0, 0
        self.said: list[str] = []

    def answered(self) -> None:
        self.done += 1

    def show(self, spent: float, pushed_back: int) -> None:
        """The progress line is no matter here."""

    def say(self, text: str) -> None:
        self.said.append(text)


class Journal:
    """Keeps the kinds of lines, and is never late."""

    ledger = SimpleNamespace(reserve=SimpleNamespace(given_back=False))

    def __init__(self) -> None:
        self.kinds = Counter[str]()
        self.unended = Counter[str]()

    def add(self, line: bytes) -> "asyncio.Future[None]":
        record = decode(line)
        self.kinds[record.kind] += 1
        self.unended[record.key] += 1 if record.kind == "sent" else 0
        if record.kind != "sent" and self.unended[record.key]:
            self.unended[record.key] -= 1
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


Fault = Callable[[float, str, int], Exception | None]
"""Why a call fails, by its time, its prompt, and the calls in flight with it; None: it does not."""


class Run:
    """One run against a server in the same event loop."""

    def __init__(self, fault: Fault, count: int = COUNT, **changes: Any) -> None:
        usual = {"wait_seconds": 300.0, "max_retries": 2, "concurrency": 16, **changes}
        self.params = TeacherParams(**settings("http://h/v1", **usual))
        self.fault, self.meter, self.journal = fault, Meter(count), Journal()
        self.address = "http://h/v1/"
        self.calls = self.refused = self.in_flight = 0
        self.stop = Stop()
        self.ended = 0.0
        self.requests = requests(prompts(count), self.params)
        run(self._run())

    async def _run(self) -> None:
        def wanted(keys: set[str]) -> Iterator[Request]:
            return iter(self.requests)

        context = run_context.RunContext(
            stage="test",
            params=self.params,
            requests=wanted,
            endpoint=cast("Any", self),
            journal=cast("Any", self.journal),
            budget=budget.Budget(self.params, 0.0),
            meter=cast("Any", self.meter),
            stop=self.stop,
            tally=Tally(),
        )
        await live.LiveRun(context).run({request.key for request in self.requests})
        self.ended = asyncio.get_running_loop().time()

    async def complete(self, request: Request) -> tuple[Any, Mapping[str, str], float]:
        """What an endpoint does."""
        self.calls += 1
        now = asyncio.get_running_loop().time()
        if error := self.fault(now, request.question.text, self.in_flight):
            self.refused += 1
            await asyncio.sleep(0.01)
            raise error
        self.in_flight += 1
        await asyncio.sleep(SECONDS)
        self.in_flight -= 1
        return say("x").body, {}, SECONDS


GONE = RetryableError("no answer (Connect call failed)", away="surely")


def refused(status: int, body: Any, **headers: str) -> Exception:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify_status(status, body, sent, "m")


AWAY = [
    GONE,
    refused(503, {"message": "Loading model", "type": "unavailable_error", "code": 503}),
    refused(503, {"message": "Model acme/m is currently loading", "estimated_time": 20.0}),
    refused(503, {"message": "Service temporarily unavailable"}),
    refused(503, "<html><h1>503 Service Unavailable</h1></html>"),
    refused(503, "no healthy upstream"),
    refused(502, "<html><h1>502 Bad Gateway</h1></html>"),
    refused(521, ""),
]


def _away(error: Exception, start: float) -> Fault:
    """A server that answers what it has begun, and then nothing for two minutes."""
    return lambda now, prompt, others: error if start <= now < start + 120 else None


@pytest.mark.parametrize("start", [0.0, 6.5])
def test_a_server_that_says_it_is_busy_and_answers_nobody_is_waited_for(start: float) -> None:
    found = Run(_away(refused(503, {"message": "The engine is overloaded"}), start), max_retries=6)
    assert found.stop.error is None
    assert (found.meter.done, found.meter.failed) == (COUNT, 0)
    assert found.refused < 90
    assert len(found.meter.said) == 1


@pytest.mark.parametrize("error", AWAY, ids=str)
@pytest.mark.parametrize("start", [0.0, 6.5])
def test_a_server_that_is_away_for_two_minutes_is_waited_for_with_few_calls(
    error: Exception, start: float
) -> None:
    found = Run(_away(error, start))
    assert found.stop.error is None
    assert (found.meter.done, found.meter.failed) == (COUNT, 0)
    assert found.refused < 60
    (line,) = found.meter.said
    assert line.startswith("http://h/v1/: ")
    assert "waiting for the server until" in line
    assert "teacher.wait_seconds = 300" in line
    assert sum(found.journal.unended.values()) == 0
    assert found.journal.kinds["unbilled"] == found.refused
    assert found.ended < start + 150 + COUNT  # back at its pace within seconds


def test_a_server_that_does_not_come_back_ends_the_run_after_that_time() -> None:
    found = Run(lambda now, prompt, others: GONE if now > 6.5 else None)
    assert isinstance(found.stop.error, EndpointError)
    assert "for teacher.wait_seconds = 300; start the server, then type `dvc repro`" in str(
        found.stop.error
    )
    assert 0 < found.meter.done < COUNT
    assert found.meter.failed == 0
    assert 306 < found.ended < 320
    assert found.refused < 80
    assert sum(found.journal.unended.values()) == 0


def test_without_a_wait_refusals_use_up_the_retries() -> None:
    found = Run(lambda now, prompt, others: GONE, wait_seconds=0.0)
    assert "failed for good" in str(found.stop.error)
    assert found.ended < 30
    assert found.meter.said == []


@pytest.mark.parametrize(("number", "most"), [(7, COUNT), (COUNT - 1, 2 * COUNT)])
def test_a_prompt_that_the_server_does_not_stand_fails_and_holds_up_no_other(
    number: int, most: float
) -> None:
    poison, prompt = refused(502, "<html>Bad gateway</html>"), f"prompt {number}"
    found = Run(lambda now, asked, _: poison if asked == prompt else None, max_failed=0.01)
    assert found.stop.error is None
    assert (found.meter.done, found.meter.failed) == (COUNT - 1, 1)
    assert found.journal.kinds["failed"] == 1
    assert found.ended < most  # the last one fails after the wait


def test_a_busy_server_is_not_taken_for_one_that_is_away() -> None:
    busy = refused(503, {"message": "The engine is overloaded"})
    found = Run(lambda now, prompt, others: busy if others >= 4 else None, max_retries=20)
    assert found.stop.error is None
    assert found.meter.done == COUNT
    assert found.meter.said == []
    assert found.ended < 1.5 * COUNT * SECONDS / 4


def test_calls_over_a_rate_limit_are_all_answered_in_the_end() -> None:
    taken = deque[float](maxlen=4)

    def limited(now: float, prompt: str, others: int) -> Exception | None:
        if len(taken) == 4 and taken[0] > now - 10:
            return refused(429, {"message": "Slow down"})
        taken.append(now)
        return None

    found = Run(limited, count=60, max_retries=20)
    assert found.stop.error is None
    assert (found.meter.done, found.meter.said) == (60, [])
    assert found.refused > 0
    assert found.journal.kinds["unbilled"] == found.refused


def test_a_server_that_asks_for_a_pause_while_it_loads_is_asked_after_it() -> None:
    loading = refused(503, {"message": "Loading model"}, retry_after="50")
    found = Run(lambda now, prompt, others: loading if now < 49 else None)
    assert found.meter.done == COUNT
    assert found.refused <= 8


# Waits of hours, and of minutes


@pytest.mark.parametrize(
    "error",
    [
        refused(429, {"message": "Used 499990. Please try again in 7h12m."}, retry_after="25920"),
        refused(429, {"message": "Quota.", "details": [{"retryDelay": "36000s"}]}),
        refused(429, {"message": "Come back, wait 2 hours"}),
        refused(503, "<html>Maintenance</html>", retry_after="7200"),
    ],
    ids=str,
)
def test_a_wait_of_hours_ends_the_run_at_the_first_refusal(error: Exception) -> None:
    found = Run(lambda now, prompt, others: error if now > 6.5 else None)
    assert isinstance(found.stop.error, ComeBackError)
    message = str(found.stop.error)
    assert "; the endpoint asks to wait until " in message
    assert message.endswith("; type `dvc repro` then")
    assert "\n" not in message
    assert found.meter.done > 0
    assert found.refused <= 16
    assert found.ended < 12  # calls in flight had their answers
    assert sum(found.journal.unended.values()) == 0
    assert found.journal.kinds["failed"] == 0
    assert found.meter.said == []


def test_a_wait_of_minutes_is_kept_and_told_once() -> None:
    slow = refused(429, {"message": "Slow down"}, retry_after="300")
    found = Run(lambda now, prompt, others: slow if 6.5 < now < 300 else None)
    assert found.meter.done == COUNT
    (line,) = found.meter.said
    assert "the endpoint asks to wait until" in line
    assert found.ended > 300


def test_a_wait_of_seconds_is_not_told() -> None:
    slow = refused(429, {"message": "Please try again in 20s."})
    found = Run(lambda now, prompt, others: slow if 6.5 < now < 20 else None)
    assert found.meter.done == COUNT
    assert found.meter.said == []
