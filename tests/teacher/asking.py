"""Processes that ask, for tests that kill them.

    process = start(2000, ledger, settings(server.url))
    kill(process)                                  # the whole group, as kill -9 does
    finish(start(2000, ledger, settings(server.url)))

They are forked from one that has the client loaded, so that starting one takes no time.
"""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import run
from understudy.teacher.client import ask

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["tests.teacher.asking", "openai"])


def prompts(count: int) -> list[str]:
    """What is asked."""
    return [f"prompt {number}" for number in range(count)]


def check_answers(count: int, ledger: Path, teacher: dict[str, Any]) -> None:
    """Asks, in a process group of its own, and checks the answers of an echoing server."""
    os.setsid()
    answers = ask(prompts(count), TeacherParams(**teacher), ledger, "test")
    run(lambda: _compare([answer.text for answer in answers], count))


def _compare(texts: Sequence[str], count: int) -> None:
    assert texts == [f"answer to {prompt}" for prompt in prompts(count)]


def start(count: int, ledger: Path, teacher: dict[str, Any]) -> ForkServerProcess:
    """A process that asks."""
    process = SERVER.Process(target=check_answers, args=(count, ledger, teacher))
    process.start()
    return process


def kill(process: ForkServerProcess) -> None:
    """Ends the whole process group, at once."""
    assert process.pid is not None
    os.killpg(process.pid, signal.SIGKILL)
    process.join()


def finish(process: ForkServerProcess) -> None:
    """Waits for the right answers."""
    process.join(120)
    assert process.exitcode == 0
