"""Single questions of a server: each answer paid once, within the cap, whatever goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.doubles.faults import UNBILLED, UNKNOWN, AtFirst
from tests.doubles.teacher import (
    ChatServer,
    Hold,
    Reply,
    Script,
    echo,
    in_turn,
    refuse,
    say,
    settings,
)
from tests.teacher import asking
from understudy.contract.answers import REFUSED
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import ParamsError
from understudy.teacher import breaker
from understudy.teacher.desk import Desk, check_cap, open_desk
from understudy.teacher.errors import (
    DailyCapError,
    EndpointError,
    LateAnswerError,
    MissingAnswerError,
    MissingKeyError,
    QuestionError,
    TeacherError,
)
from understudy.teacher.ledger import Ledger
from understudy.teacher.requests import Question

T = TypeVar("T")
PRICES = {"input": 0.0, "cached_input": 0.0, "output": 1_000_000.0, "batch_factor": 0.5}
"""A dollar a token of the answer: an answer of the double costs 7, and at most 10."""
PRICED = {"prices": PRICES, "request": {"max_completion_tokens": 10}}
SECONDS = 20.0


def question(text: str) -> Question:
    return Question.of(text)


def params(server: ChatServer, **changes: Any) -> TeacherParams:
    return TeacherParams(**settings(server.url, **{"max_retries": 3, **changes}))


def with_desk(
    script: Script,
    path: Path,
    use: Callable[[Desk, ChatServer], Coroutine[Any, Any, T]],
    cap: float | None = None,
    **changes: Any,
) -> T:
    """Uses a desk before a server with a script."""

    async def work() -> T:
        async with opened(server, path, cap, **changes) as desk:
            return await use(desk, server)

    with ChatServer(script) as server:
        return asyncio.run(work())


@asynccontextmanager
async def opened(
    server: ChatServer, path: Path, cap: float | None = None, **changes: Any
) -> AsyncIterator[Desk]:
    async with open_desk(params(server, **changes), path, cap) as desk:
        yield desk


async def ask_all(desk: Desk, texts: list[str]) -> list[Any]:
    """Answers' texts, or errors."""
    asked = (desk.answer(question(text), SECONDS) for text in texts)
    found = await asyncio.gather(*asked, return_exceptions=True)
    return [one if isinstance(one, BaseException) else one.text for one in found]


