"""An answer of the teacher, and the reason why one cannot be used."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa

REASONS = ("failed", "refused", "empty", "cut_off", "too_long")
# How chat models open a refusal that they don't mark as one.
REFUSAL = re.compile(
    r"^(i['’]?m sorry\b|i am sorry\b|sorry,|i apologi[sz]e|as an ai( language)? model\b"
    r"|i ?(can['’]?t|cannot|can not|won['’]?t|(['’]m|am) (unable|not able) to)"
    r" (help|assist|write|create|provide|fulfil|generate|comply|do that|produce|summari[sz]e))",
    re.IGNORECASE,
)
REFUSED = "content_filter"
MOST_TOKENS = 10**12
COLUMNS = {
    **dict.fromkeys(("request", "text", "finish_reason", "refusal", "model"), pa.string()),
    **dict.fromkeys(("prompt_tokens", "cached_tokens", "completion_tokens"), pa.int64()),
    "batch": pa.bool_(),
    "error": pa.string(),
}


@dataclass(frozen=True)
class Answer:
    """What came back for one prompt, as the outputs (by COLUMNS) hold it."""

    request: str
    """The name of the request, `sha256:…`."""
    text: str
    finish_reason: str
    """`stop`, `length` (cut off), `content_filter` (refused), or the endpoint's own word."""
    refusal: str
    """The model's own words of refusal, or the endpoint's; mostly empty."""
    model: str
    """The model version that the endpoint says has answered."""
    prompt_tokens: int
    cached_tokens: int
    """Those of prompt_tokens that are billed as cached input."""
    completion_tokens: int
    batch: bool = False
    """Whether it came, and is billed, by the Batch API."""
    error: str = ""
    """Why the call failed for good; such a row has no text, and the next run asks again."""

    def to_record(self) -> dict[str, Any]:
        """Plain values, for Parquet."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Answer":
        """The opposite of `to_record`; other columns are left alone."""
        return cls(**{field.name: record[field.name] for field in fields(cls)})

    def find_problem(self, max_characters: int | None = None) -> str | None:
        """The first reason not to use the answer, one of REASONS, or None.

        Args:
            max_characters: an answer with as many Unicode characters or more is `too_long`.
        """
        if self.error:
            return "failed"
        opening = self.text.lstrip()
        if self.refusal or self.finish_reason == REFUSED or REFUSAL.match(opening):
            return "refused"
        if not self.text.strip():
            return "empty"
        if self.finish_reason == "length":
            return "cut_off"
        if max_characters is not None and len(self.text) >= max_characters:
            return "too_long"
        return None


def failed_answer(request: str, model: str, error: str) -> Answer:
    """Stands for a call that failed for good."""
    return Answer(request, "", "", "", model, 0, 0, 0, error=error)


def read_completion(request: str, completion: Any, batch: bool) -> Answer:
    """Reads the body of a chat completion, which no endpoint promises to be one.

    Raises:
        ValueError: it is none.
    """
    try:
        choice, usage = completion["choices"][0], completion.get("usage") or {}
        message = choice["message"]
        details = usage.get("prompt_tokens_details") or {}
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
    except (AttributeError, LookupError, TypeError, OverflowError) as error:
        raise ValueError(f"no chat completion ({type(error).__name__})") from None


def _as_count(value: Any) -> int:
    """A number of tokens that a table can hold, whatever the endpoint says."""
    return min(max(0, int(value or 0)), MOST_TOKENS)


def _as_text(value: Any) -> str:
    """Text for UTF-8 files: halves of characters, which JSON can hold, become question marks."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return (value or "").encode("utf-8", "replace").decode("utf-8")
