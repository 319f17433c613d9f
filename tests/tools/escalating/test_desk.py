"""Single questions of a server: each answer is paid once."""

import asyncio
from pathlib import Path

import pytest

from tests.doubles.teacher import Hold, echo
from tests.teacher import asking
from tests.tools.escalating.desks import (
    SECONDS,
    ask_all,
    desk_before,
    opened,
    params,
    question,
)
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.errors import (
    LateAnswerError,
    MissingAnswerError,
)
from understudy.tools.escalating.daily import Claim
from understudy.tools.escalating.desk import open_desk

pytestmark = pytest.mark.anyio


async def test_a_question_is_answered_and_asked_again_costs_no_call(path: Path) -> None:
    async with desk_before(echo, path) as (desk, server):
        for _ in range(2):
            assert (await desk.answer(question("a"), SECONDS)).text == "answer to a"
        assert len(server.calls) == 1


async def test_equal_questions_at_once_are_one_call(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = list[str]()
    async with desk_before(echo, path) as (desk, server):
        claim = desk.days.claim

        def note(key: str, worst_usd: float) -> Claim:
            claims.append(key)
            return claim(key, worst_usd)

        monkeypatch.setattr(desk.days, "claim", note)
        assert await ask_all(desk, ["a"] * 64) == ["answer to a"] * 64
        assert len(server.calls) == len(claims) == 1


async def test_what_a_stage_has_asked_costs_no_call_and_the_other_way_round(path: Path) -> None:
    async with desk_before(echo, path) as (desk, server):
        teacher = params(server)
        await asyncio.to_thread(asking.ask, ["a"], teacher, path)
        assert await ask_all(desk, ["a", "b"]) == ["answer to a", "answer to b"]
        answers = await asyncio.to_thread(asking.ask, ["b", "a"], teacher, path)
        assert [one.text for one in answers] == ["answer to b", "answer to a"]
        assert len(server.calls) == 2


async def test_a_call_goes_on_when_nobody_waits_and_is_not_paid_again(path: Path) -> None:
    hold = Hold(0)
    async with desk_before(hold, path) as (desk, server):
        with pytest.raises(LateAnswerError, match="no answer within"):
            await desk.answer(question("a"), 0.2)
        hold.release()
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert len(server.calls) == 1


async def test_replay_opens_no_connection(path: Path) -> None:
    async with desk_before(echo, path, mode="replay") as (desk, server):
        [error] = await ask_all(desk, ["a"])
        assert isinstance(error, MissingAnswerError)
        assert server.connections == 0


async def test_the_embedded_teacher_answers_too(path: Path) -> None:
    async with open_desk(TeacherParams(), path, None) as desk:
        [text] = await ask_all(desk, ["Please summarize the following news article. 'A b. C d.'"])
    assert isinstance(text, str)
    assert text


async def test_another_model_under_the_name_has_answers_of_its_own(path: Path) -> None:
    async with desk_before(echo, path) as (desk, server):
        assert server.models is not None
        server.models[0]["root"] = "small"
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        server.models[0]["root"] = "large"
        async with opened(server, path) as restarted:
            assert await ask_all(restarted, ["b", "a"]) == ["answer to b", "answer to a"]
            assert len(server.calls) == 2  # what is there is not looked at again before a call
            assert await ask_all(restarted, ["a"]) == ["answer to a"]
        assert len(server.calls) == 3
