"""The cap of a day, and what counts under it."""

from pathlib import Path

import pytest

from tests.doubles.faults import UNBILLED, UNKNOWN, AtFirst
from tests.doubles.teacher import echo, settings
from tests.tools.escalating.desks import (
    CAPPED,
    PRICED,
    ask_all,
    desk_before,
    opened,
    params,
)
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import ParamsError
from understudy.teacher.errors import (
    DailyCapError,
)
from understudy.teacher.ledger import Ledger
from understudy.tools.escalating.desk import check_cap, open_desk

pytestmark = pytest.mark.anyio


async def test_what_is_spent_outlives_a_restart_and_ends_with_the_day(path: Path) -> None:
    async with desk_before(echo, path, cap=16.0, **PRICED) as (desk, server):
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


@pytest.mark.parametrize("kind", UNBILLED)
async def test_a_call_that_fails_unbilled_is_made_again_and_paid_once(
    kind: str, path: Path, impatient: None
) -> None:
    async with desk_before(AtFirst(UNBILLED[kind], 2), path, **CAPPED) as (desk, server):
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert len(server.calls) == 3
        assert desk.days.spent_usd == 7


@pytest.mark.parametrize("kind", UNKNOWN)
async def test_a_call_with_an_unknown_end_is_booked_at_its_worst_case(
    kind: str, path: Path, impatient: None
) -> None:
    script = AtFirst(UNKNOWN[kind], 1)
    async with desk_before(script, path, timeout_seconds=0.5, **CAPPED) as (desk, _):
        assert await ask_all(desk, ["a"]) == ["answer to a"]
        assert desk.days.spent_usd == 10 + 7
    with Ledger(path) as ledger:
        assert ledger.count() == {"answered": 1, "failed": 0, "in_flight": 0, "lost": 1}


async def test_a_retry_that_does_not_fit_under_the_cap_is_not_made(
    path: Path, impatient: None
) -> None:
    async with desk_before(AtFirst(UNKNOWN["504"], 1), path, cap=19.0, **PRICED) as (desk, server):
        [error] = await ask_all(desk, ["a"])
        assert isinstance(error, DailyCapError)
        assert len(server.calls) == 1


def test_a_cap_that_nothing_could_hold_is_refused() -> None:
    prices = {"input": 1.0, "output": 1.0}
    with pytest.raises(ParamsError, match=r"serve\.max_cost_usd = 5: .*max_completion_tokens"):
        check_cap(TeacherParams(**settings("http://a/v1", prices=prices)), 5.0)
    check_cap(TeacherParams(**settings("http://a/v1", **PRICED)), 5.0)
    check_cap(TeacherParams(**settings("http://a/v1", prices=prices)), None)
    check_cap(TeacherParams(), 5.0)
