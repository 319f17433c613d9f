"""The pace where an endpoint counts in windows that it does not tell, or queues calls inside."""

import random

import pytest

from tests.teacher.pacing import Slots, Windowed, ask_on, now, params, simulate
from tests.virtual_time import run
from understudy.teacher.pace import Pace


@pytest.mark.parametrize("told", ["params", "headers"])
@pytest.mark.parametrize("pauses", [True, False])
@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("seconds", [1, 10, 60])
def test_a_window_that_nobody_told_is_used_up_with_few_refusals(
    seconds: float, fixed: bool, pauses: bool, told: str
) -> None:
    server = Windowed(seconds, 1.0, fixed=fixed, pauses=pauses, headers=told == "headers")
    simulate(server, 3, **({"requests_per_minute": 1200} if told == "params" else {}))
    assert sum(at > 60 for at, _ in server.accepted) >= 0.95 * 1200 * 2
    assert server.refused_share < 0.01


@pytest.mark.parametrize("cancels", [True, False])
@pytest.mark.parametrize("slots", [1, 2, 4, 8])
@pytest.mark.parametrize(("service", "timeout"), [(3.4, 12.0), (0.3, 12.0)])
def test_a_server_that_queues_inside_is_kept_busy_and_answers_in_time(
    service: float, timeout: float, slots: int, cancels: bool
) -> None:
    async def main() -> int:
        server, pace = Slots(slots, service, cancels=cancels), Pace(params(timeout_seconds=timeout))
        await ask_on(pace, server, 300, timeout=timeout)
        assert now() == pytest.approx(300)
        return len(server.answered)

    random.seed(1)
    assert run(main()) >= 0.9 * 300 * slots / (service + 0.005)
