"""SIGHUP loads the model again: under load, of half a folder, and before there is one."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.benchmarks.load import Load, render
from tests.serving import CHAT, LIMITS, Echo, Summarizing, chat
from tests.serving.stand_in import ASK, Running, running
from understudy.serving.app import build_app, open_service
from understudy.serving.monitoring import Meters
from understudy.serving.reloading import Reloadable


def replace(student: Path, text: str) -> None:
    """Puts another student in place at once, as a symlink that is moved does."""
    whole = student.with_suffix(".new")
    whole.write_text(text, encoding="utf-8")
    whole.replace(student)


async def reload_under_load(server: Running) -> Load:
    """Asks all the time, while another student takes the place of the first."""
    left = True
    request = render("a", ASK)
    load = Load(server.port, iter(lambda: request if left else b"", b""))
    load.bodies = Counter()
    asking = asyncio.create_task(load.run(16))
    while load.statuses["200"] < 200:
        await asyncio.sleep(0)
    replace(server.student, "v2.")
    server.signal(signal.SIGHUP)
    workers = max(1, len(server.workers))
    await asyncio.to_thread(server.wait_for, "reloaded", workers)
    before = load.statuses["200"]
    while load.statuses["200"] < before + 200:
        await asyncio.sleep(0)
    left = False
    await asking
    return load


@pytest.mark.parametrize("workers", [1, 2])
def test_another_model_takes_over_under_load_and_no_request_is_lost(
    workers: int, student: Path
) -> None:
    with running(student, workers) as server:
        load = asyncio.run(reload_under_load(server))
        assert {server.ask(str(number)) for number in range(8)} == {f"v2.{n}" for n in range(8)}
    assert set(load.statuses) == {"200"}
    assert load.bodies is not None
    said = {
        mark: sum(load.bodies[body] for body in load.bodies if mark in body)
        for mark in (b"v1.A", b"v2.A")
    }
    assert all(said.values())
    assert sum(said.values()) == load.statuses["200"]


@pytest.mark.parametrize("text", ["half", "bug: of a library"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_that_is_half_written_is_one_line_and_the_old_one_stays(
    workers: int, text: str, student: Path
) -> None:
    with running(student, workers) as server:
        replace(student, text)
        server.signal(signal.SIGHUP)
        line = server.wait_for("reload_failed", workers)
        assert text.partition(":")[0] in line["error"]
        assert {server.ask("a") for _ in range(8)} == {"v1.A"}
        replace(student, "v3.")
        server.signal(signal.SIGHUP)
        server.wait_for("reloaded", workers)
        assert {server.ask("a") for _ in range(8)} == {"v3.A"}
    assert server.count("reload_failed") == workers
    assert server.count("text") == 0


def test_a_signal_while_the_first_model_is_read_is_not_lost(tmp_path: Path) -> None:
    fifo = tmp_path / "student"
    os.mkfifo(fifo)

    def hang_up(server: Running) -> None:
        with fifo.open("w", encoding="utf-8") as file:  # opens when the server reads
            server.signal(signal.SIGHUP)
            replace(fifo, "v2.")
            file.write("v1.")

    with running(fifo, before=hang_up) as server:
        server.wait_for("reloaded")
        assert server.ask("a") == "v2.A"


def test_what_has_begun_is_answered_by_the_old_model_and_figures_go_on() -> None:
    students = [Echo(), Echo()]
    students[1].name = "second"
    left = iter(students)

    def open_app(*, meters: Meters | None = None) -> object:
        return build_app(open_service(next(left), Summarizing(), LIMITS, meters=meters))

    async def play() -> None:
        app = Reloadable(open_app)  # type: ignore[arg-type]
        events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        sent: asyncio.Queue[object] = asyncio.Queue()
        life = asyncio.create_task(app({"type": "lifespan"}, events.get, sent.put))
        events.put_nowait({"type": "lifespan.startup"})
        await sent.get()
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://a") as client:
            students[0].hold()
            old = asyncio.create_task(client.post(CHAT, json=chat("old")))
            await asyncio.to_thread(students[0].busy.wait, 30)
            os.kill(os.getpid(), signal.SIGHUP)
            while (await client.get("/v1/models")).json()["data"][0]["id"] != "second":
                await asyncio.sleep(0)
            new = await client.post(CHAT, json=chat("new"))
            assert (new.json()["model"], old.done()) == ("second", False)
            students[0].may_answer.set()
            assert (await old).json()["model"] == "echo"
            figures = (await client.get("/metrics")).text
            assert f'understudy_requests_total{{route="{CHAT}",status="200"}} 2.0' in figures
        events.put_nowait({"type": "lifespan.shutdown"})
        await life

    asyncio.run(play())
    assert students[0].texts == ["old"]
    assert students[1].texts == ["new"]
