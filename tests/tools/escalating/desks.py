"""A desk before a loopback teacher that counts what it bills."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.doubles.teacher import ChatServer, Script, settings
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.requests import Question
from understudy.tools.escalating.desk import Desk, open_desk

PRICES = {"input": 0.0, "cached_input": 0.0, "output": 1_000_000.0, "batch_factor": 0.5}
"""A dollar a token of the answer: an answer of the double costs 7, and at most 10."""
PRICED = {"prices": PRICES, "request": {"max_completion_tokens": 10}}
CAPPED: dict[str, Any] = {"cap": 100.0, **PRICED}
SECONDS = 20.0


def question(text: str) -> Question:
    return Question.of(text)


def params(server: ChatServer, **changes: Any) -> TeacherParams:
    return TeacherParams(**settings(server.url, **{"max_retries": 3, **changes}))


@asynccontextmanager
async def desk_before(
    script: Script, path: Path, cap: float | None = None, **changes: Any
) -> AsyncIterator[tuple[Desk, ChatServer]]:
    """A desk before a server with a script, and the server."""
    with ChatServer(script) as server:
        async with opened(server, path, cap, **changes) as desk:
            yield desk, server


@asynccontextmanager
async def opened(
    server: ChatServer, path: Path, cap: float | None = None, **changes: Any
) -> AsyncIterator[Desk]:
    async with open_desk(params(server, **changes), path, cap) as desk:
        yield desk


async def ask_all(desk: Desk, texts: list[str]) -> list[Any]:
    """Answers' texts, or errors."""
    asked = (desk.answer(question(text), SECONDS) for text in texts)
    found = await asyncio.gather(*asked, return_exceptions=True)
    return [one if isinstance(one, BaseException) else one.text for one in found]
