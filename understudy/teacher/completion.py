"""Reads what an endpoint sent as an answer."""

from typing import Any

from understudy.contract.answers import Answer
from understudy.teacher.retries import RetryableError

MOST_TOKENS = 10**12


def failed_answer(request: str, model: str, error: str) -> Answer:
    """Stands for a call that failed for good."""
    return Answer(request, "", "", "", model, 0, 0, 0, error=error)


def read_reply(request: str, completion: Any, batch: bool) -> Answer:
    """Reads the answer to a call that was just made.

    Raises:
        RetryableError: it is no chat completion, but may have been billed.
    """
    try:
        return read_completion(request, completion, batch)
    except ValueError as error:
        raise RetryableError(f"not a readable answer: {error}", maybe_billed=True) from None


def read_completion(request: str, completion: Any, batch: bool) -> Answer:
    """Reads the body of a chat completion, whatever the endpoint made of it.

    Raises:
        ValueError: it is no chat completion.
    """
    try:
        choice, usage = completion["choices"][0], as_object(completion.get("usage"))
        message, details = choice["message"], as_object(usage.get("prompt_tokens_details"))
        return Answer(
            request=request,
            text=_as_text(message.get("content")),
            finish_reason=_as_text(choice.get("finish_reason")),
            refusal=_as_text(message.get("refusal")),
            model=_as_text(completion.get("model")),
            prompt_tokens=_as_count(usage.get("prompt_tokens")),
            cached_tokens=_as_count(details.get("cached_tokens")),
            # Some endpoints count what a model reasons in the total only.
            completion_tokens=max(
                _as_count(usage.get("completion_tokens")),
                _as_count(usage.get("total_tokens")) - _as_count(usage.get("prompt_tokens")),
            ),
            batch=batch,
        )
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"no chat completion ({type(error).__name__})") from None


def as_object(value: Any) -> dict[str, Any]:
    """A part of an answer that ought to be an object; empty where it is none."""
    return value if isinstance(value, dict) else {}


def _as_count(value: Any) -> int:
    """A number of tokens that a table can hold; 0 where the endpoint says none."""
    try:
        return min(max(0, int(value or 0)), MOST_TOKENS)
    except (ValueError, TypeError, OverflowError):  # the answer is worth more than its count
        return 0


def _as_text(value: Any) -> str:
    """Text for UTF-8 files: halves of characters, which JSON can hold, become question marks."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return (value or "").encode("utf-8", "replace").decode("utf-8")
