"""Workers that are killed, that end, and that cannot start again."""

import asyncio
import signal
from pathlib import Path

import psutil
import pytest

from tests.benchmarks.load import LOST, Load, render
from tests.serving.stand_in import ASK, Running, running

CONNECTIONS = 16


async def load_while_one_ends(server: Running, signum: signal.Signals) -> Load:
    """Asks all the time, while a worker gets a signal and another takes its place."""
    left = True
    request = render("a", ASK)
    load = Load(server.port, iter(lambda: request if left else b"", b""))
    asking = asyncio.create_task(load.run(CONNECTIONS))
    while load.statuses["200"] < 200:
        await asyncio.sleep(0)
    before = find_workers(server)
    before[0].send_signal(signum)
    await asyncio.to_thread(server.wait_for, "worker_died")
    while set(find_workers(server)) in (set(before), {before[1]}):
        await asyncio.sleep(0.01)
    after = load.statuses["200"]
    while load.statuses["200"] < after + 200:
        await asyncio.sleep(0)
    left = False
    await asking
    return load


def find_workers(server: Running) -> list[psutil.Process]:
    """Those that live, once there are two."""
    while len(found := server.workers) < 2:
        pass
    return found


@pytest.mark.parametrize(("signum", "lost"), [(signal.SIGKILL, CONNECTIONS), (signal.SIGTERM, 0)])
def test_a_worker_that_ends_costs_at_most_what_it_had_and_is_replaced(
    signum: signal.Signals, lost: int, student: Path
) -> None:
    with running(student, 2) as server:
        load = asyncio.run(load_while_one_ends(server, signum))
        if lost:
            assert server.wait_for("worker_died")["exit"] == -signum
    assert set(load.statuses) <= {"200", LOST}
    assert load.statuses[LOST] <= lost


def test_while_the_model_is_half_written_the_other_worker_goes_on(student: Path) -> None:
    with running(student, 2) as server:
        first, second = find_workers(server)
        student.write_text("half", encoding="utf-8")
        first.kill()
        server.wait_for("worker_died", 2)  # it, and its first replacement
        assert server.ask("a") == "v1.A"
        assert second.is_running()
        student.write_text("v2.", encoding="utf-8")
        while {server.ask("a") for _ in range(8)} == {"v1.A"}:
            pass
        assert second in find_workers(server)
    assert sum("half written" in line.get("text", "") for line in server.lines) >= 1


def test_workers_end_when_nobody_is_left_to_end_them(student: Path) -> None:
    with running(student, 2) as server:
        workers = find_workers(server)
        server.process.kill()
        _, alive = psutil.wait_procs(workers, timeout=60)
        assert alive == []
