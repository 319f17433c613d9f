"""A teacher that is down, slow, or says something useless; a full disk."""

import asyncio
from pathlib import Path

import pytest

from tests.doubles.teacher import ChatServer, Reply, echo, in_turn, refuse, say, settings
from tests.tools.escalating.desks import (
    PRICED,
    SECONDS,
    ask_all,
    params,
    question,
    with_desk,
)
from understudy.contract.answers import REFUSED
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.errors import (
    EndpointError,
    MissingKeyError,
    QuestionError,
    TeacherError,
)
from understudy.teacher.ledger import Ledger
from understudy.tools.escalating import breaker
from understudy.tools.escalating.desk import Desk, open_desk


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


def test_an_answer_that_the_disk_does_not_take_counts_at_its_worst_case(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(desk: Desk, server: ChatServer) -> None:
        append = desk._ledger._log.append

        def full(lines: list[bytes]) -> None:
            if any(b'"kind":"answered"' in line for line in lines):
                _fail(lines)
            append(lines)

        with monkeypatch.context() as patched:
            patched.setattr(desk._ledger._log, "append", full)
            [error] = await ask_all(desk, ["a"])
            assert isinstance(error, TeacherError)
        assert desk.days.spent_usd == 10
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert (len(server.paid), desk.days.spent_usd) == (2, 17)

    with_desk(echo, path, use, cap=100.0, **PRICED)


def _fail(_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_key_that_is_not_there_is_told_before_anything_is_asked(path: Path) -> None:
    with pytest.raises(MissingKeyError), ChatServer() as server:
        asyncio.run(_open(params(server, api_key_env="NO_SUCH_KEY"), path))


async def _open(teacher: TeacherParams, path: Path) -> None:
    async with open_desk(teacher, path, None):
        pass
