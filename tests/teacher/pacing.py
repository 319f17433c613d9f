"""Simulated endpoints, and calls at the pace that the client finds there, in virtual time."""

import asyncio
import itertools
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.teacher import settings
from tests.virtual_time import run
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.pace import Pace
from understudy.teacher.retries import backoff

MINUTES = 10
PROMPT = 200


def params(**changes: Any) -> TeacherParams:
    return TeacherParams(**settings("http://127.0.0.1:1/v1", **{"concurrency": 64, **changes}))


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Reply:
    ok: bool
    tokens: int = PROMPT + 300
    pause: float | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Server:
    """Answers after about `latency` seconds, and judges each call on arrival or at its end."""

    def __init__(self, latency: float, *, late: bool = True, seed: int = 1) -> None:
        self.latency, self.late = latency, late
        self.random = random.Random(seed)
        self.accepted: list[tuple[float, int]] = []
        self.refused: list[float] = []
        self.in_flight = self.most_in_flight = 0

    def seconds(self) -> float:
        """The time that the next call takes."""
        return self.latency * self.random.uniform(0.7, 1.3)

    async def call(self) -> Reply:
        seconds = self.seconds()
        before = seconds if self.late else min(0.05, seconds / 10)
        await asyncio.sleep(before)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            reply = self.judge()
            if reply.ok:
                self.accepted.append((now(), reply.tokens))
                await asyncio.sleep(seconds - before)
            else:
                self.refused.append(now())
            return reply
        finally:
            self.in_flight -= 1

    def judge(self) -> Reply:
        return Reply(ok=True)

    def used(self, limit: float, minutes: float = MINUTES) -> float:
        """The share of what could have been taken after the first minute."""
        return sum(1 for at, _ in self.accepted if at > 60) / (limit * (minutes - 1))

    @property
    def refused_share(self) -> float:
        return len(self.refused) / (len(self.refused) + len(self.accepted))


class Sliding(Server):
    """So many calls in any minute; says so in headers, or in retry-after, or not at all."""

    def __init__(self, limit: int, latency: float, *, headers: bool = False, **more: Any) -> None:
        super().__init__(latency, **more)
        self.limit, self.headers = limit, headers
        self.window: deque[float] = deque()

    def judge(self) -> Reply:
        while self.window and self.window[0] <= now() - 60:
            self.window.popleft()
        if ok := len(self.window) < self.limit:
            self.window.append(now())
        reset = self.window[0] + 60 - now()
        told = {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(self.limit - len(self.window)),
            "x-ratelimit-reset-requests": f"{reset:.3f}s",
        }
        return Reply(ok, pause=None if ok else reset, headers=told if self.headers else {})


class Windowed(Server):
    """1,200 calls a minute, counted in a window of so many seconds that nobody is told of."""

    A_MINUTE = 1200

    def __init__(
        self, seconds: float, latency: float, *, fixed: bool, pauses: bool, headers: bool = False
    ) -> None:
        super().__init__(latency, late=False)
        self.width, self.fixed, self.pauses, self.headers = seconds, fixed, pauses, headers
        self.limit = round(self.A_MINUTE * seconds / 60)
        self.window: deque[float] = deque()

    def judge(self) -> Reply:
        began = now() // self.width * self.width if self.fixed else now() - self.width
        while self.window and self.window[0] <= began:
            self.window.popleft()
        if ok := len(self.window) < self.limit:
            self.window.append(now())
        ends = began if self.fixed else self.window[0]
        pause = None if ok or not self.pauses else ends + self.width - now()
        told = {"x-ratelimit-limit-requests": str(self.A_MINUTE)} if self.headers else {}
        return Reply(ok, pause=pause, headers=told)


class Slots:
    """Works on so many calls at once; the others wait inside, first come, first served."""

    def __init__(
        self, slots: int, service: float, *, cancels: bool = True, spread: float = 0.1
    ) -> None:
        self.service, self.cancels, self.spread = service, cancels, spread
        self.random = random.Random(1)
        self.answered: list[float] = []
        self._free = asyncio.Semaphore(slots)
        self._work: set[asyncio.Task[None]] = set()

    async def call(self) -> Reply:
        work = asyncio.create_task(self._serve())
        self._work.add(work)
        work.add_done_callback(self._work.discard)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            if self.cancels:
                work.cancel()
            raise
        self.answered.append(now())
        return Reply(ok=True)

    async def _serve(self) -> None:
        async with self._free:
            chance = self.random.uniform(1 - self.spread, 1 + self.spread)
            await asyncio.sleep(0.005 + self.service * chance)


async def ask_on(
    pace: Any, server: Any, seconds: float, tasks: int = 256, timeout: float = 1e6
) -> None:
    """Makes calls until the time is over, as the live run does."""
    ends = now() + seconds

    async def ask_one_by_one() -> None:
        while now() < ends:
            for attempt in itertools.count(1):
                ticket = await pace.admit(PROMPT)
                if now() >= ends:
                    return
                try:
                    async with asyncio.timeout(timeout):
                        reply = await server.call()
                except TimeoutError:
                    pace.failed(ticket)
                    await asyncio.sleep(backoff(attempt, None))
                    continue
                if reply.ok:
                    pace.observe(reply.headers)
                    pace.answered(ticket, reply.tokens)
                    break
                pace.refused(ticket, reply.pause)
                await asyncio.sleep(backoff(attempt, reply.pause))

    async with asyncio.TaskGroup() as group:
        workers = [group.create_task(ask_one_by_one()) for _ in range(tasks)]
        await asyncio.sleep(seconds)
        for worker in workers:
            worker.cancel()


def simulate(server: Server, minutes: float = MINUTES, **changes: Any) -> Pace:
    async def main() -> Pace:
        pace = Pace(params(**changes))
        await ask_on(pace, server, 60 * minutes)
        return pace

    return run(main())
