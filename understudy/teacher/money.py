"""What answers cost, and what one could cost at most."""

from collections.abc import Sequence

from understudy.contract.answers import REFUSED, Answer
from understudy.contract.params.teacher import Prices, TeacherParams

MILLION = 1_000_000


def price_usd(prompt: int, cached: int, completion: int, *, prices: Prices, batch: bool) -> float:
    """US dollars for tokens; cached ones of the prompt have their own price, a batch its factor."""
    cached = min(cached, prompt)
    fresh = prompt - cached
    dollars = fresh * prices.input + cached * prices.cached + completion * prices.output
    return dollars / MILLION * (prices.batch_factor if batch else 1)


def cost_usd(answer: Answer, prices: Prices) -> float:
    """US dollars for one answer; nothing for an imported one."""
    if answer.origin:
        return 0.0
    tokens = (answer.prompt_tokens, answer.cached_tokens, answer.completion_tokens)
    return price_usd(*tokens, prices=prices, batch=answer.batch)


def price_answer(metered: int, tokens: Sequence[int], prices: Prices) -> float | None:
    """US dollars for a live answer, since an application can't wait for a batch.

    Args:
        metered: answers that tell their tokens.
        tokens: of these together: of prompts, cached ones of these, and of completions.
        prices: of the params.

    Returns:
        Their mean; None where no answer tells its tokens and they are not free.
    """
    if prices.are_free:
        return 0.0
    prompt, cached, completion = tokens
    total = price_usd(prompt, cached, completion, prices=prices, batch=False)
    return total / metered if metered else None


def charge_usd(answer: Answer, worst: float, prices: Prices) -> float:
    """What an answer counts for under a cap: its worst case where the endpoint reports no usage.

    An imported one counts for nothing.
    """
    has_usage = answer.prompt_tokens or answer.completion_tokens
    if has_usage or answer.origin or answer.finish_reason == REFUSED or worst == float("inf"):
        return cost_usd(answer, prices)
    return worst


def worst_case_usd(size: int, params: TeacherParams) -> float:
    """US dollars that no answer to a request exceeds, infinite where nothing bounds it.

    It has `size` bytes, and no tokenizer makes more tokens than bytes.
    """
    prices, output = params.prices, params.max_output_tokens
    if output is None and prices.output:
        return float("inf")
    tokens = size * max(prices.input, prices.cached) + (output or 0) * prices.output
    return tokens / MILLION * (prices.batch_factor if params.mode == "batch" else 1)
