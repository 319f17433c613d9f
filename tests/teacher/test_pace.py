"""Asking as fast as an endpoint takes it, simulated over minutes of virtual time."""

from collections import deque

import pytest

from tests.teacher.pacing import (
    MINUTES,
    PROMPT,
    Reply,
    Server,
    Sliding,
    ask_on,
    now,
    params,
    simulate,
)
from tests.virtual_time import run
from understudy.teacher.pace import Pace


class Outage(Server):
    """Refuses everything for a while."""

    def __init__(self, pause: float | None, begins: float = 120.0) -> None:
        super().__init__(0.5, late=False)
        self.pause, self.begins = pause, begins

    def judge(self) -> Reply:
        ok = not self.begins <= now() < self.begins + 10
        return Reply(ok, pause=None if ok else self.pause)


class Tokens(Server):
    """Answers of unequal length up to a longest one, which count when they are sent."""

    def judge(self) -> Reply:
        output = min(1000, int(self.random.lognormvariate(5.5, 0.7)))
        return Reply(ok=True, tokens=PROMPT + output)

    def most_a_minute(self, since: float) -> int:
        """The most tokens in any minute that begins after `since`."""
        most = total = 0
        window: deque[tuple[float, int]] = deque()
        for at, tokens in self.accepted:
            if at < since:
                continue
            window.append((at, tokens))
            total += tokens
            while window[0][0] <= at - 60:
                total -= window.popleft()[1]
            most = max(most, total)
        return most


class AtOnce(Server):
    """So many calls at once, whatever `pause` it asks for."""

    def __init__(self, most: int, latency: float, pause: float | None) -> None:
        super().__init__(latency, late=False)
        self.most, self.pause = most, pause

    def judge(self) -> Reply:
        ok = self.in_flight <= self.most
        return Reply(ok, pause=None if ok else self.pause)


# A limit of requests a minute

KNOWN = [(60, 0.05), (60, 5.0), (600, 0.05), (600, 5.0), (3000, 1.0)]
UNKNOWN = [*KNOWN, (600, 2.0), (600, 3.0), (3000, 0.05)]  # a ramp meets the limit, early or late


@pytest.mark.parametrize("headers", [False, True])
@pytest.mark.parametrize(("limit", "latency"), KNOWN)
def test_a_limit_in_params_or_headers_is_used_up_and_kept(
    limit: int, latency: float, headers: bool
) -> None:
    server = Sliding(limit, latency, headers=headers)
    simulate(server, minutes=4, **({} if headers else {"requests_per_minute": limit}))
    assert server.used(limit, minutes=4) >= 0.95
    assert server.refused_share < 0.01


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize(("limit", "latency"), UNKNOWN)
def test_a_limit_that_only_refusals_tell_is_used_up_and_nearly_kept(
    limit: int, latency: float, late: bool
) -> None:
    server = Sliding(limit, latency, late=late)
    simulate(server)
    assert server.used(limit) >= 0.95
    assert server.refused_share < (0.02 if limit == 60 else 0.01)


def test_the_lower_one_of_two_limits_counts() -> None:
    server = Sliding(600, 0.5, headers=True)
    simulate(server, minutes=4, requests_per_minute=120)
    assert 0.95 * 480 <= len(server.accepted) <= 480 + 5
    assert not server.refused


def test_a_limit_that_is_lower_than_what_headers_say_is_learned() -> None:
    server = Sliding(120, 0.5)
    headers = {"x-ratelimit-limit-requests": "14400", "x-ratelimit-reset-requests": "6s"}
    judge = server.judge

    def judge_with_headers() -> Reply:
        return Reply(**{**vars(judge()), "headers": headers})

    server.judge = judge_with_headers  # type: ignore[method-assign]
    simulate(server)
    assert server.used(120) >= 0.95
    assert server.refused_share < 0.05  # it was run into at full speed, once


def test_a_limit_that_is_lower_than_params_say_is_learned() -> None:
    server = Sliding(300, 1.0)
    simulate(server, requests_per_minute=600)
    assert server.used(300) >= 0.95
    assert server.refused_share < 0.02


def test_a_learned_limit_follows_one_that_rises() -> None:
    server = Sliding(120, 0.2)

    async def main() -> Pace:
        pace = Pace(params())
        await ask_on(pace, server, 120)
        server.limit = 240
        await ask_on(pace, server, 3600)
        return pace

    assert run(main()).requests.limit > 200
    assert server.refused_share < 0.01


# A limit of tokens a minute


@pytest.mark.parametrize("latency", [0.1, 2.0, 5.0])
@pytest.mark.parametrize("limit", [60_000, 300_000])
def test_a_limit_of_tokens_is_used_up_and_never_exceeded(limit: int, latency: float) -> None:
    server = Tokens(latency)
    simulate(server, tokens_per_minute=limit)
    assert server.most_a_minute(since=15) <= limit
    used = sum(tokens for at, tokens in server.accepted if at > 60)
    assert used >= 0.9 * limit * (MINUTES - 1)


def test_a_call_that_is_larger_than_the_limit_of_tokens_goes_alone() -> None:
    async def main() -> float:
        pace = Pace(params(tokens_per_minute=100))
        for _ in range(3):
            pace.answered(await pace.admit(50), 500)
        return now()

    assert 120 <= run(main()) <= 130
