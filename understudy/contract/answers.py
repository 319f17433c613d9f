"""An answer of the teacher, and the reason why one cannot be used."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa

REASONS = ("failed", "refused", "empty", "cut_off", "too_long")
# Chat models often refuse in plain words, without marking the answer as a refusal.
REFUSAL = re.compile(
    r"^(i['’]?m sorry\b|i am sorry\b|sorry,|i apologi[sz]e|as an ai( language)? model\b"
    r"|i ?(can['’]?t|cannot|can not|won['’]?t|(['’]m|am) (unable|not able) to)"
    r" (help|assist|write|create|provide|fulfil|generate|comply|do that|produce|summari[sz]e))",
    re.IGNORECASE,
)
REFUSED = "content_filter"
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
    """True if it came, and is billed, by the Batch API."""
    error: str = ""
    """Why the call failed for good; such a row has no text, and the next run asks again."""

    def to_record(self) -> dict[str, Any]:
        """Plain values, for Parquet."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Answer":
        """Reads what `to_record` returned; other columns are ignored."""
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
