"""What the tests of asking in batches share: an endpoint on a bad day, and runs that end early."""

import os
import re
import select
import signal
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.teacher import PATIENCE, Reply, Request, say, settings
from tests.teacher.asking import ask
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.chunks import Chunk, open_chunks
from understudy.teacher.errors import StoppedError
from understudy.teacher.ledger import Ledger
from understudy.teacher.requests import teacher_identity

PRICES = {"input": 1.0, "cached_input": 1.0, "output": 4.0, "batch_factor": 0.5}
UPLOAD, CREATE, LIST, POLL, DOWNLOAD = (
    "POST files",
    "POST batches",
    "GET batches",
    "GET batches id",
    "GET files id content",
)
Fault = Reply | Literal["hang", "lost"]


class FaultyServer(BatchServer):
    """Lets the next requests of a step go wrong: by a reply, without one, or after its effect."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, list[Fault]] = defaultdict(list)

    def answer(self, replies: Mapping[str, Reply] | None = None) -> None:
        """Has lines answered so, and all others echoed."""
        given = replies or {}
        self.line_script = lambda prompt: given.get(prompt) or say(f"answer to {prompt}")

    def find(self, request: Request) -> Reply:
        faults = self.faults[step_of(request)]
        fault = faults.pop(0) if faults else None
        if isinstance(fault, Reply):
            return fault
        if fault == "hang":
            select.select([request.connection], [], [], PATIENCE)
            return Reply(disconnect=True)
        reply = super().find(request)
        return replace(reply, disconnect=True) if fault == "lost" else reply


def step_of(request: Request) -> str:
    path = re.sub(r"(files|batches)/[^/]+", r"\1 id", request.route.partition("/v1/")[2])
    return f"{request.command} {path.replace('/', ' ')}"


def params(server: BatchServer | str, requests: int = 50_000, **changes: Any) -> TeacherParams:
    url = server if isinstance(server, str) else server.url
    batch = {"requests": requests, "poll_seconds": 0.001}
    return TeacherParams(**settings(url, mode="batch", batch=batch, **changes))


def still_open(path: Path, teacher: TeacherParams) -> list[Chunk]:
    with Ledger(path) as ledger:
        return open_chunks(ledger, teacher_identity(teacher))


def interrupt_at_first_poll(server: BatchServer) -> None:
    """The next poll ends the run by Ctrl-C, and no poll after it does."""

    def hook(method: str, path: str) -> None:
        if method == "GET" and "/batches/" in path:
            server.before = None
            os.kill(os.getpid(), signal.SIGINT)

    server.before = hook


def leave_open(asked: list[str], teacher: TeacherParams, path: Path, server: BatchServer) -> None:
    """A run that submits and is interrupted."""
    server.polls_until_done = 1_000_000
    interrupt_at_first_poll(server)
    with pytest.raises(StoppedError, match="SIGINT"):
        ask(asked, teacher, path, "earlier")
    server.polls_until_done = 0
    for batch in server.batches:
        batch.polls = 0


def billed(server: BatchServer) -> float:
    """US dollars, the factor of batches applied."""
    tokens = [(u["prompt_tokens"], u["completion_tokens"]) for u in server.batch_usage]
    return sum(float(prompt + 4 * output) for prompt, output in tokens) * 0.5e-6
