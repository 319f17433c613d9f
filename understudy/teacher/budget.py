"""The budget that no call exceeds: the one owner of what a run has spent and may spend."""

import asyncio
from collections import deque

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.money import charge_usd
from understudy.teacher.requests import Request


class Budget:
    """What a run has spent and reserved, so that the cap holds with any number of calls in flight.

    Each request is reserved at its worst case before it is sent. Exactly one of `charge`, `release`
    and `lose` ends its reservation. Nothing else changes the money.
    """

    def __init__(self, params: TeacherParams, spent: float) -> None:
        """Starts with the US dollars that were spent before."""
        self._prices = params.prices
        self._cap = float("inf") if params.max_cost_usd is None else params.max_cost_usd
        self._spent = spent
        self._held: dict[str, float] = {}
        self._reserved = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def spent(self) -> float:
        """US dollars, without what calls in flight have reserved."""
        return self._spent

    def holds(self, key: str) -> bool:
        """Whether a request is reserved now."""
        return key in self._held

    async def reserve(self, request: Request) -> bool:
        """Waits until a request fits beside what is in flight; False if it never will."""
        while not self.try_reserve(request):
            if not self._held:
                return False
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        return True

    def try_reserve(self, request: Request) -> bool:
        """Reserves a request if it fits now."""
        has_cap = self._cap < float("inf")
        if has_cap and self._spent + self._reserved + request.worst_usd > self._cap:
            return False
        self._hold(request)
        return True

    def reopen(self, request: Request, counted: bool) -> None:
        """Reserves a request that an earlier run has sent, and whose answer may still come.

        It was affordable then; `counted` tells whether its worst case is part of what was spent.
        """
        if counted and request.worst_usd < float("inf"):
            self._spent -= request.worst_usd
        self._hold(request)

    def charge(self, answer: Answer) -> None:
        """The answer is here."""
        self._settle(answer.request, charge_usd(answer, self._held[answer.request], self._prices))

    def release(self, key: str) -> None:
        """The request came to nothing that is billed."""
        self._settle(key, 0.0)

    def lose(self, key: str) -> None:
        """The request may have been billed, and nobody knows."""
        self._settle(key, self._held[key])

    def _hold(self, request: Request) -> None:
        self._held[request.key] = request.worst_usd
        if self._cap < float("inf"):
            self._reserved += request.worst_usd

    def _settle(self, key: str, cost: float) -> None:
        worst = self._held.pop(key)
        if cost < float("inf"):  # else a lost call whose price nothing bounds
            self._spent += cost
        # Starting from zero again keeps rounding errors from adding up.
        self._reserved = max(0.0, self._reserved - worst) if self._held else 0.0
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
