"""Signals, and the end of the process that started this one, stop a run."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from understudy.core.parent_watch import DVC_STAGE, ParentWatch
from understudy.teacher.errors import StoppedError
from understudy.teacher.stopping import SIGNALS, Stop, watched

ROOT = Path(__file__).parents[2]
PATIENCE = 30

WATCHES = """
import asyncio, signal, sys
from understudy.teacher.stopping import SIGNALS, Stop, watched

async def main():
    stop = Stop()
    if len(sys.argv) > 2:
        print("started", flush=True)
        open(sys.argv[2]).read()
    async with watched(stop):
        print("ready", flush=True)
        await stop.wait()
        print(type(stop.error).__name__, stop.error, flush=True)
        if "hurry" in sys.argv:
            await stop.wait_hurry()
            print("hurried", flush=True)
    kept = [number for number in SIGNALS
            if signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler)]
    print("kept", kept, flush=True)

asyncio.run(main())
"""

PARENT = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1], shell=True, env={**os.environ, "DVC_STAGE": "generate"})
print(child.pid, flush=True)
child.wait()
"""


def start(
    code: str, *arguments: str, hang_up: Any = signal.SIG_DFL, **variables: str
) -> subprocess.Popen[str]:
    """A session of its own, which heeds hang-ups even where nohup has this one ignore them."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    if DVC_STAGE not in variables:
        environment.pop(DVC_STAGE, None)
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, hang_up),
    )


@pytest.fixture
def watching(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    with start(WATCHES, "hurry", hang_up=getattr(request, "param", signal.SIG_DFL)) as process:
        try:
            assert read(process) == "ready"
            yield process
        finally:
            process.kill()


def read(process: subprocess.Popen[str]) -> str:
    """The next line its session prints; one that keeps silent is ended, and the line is empty."""
    assert process.stdout is not None
    silent = threading.Timer(PATIENCE, end, [process])
    silent.start()
    try:
        return process.stdout.readline().strip()
    finally:
        silent.cancel()


def end(process: subprocess.Popen[str]) -> None:
    """Kills all of a session, whose first process may be gone."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_stops_the_run_and_a_second_one_hurries_it(
    number: signal.Signals, watching: subprocess.Popen[str]
) -> None:
    watching.send_signal(number)
    assert read(watching) == f"StoppedError stopped by {number.name}"
    watching.send_signal(signal.SIGTERM)
    assert read(watching) == "hurried"
    assert read(watching) == "kept []"
    assert watching.wait(PATIENCE) == 0


@pytest.mark.parametrize("watching", [signal.SIG_IGN], indirect=True)
def test_a_hang_up_that_nohup_has_it_ignore_stops_nothing(watching: subprocess.Popen[str]) -> None:
    watching.send_signal(signal.SIGHUP)
    watching.send_signal(signal.SIGTERM)
    assert read(watching) == "StoppedError stopped by SIGTERM"
    watching.send_signal(signal.SIGTERM)
    assert read(watching) == "hurried"
    assert read(watching) == f"kept [{signal.SIGHUP!r}]"


def test_the_first_reason_to_stop_stays() -> None:
    async def main() -> None:
        stop = Stop()
        assert not stop
        first = ValueError("first")
        stop.now(first)
        stop.now(ValueError("second"))
        assert stop
        assert stop.error is first
        await stop.wait()

    asyncio.run(main())


def test_one_signal_hurries_a_run_that_an_error_has_stopped_and_the_error_stays() -> None:
    async def main() -> BaseException | None:
        stop = Stop()
        stop.now(ValueError("over"))
        stop.heard(signal.SIGINT)
        await stop.wait_hurry()
        return stop.error

    assert isinstance(asyncio.run(main()), ValueError)


def test_the_block_s_own_error_passes_and_removes_the_handlers() -> None:
    async def main() -> None:
        async with watched(Stop()):
            assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
            raise StoppedError("own")

    with pytest.raises(StoppedError, match="own"):
        asyncio.run(main())
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


# The process that started this one


def test_a_run_that_dvc_has_not_started_watches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DVC_STAGE, raising=False)
    assert ParentWatch()._watched == []
    assert ParentWatch().alive()


def test_a_run_that_dvc_has_started_watches_its_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DVC_STAGE, "generate")
    found = ParentWatch()
    assert [process.pid for process in found._watched][:1] == [os.getppid()]
    assert found.alive()


class Family:
    """A process that stands for DVC, the shell it starts, and the stage in it."""

    def __init__(self, command: str, path: Path, gate: str = "") -> None:
        script = path / "stage.py"
        script.write_text(WATCHES, encoding="utf-8")
        self.dvc = start(PARENT, command.replace("STAGE", f"{sys.executable} {script} {gate}"))
        self.shell = int(read(self.dvc))
        assert read(self.dvc) == ("started" if gate else "ready")

    def end(self) -> None:
        """Kills all of them: they are a session of their own."""
        end(self.dvc)
        self.dvc.communicate(timeout=PATIENCE)


@pytest.fixture
def family(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Family]:
    found = Family(request.param, tmp_path)
    yield found
    found.end()


GONE = "StoppedError the process that started this one is gone"


@pytest.mark.parametrize("family", ["STAGE", "STAGE; true"], indirect=True)
@pytest.mark.parametrize("reaped", [True, False])  # if not, it stays as a zombie
def test_a_stage_stops_when_dvc_is_killed(family: Family, reaped: bool) -> None:
    os.kill(family.dvc.pid, signal.SIGKILL)
    if reaped:
        family.dvc.wait(PATIENCE)
    assert read(family.dvc) == GONE


@pytest.mark.parametrize("family", ["STAGE; true"], indirect=True)
def test_a_stage_stops_when_its_shell_is_killed(family: Family) -> None:
    os.kill(family.shell, signal.SIGKILL)
    assert read(family.dvc) == GONE


def test_a_stage_stops_when_dvc_was_killed_before_it_looked(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    family = Family("STAGE; true", tmp_path, f"x {gate}")
    try:
        os.kill(family.dvc.pid, signal.SIGKILL)
        family.dvc.wait(PATIENCE)
        gate.write_text("go", encoding="utf-8")
        assert [read(family.dvc), read(family.dvc)] == ["ready", GONE]
    finally:
        family.end()