def test_a_question_is_answered_and_asked_again_costs_no_call(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        for _ in range(2):
            assert (await desk.answer(question("a"), SECONDS)).text == "answer to a"
        assert len(server.calls) == 1

    with_desk(echo, path, use)


def test_equal_questions_at_once_are_one_call(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        assert await ask_all(desk, ["a"] * 64) == ["answer to a"] * 64
        assert len(server.calls) == 1

    with_desk(echo, path, use)


def test_equal_questions_in_two_workers_are_one_call(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        async with opened(server, path) as other:
            both = await asyncio.gather(ask_all(desk, ["a", "b"]), ask_all(other, ["b", "a"]))
        assert both[0] == ["answer to a", "answer to b"]
        assert both[1] == ["answer to b", "answer to a"]
        assert len(server.calls) == 2

    with_desk(echo, path, use)


def test_what_a_stage_has_asked_costs_no_call_and_the_other_way_round(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        teacher = params(server)
        await asyncio.to_thread(asking.ask, ["a"], teacher, path)
        assert await ask_all(desk, ["a", "b"]) == ["answer to a", "answer to b"]
        answers = await asyncio.to_thread(asking.ask, ["b", "a"], teacher, path)
        assert [one.text for one in answers] == ["answer to b", "answer to a"]
        assert len(server.calls) == 2

    with_desk(echo, path, use)


def test_a_call_goes_on_when_nobody_waits_and_is_not_paid_again(path: Path) -> None:
    hold = Hold(0)

    async def use(desk: Desk, server: ChatServer) -> None:
        with pytest.raises(LateAnswerError, match="no answer within"):
            await desk.answer(question("a"), 0.2)
        hold.release()
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert len(server.calls) == 1

    with_desk(hold, path, use)


def test_the_cap_of_the_day_holds_with_64_questions_in_flight_in_two_workers(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        async with opened(server, path, 100.0, concurrency=64, **PRICED) as other:
            found = await asyncio.gather(
                ask_all(desk, [f"a{n}" for n in range(32)]),
                ask_all(other, [f"b{n}" for n in range(32)]),
            )
        answered = [one for half in found for one in half if isinstance(one, str)]
        refused = [one for half in found for one in half if isinstance(one, DailyCapError)]
        # an answer costs 7, and 10 at most: 13 fit, a fourteenth could cost 101
        assert len(answered) == len(server.paid) == 13
        assert len(refused) == 51
        assert desk.days.spent_usd <= 100

    with_desk(echo, path, use, cap=100.0, concurrency=64, **PRICED)


def test_what_is_spent_outlives_a_restart_and_ends_with_the_day(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        async with opened(server, path, 16.0, **PRICED) as restarted:
            assert restarted.days.spent_usd == 7
            [error] = await ask_all(restarted, ["b"])
            assert isinstance(error, DailyCapError)
            assert "$7.0000 of this day" in str(error)
            assert await ask_all(restarted, ["a"]) == ["answer to a"]  # it is in the ledger
        tomorrow = desk.days._today().replace(year=2999)
        async with open_desk(params(server, **PRICED), path, 16.0, lambda: tomorrow) as later:
            assert await ask_all(later, ["b"]) == ["answer to b"]

    with_desk(echo, path, use, cap=16.0, **PRICED)


@pytest.mark.parametrize("kind", UNBILLED)
def test_a_call_that_fails_unbilled_is_made_again_and_paid_once(
    kind: str, path: Path, impatient: None
) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert len(server.calls) == 3
        assert desk.days.spent_usd == 7

    with_desk(AtFirst(UNBILLED[kind], 2), path, use, cap=100.0, **PRICED)


@pytest.mark.parametrize("kind", UNKNOWN)
def test_a_call_with_an_unknown_end_is_booked_at_its_worst_case(
    kind: str, path: Path, impatient: None
) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert desk.days.spent_usd == 10 + 7

    with_desk(AtFirst(UNKNOWN[kind], 1), path, use, cap=100.0, timeout_seconds=0.5, **PRICED)
    with Ledger(path) as ledger:
        assert ledger.count() == {"answered": 1, "failed": 0, "in_flight": 0, "lost": 1}


def test_a_retry_that_does_not_fit_under_the_cap_is_not_made(path: Path, impatient: None) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        [error] = await ask_all(desk, ["a"])
        assert isinstance(error, DailyCapError)
        assert len(server.calls) == 1

    with_desk(AtFirst(UNKNOWN["504"], 1), path, use, cap=19.0, **PRICED)


def test_a_teacher_that_is_down_is_asked_no_more_for_a_while(
    path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = [refuse(500, "oops")]

    async def use(desk: Desk, server: ChatServer) -> None:
        found = [(await ask_all(desk, [f"{n}"]))[0] for n in range(5)]
        assert all(isinstance(one, EndpointError) for one in found)
        assert len(server.calls) == 3
        assert "its last 3 calls have failed" in str(found[-1])
        reply[0] = say("fine")
        monkeypatch.setattr(breaker, "REST_SECONDS", 0.0)
        desk._breaker._rests_until = 0.0
        assert await ask_all(desk, ["a", "b"]) == ["fine", "fine"]

    with_desk(lambda _: reply[0], path, use, max_retries=0)


def test_a_teacher_that_is_not_there_fails_at_once_and_may_come(
    path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(desk: Desk) -> None:
        found = await ask_all(desk, ["a", "b"])
        assert all(isinstance(one, EndpointError) for one in found)

    async def work() -> None:
        async with open_desk(nowhere, path, None) as desk:
            await use(desk)

    nowhere = TeacherParams(**settings("http://127.0.0.1:9/v1"))
    asyncio.run(work())
    with Ledger(path) as ledger:
        assert ledger.count()["in_flight"] == 0


def test_a_wrong_key_is_an_error_of_the_endpoint(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        server.key = "other"
        [error] = await ask_all(desk, ["a"])
        assert isinstance(error, EndpointError)
        assert "refuses the API key" in str(error)

    with_desk(echo, path, use)


def test_a_question_that_is_too_long_fails_alone(path: Path) -> None:
    script = in_turn(refuse(400, "too long", "context_length_exceeded"), echo)

    async def use(desk: Desk, server: ChatServer) -> None:
        [error] = await ask_all(desk, ["a"])
        assert isinstance(error, QuestionError)
        assert await ask_all(desk, ["b"]) == ["answer to b"]
        assert desk.days.spent_usd == 7

    with_desk(script, path, use, cap=100.0, **PRICED)


def test_a_refusal_of_the_endpoints_filter_is_an_answer_that_is_kept(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        for _ in range(2):
            answer = await desk.answer(question("a"), SECONDS)
            assert (answer.text, answer.finish_reason) == ("", REFUSED)
        assert len(server.calls) == 1
        assert desk.days.spent_usd == 0

    with_desk(lambda _: refuse(400, "no", "content_filter"), path, use, cap=100.0, **PRICED)


def test_garbage_is_kept_as_an_answer_that_was_paid_for(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        for _ in range(2):
            answer = await desk.answer(question("a"), SECONDS)
            assert answer.find_problem() == "unreadable"
        assert len(server.calls) == 1
        assert desk.days.spent_usd == 10  # it reports no usage

    with_desk(lambda _: Reply({"surprise": 1}, paid=True), path, use, cap=100.0, **PRICED)


def test_replay_opens_no_connection(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        [error] = await ask_all(desk, ["a"])
        assert isinstance(error, MissingAnswerError)
        assert server.connections == 0

    with_desk(echo, path, use, mode="replay")


def test_the_embedded_teacher_answers_too(path: Path) -> None:
    async def work() -> list[Any]:
        async with open_desk(TeacherParams(), path, None) as desk:
            return await ask_all(desk, ["Please summarize the following news article. 'A b. C d.'"])

    [text] = asyncio.run(work())
    assert isinstance(text, str)
    assert text


def test_another_model_under_the_name_has_answers_of_its_own(path: Path) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        assert server.models is not None
        server.models[0]["root"] = "small"
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        server.models[0]["root"] = "large"
        async with opened(server, path) as restarted:
            assert await ask_all(restarted, ["b", "a"]) == ["answer to b", "answer to a"]
            assert len(server.calls) == 2  # what is there is not looked at again before a call
            assert await ask_all(restarted, ["a"]) == ["answer to a"]
        assert len(server.calls) == 3

    with_desk(echo, path, use)


def test_a_full_disk_makes_no_call_and_room_lets_it_go_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(desk._ledger._log, "append", _fail)
            [error] = await ask_all(desk, ["a"])
            assert isinstance(error, TeacherError)
            assert "takes no more records" in str(error)
            assert len(server.calls) == 0
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert desk.days.spent_usd == 7

    with_desk(echo, path, use, cap=100.0, **PRICED)


def _fail(_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_key_that_is_not_there_is_told_before_anything_is_asked(path: Path) -> None:
    with pytest.raises(MissingKeyError), ChatServer() as server:
        asyncio.run(_open(params(server, api_key_env="NO_SUCH_KEY"), path))


async def _open(teacher: TeacherParams, path: Path) -> None:
    async with open_desk(teacher, path, None):
        pass


def test_a_cap_that_nothing_could_hold_is_refused() -> None:
    prices = {"input": 1.0, "output": 1.0}
    with pytest.raises(ParamsError, match=r"serve\.max_cost_usd = 5: .*max_completion_tokens"):
        check_cap(TeacherParams(**settings("http://a/v1", prices=prices)), 5.0)
    check_cap(TeacherParams(**settings("http://a/v1", **PRICED)), 5.0)
    check_cap(TeacherParams(**settings("http://a/v1", prices=prices)), None)
    check_cap(TeacherParams(), 5.0)
