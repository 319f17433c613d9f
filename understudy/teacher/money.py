"""What answers cost, what one could cost at most, and a budget that no call exceeds."""

import asyncio
from collections import deque

from understudy.contract.answers import REFUSED, Answer
from understudy.contract.params.teacher import Prices, TeacherParams

MILLION = 1_000_000


def price_usd(prompt: int, cached: int, completion: int, *, prices: Prices, batch: bool) -> float:
    """US dollars for tokens; cached ones of the prompt have their own price, a batch its factor."""
    cached = min(cached, prompt)
    fresh = prompt - cached
    dollars = fresh * prices.input + cached * prices.cached_input + completion * prices.output
    return dollars / MILLION * (prices.batch_factor if batch else 1)


def cost_usd(answer: Answer, prices: Prices) -> float:
    """US dollars for one answer."""
    tokens = (answer.prompt_tokens, answer.cached_tokens, answer.completion_tokens)
    return price_usd(*tokens, prices=prices, batch=answer.batch)


def charge_usd(answer: Answer, worst: float, prices: Prices) -> float:
    """What an answer counts for under a cap: its worst case where the endpoint tells no usage."""
    told = answer.prompt_tokens or answer.completion_tokens
    if told or answer.finish_reason == REFUSED or worst == float("inf"):
        return cost_usd(answer, prices)
    return worst


def worst_case_usd(size: int, params: TeacherParams) -> float:
    """US dollars that no answer to a request exceeds, infinite where nothing bounds it.

    Args:
        size: bytes of the request; no tokenizer makes more tokens than bytes.
        params: prices, the mode, and the limit of output tokens in teacher.request.
    """
    prices, output = params.prices, params.max_output_tokens
    if output is None and prices.output:
        return float("inf")
    tokens = size * max(prices.input, prices.cached_input) + (output or 0) * prices.output
    return tokens / MILLION * (prices.batch_factor if params.mode == "batch" else 1)


class Budget:
    """Money that calls reserve before they are sent, so that the cap holds with any in flight."""

    def __init__(self, cap: float | None, spent: float) -> None:
        """Starts with what was spent before.

        Args:
            cap: US dollars, None for no cap.
            spent: US dollars.
        """
        self.spent = spent
        self._cap = float("inf") if cap is None else cap
        self._reserved = 0.0
        self._calls = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def fits(self, amount: float) -> bool:
        """Whether a call of that worst case could be sent now."""
        return self._cap == float("inf") or self.spent + self._reserved + amount <= self._cap

    async def reserve(self, amount: float) -> bool:
        """Waits until the amount fits beside what is in flight; False if it never will."""
        while not self.fits(amount):
            if not self._calls:
                return False
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter
        self.take(amount)
        return True

    def take(self, amount: float) -> None:
        """Reserves without asking."""
        self._calls += 1
        if self._cap != float("inf"):
            self._reserved += amount

    def settle(self, reserved: float, actual: float) -> None:
        """Turns a reservation into what the call has cost."""
        self._calls -= 1
        if actual < float("inf"):  # a lost call whose cost nothing bounds, and without a cap
            self.spent += actual
        if self._cap != float("inf"):
            self._reserved = max(0.0, self._reserved - reserved) if self._calls else 0.0
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
