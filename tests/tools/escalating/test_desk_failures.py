"""A teacher that is down, slow, or says something useless; a full disk."""

from pathlib import Path

import pytest

from tests.doubles.teacher import ChatServer, Reply, echo, in_turn, refuse, say, settings
from tests.tools.escalating.desks import (
    CAPPED,
    SECONDS,
    ask_all,
    desk_before,
    params,
    question,
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
from understudy.tools.escalating.desk import open_desk

pytestmark = pytest.mark.anyio


async def test_a_teacher_that_is_down_is_asked_no_more_for_a_while(
    path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = [refuse(500, "oops")]
    async with desk_before(lambda _: reply[0], path, max_retries=0) as (desk, server):
        found = [(await ask_all(desk, [f"{n}"]))[0] for n in range(5)]
        assert all(isinstance(one, EndpointError) for one in found)
        assert len(server.calls) == 3
        assert "its last 3 calls have failed" in str(found[-1])
        reply[0] = say("fine")
        monkeypatch.setattr(breaker, "REST_SECONDS", 0.0)
        desk._breaker._rests_until = 0.0
        assert await ask_all(desk, ["a", "b"]) == ["fine", "fine"]


async def test_a_teacher_that_is_not_there_fails_at_once_and_may_come(
    path: Path, impatient: None
) -> None:
    nowhere = TeacherParams(**settings("http://127.0.0.1:9/v1"))
    async with open_desk(nowhere, path, None) as desk:
        found = await ask_all(desk, ["a", "b"])
    assert all(isinstance(one, EndpointError) for one in found)
    with Ledger(path) as ledger:
        assert ledger.count()["in_flight"] == 0


async def test_a_wrong_key_is_an_error_of_the_endpoint(path: Path) -> None:
    async with desk_before(echo, path) as (desk, server):
        server.key = "other"
        [error] = await ask_all(desk, ["a"])
        assert isinstance(error, EndpointError)
        assert "refuses the API key" in str(error)


async def test_a_question_that_is_too_long_fails_alone(path: Path) -> None:
    script = in_turn(refuse(400, "too long", "context_length_exceeded"), echo)
    async with desk_before(script, path, **CAPPED) as (desk, _):
        [error] = await ask_all(desk, ["a"])
        assert isinstance(error, QuestionError)
        assert await ask_all(desk, ["b"]) == ["answer to b"]
        assert desk.days.spent_usd == 7


async def test_a_refusal_of_the_endpoints_filter_is_an_answer_that_is_kept(path: Path) -> None:
    script = in_turn(refuse(400, "no", "content_filter"))
    async with desk_before(script, path, **CAPPED) as (desk, server):
        for _ in range(2):
            answer = await desk.answer(question("a"), SECONDS)
            assert (answer.text, answer.finish_reason) == ("", REFUSED)
        assert len(server.calls) == 1
        assert desk.days.spent_usd == 0


async def test_garbage_is_kept_as_an_answer_that_was_paid_for(path: Path) -> None:
    script = in_turn(Reply({"surprise": 1}, paid=True))
    async with desk_before(script, path, **CAPPED) as (desk, server):
        for _ in range(2):
            answer = await desk.answer(question("a"), SECONDS)
            assert answer.find_problem() == "unreadable"
        assert len(server.calls) == 1
        assert desk.days.spent_usd == 10  # it reports no usage


async def test_a_full_disk_makes_no_call_and_room_lets_it_go_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_before(echo, path, **CAPPED) as (desk, server):
        with monkeypatch.context() as patched:
            patched.setattr(desk._ledger._log, "append", _fail)
            [error] = await ask_all(desk, ["a"])
            assert isinstance(error, TeacherError)
            assert "takes no more records" in str(error)
            assert len(server.calls) == 0
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert desk.days.spent_usd == 7


async def test_an_answer_that_the_disk_does_not_take_counts_at_its_worst_case(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_before(echo, path, **CAPPED) as (desk, server):
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


def _fail(_: object) -> None:
    raise OSError(28, "No space left on device")


async def test_a_key_that_is_not_there_is_told_before_anything_is_asked(path: Path) -> None:
    with pytest.raises(MissingKeyError), ChatServer() as server:
        await open_desk(params(server, api_key_env="NO_SUCH_KEY"), path, None).__aenter__()
