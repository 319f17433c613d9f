"""Plain prompts as questions, and processes that ask, for tests that kill them.

    process = start(2000, ledger, settings(server.url))
    kill(process)                                  # the whole group, as kill -9 does
    finish(start(2000, ledger, settings(server.url)))

They are forked from one that has the client loaded, so that starting one takes no time.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import run
from understudy.teacher import client
from understudy.teacher.requests import Question, Request, build_requests

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["tests.teacher.asking", "openai"])


def questions(prompts: Iterable[str]) -> list[Question]:
    """Rows that have nothing but a prompt."""
    return [Question.of(prompt, {"id": str(number)}) for number, prompt in enumerate(prompts)]


def requests(prompts: Iterable[str], teacher: TeacherParams) -> list[Request]:
    """What is asked for prompts."""
    return list(build_requests(questions(prompts), teacher))


def keys(prompts: Iterable[str], teacher: TeacherParams) -> list[str]:
    """The keys of what is asked."""
    return [request.key for request in requests(prompts, teacher)]


def ask(
    prompts: Iterable[str],
    teacher: TeacherParams,
    ledger: Path,
    stage: str = "test",
    outputs: Path | None = None,
) -> list[Answer]:
    """The answers to prompts, in order."""
    rows = questions(prompts)
    pairs = list(client.ask(rows, teacher, ledger, stage, outputs))
    assert [question for question, _ in pairs] == rows
    return [answer for _, answer in pairs]


def prompts(count: int) -> list[str]:
    """What is asked."""
    return [f"prompt {number}" for number in range(count)]


def texts(answers: Iterable[Answer]) -> list[str]:
    return [answer.text for answer in answers]


def echoed(asked: Iterable[str]) -> list[str]:
    """What an echoing server answers."""
    return [f"answer to {prompt}" for prompt in asked]


def check_answers(count: int, ledger: Path, teacher: dict[str, Any]) -> None:
    """Asks, in a process group of its own, and checks the answers of an echoing server."""
    os.setsid()
    answers = ask(prompts(count), TeacherParams(**teacher), ledger)
    run(lambda: _compare(texts(answers), echoed(prompts(count))))


def _compare(said: list[str], expected: list[str]) -> None:
    assert said == expected


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
