"""A server in processes of its own whose student is a file: what it says, or that it is broken.

Run: python -m tests.serving.stand_in FILE WORKERS
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import psutil
from starlette.applications import Starlette

from tests.imports import ROOT
from tests.serving import LIMITS, PROMPT, Echo, Summarizing, chat
from understudy.core.errors import StudentError
from understudy.serving.app import build_app, open_service
from understudy.serving.monitoring import Meters
from understudy.serving.running import bind, run_server
from understudy.students.decoding.hypotheses import Hypothesis

ASK = PROMPT + "{}"


class Marked(Echo):
    """Puts what its file says before its answers."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.name = self._mark = mark

    def decode(self, encoded: Any) -> list[Hypothesis]:
        mark = [ord(letter) for letter in self._mark]
        return [replace(one, ids=[*mark, *one.ids]) for one in super().decode(encoded)]


def open_app(file: Path, *, meters: Meters | None = None) -> Starlette:
    """A student out of its file; a StudentError where it is half written."""
    text = file.read_text(encoding="utf-8")
    if text.startswith("bug"):
        raise ValueError(text)
    if not text.endswith("."):
        raise StudentError(f"{file}: half written")
    return build_app(open_service(Marked(text), Summarizing(), LIMITS, meters=meters))


@dataclass
class Running:
    """A server in another process."""

    process: "subprocess.Popen[str]"
    port: int
    student: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What it has logged."""
    logged: threading.Condition = field(default_factory=threading.Condition)

    def ask(self, text: str) -> str:
        """An answer, over a connection of its own."""
        found = httpx2.post(
            f"http://127.0.0.1:{self.port}/v1/chat/completions", json=chat(text), timeout=30
        )
        return str(found.raise_for_status().json()["choices"][0]["message"]["content"])

    def read(self) -> None:
        """Reads the log to its end."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self.logged:
                known = line.startswith("{")
                self.lines.append(json.loads(line) if known else {"event": "text", "text": line})
                self.logged.notify_all()

    def count(self, event: str) -> int:
        """How often something was logged."""
        return sum(line["event"] == event for line in self.lines)

    def wait_for(self, event: str, count: int = 1) -> dict[str, Any]:
        """The last line of an event, when it was logged so often."""
        with self.logged:
            assert self.logged.wait_for(lambda: self.count(event) >= count, timeout=60), self.lines
        return [line for line in self.lines if line["event"] == event][-1]

    def signal(self, signum: signal.Signals) -> None:
        """Sends a signal to the process that was started."""
        self.process.send_signal(signum)

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that serve, where there are several."""
        children = psutil.Process(self.process.pid).children()
        return [one for one in children if is_worker(one)]


def is_worker(process: psutil.Process) -> bool:
    """Tells a process that serves from multiprocessing's own."""
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return False


@contextmanager
def running(
    student: Path, workers: int = 1, before: Callable[["Running"], None] = lambda _: None
) -> Iterator[Running]:
    """Runs a server while the block does; it is warm. `before` is called while it starts."""
    command = [sys.executable, "-m", "tests.serving.stand_in", str(student), str(workers)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    ) as process:
        one = Running(process, 0, student)
        reader = threading.Thread(target=one.read)
        reader.start()
        try:
            before(one)
            one.port = int(one.wait_for("listening")["address"].split(":")[2].split("/")[0])
            httpx2.get(f"http://127.0.0.1:{one.port}/readyz", timeout=60).raise_for_status()
            if workers > 1:
                one.wait_for("worker_ready", workers)
            yield one
        finally:
            process.terminate()
            process.wait(60)
            reader.join()


def main() -> None:
    """Serves the file that the command line names."""
    file, workers = Path(sys.argv[1]), int(sys.argv[2])
    with bind("127.0.0.1", 0) as bound:
        run_server(partial(open_app, file), bound, workers, LIMITS.timeout_seconds)


if __name__ == "__main__":
    main()
