"""A student that echoes, and a teacher that says what it is told to, on one stage."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from tests.serving import LIMITS, Echo, Summarizing, ask, served
from understudy.serving.answering import Answerer
from understudy.serving.app import open_service
from understudy.serving.duo import Duo
from understudy.serving.handover import Handover, Taught, TeacherFailedError
from understudy.serving.mode_meters import ModeMeters
from understudy.serving.relaying import Relay


class Lecturer:
    """A teacher that answers `taught: ` and the input."""

    model = "lecturer"
    spent_usd, left_usd = 1.5, 8.5

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.relayed: list[tuple[Any, Any]] = []
        self.fails: TeacherFailedError | None = None
        self.held: threading.Event | None = None
        """It answers nothing until this is set."""

    async def ask(self, values: Mapping[str, str]) -> Taught:
        self.asked.append(values["article"])
        return await self._say(f"taught: {values['article']}")

    async def relay(
        self, messages: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
    ) -> Taught:
        self.relayed.append((messages, settings))
        return await self._say("an answer to anything")

    async def _say(self, text: str) -> Taught:
        if self.held is not None:
            await asyncio.to_thread(self.held.wait, 30)
        if self.fails is not None:
            raise self.fails
        return Taught(f"key of {text}", text, "stop", 50, 20)


@dataclass
class Pair:
    """A running server whose mode is chosen by the test."""

    client: httpx2.Client
    student: Echo
    teacher: Lecturer
    rows: list[Mapping[str, Any]]
    logged: list[tuple[str, dict[str, Any]]]
    watched: list[float] = field(default_factory=list)

    def add(self, row: Mapping[str, Any]) -> None:
        """Keeps a row, as a recorder does."""
        self.rows.append(row)

    def ask(self, text: str, **more: Any) -> httpx2.Response:
        """Asks the task's prompt."""
        return ask(self.client, text, **more)

    def text(self, text: str, **more: Any) -> str:
        """The answer to the task's prompt."""
        response = self.ask(text, **more)
        assert response.status_code == 200, response.text
        return str(response.json()["choices"][0]["message"]["content"])

    def figure(self, name: str) -> float:
        """A line of /metrics, by its name with labels."""
        for line in self.client.get("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        return 0.0


@contextmanager
def playing(
    choose: Callable[[Duo], Answerer | None], mode: Any = "cascade", **options: Any
) -> Iterator[Pair]:
    """Serves what `choose` makes of both; None leaves the student alone, with a relay."""
    student, teacher = Echo(), Lecturer()
    pair = Pair(None, student, teacher, [], [])  # type: ignore[arg-type]

    def log(event: str, level: str = "info", **facts: Any) -> None:
        pair.logged.append((event, facts))

    service = replace(open_service(student, Summarizing(), LIMITS), log=log)
    meters = service.meters.part(ModeMeters)
    handover = Handover(teacher, meters, log)
    duo = Duo(
        mode, student, Summarizing(), service.batcher, handover, meters, pair,
        lambda one, other: 100.0 * (one.lower() == other.lower()), watch=pair.watched.append,
        **options,
    )  # fmt: skip

    @asynccontextmanager
    async def opened() -> Any:
        yield
        await duo.close()

    answerer = choose(duo) or service.answerer
    relay = Relay(student, handover, meters)
    with served(
        replace(service, answerer=answerer, relay=relay, opened=opened, update=handover.update)
    ) as client:
        pair.client = client
        yield pair
