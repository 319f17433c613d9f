"""An answer of the teacher, and the reason why one cannot be used."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa

REASONS = ("failed", "refused", "unreadable", "empty", "cut_off", "unclear", "too_long")
# Chat models often refuse in plain words, without marking the answer as a refusal.
REFUSAL = re.compile(
    r"^(i['’]?m sorry\b|i am sorry\b|sorry,|i apologi[sz]e|as an ai( language)? model\b"
    r"|i ?(can['’]?t|cannot|can not|won['’]?t|(['’]m|am) (unable|not able) to)"
    r" (help|assist|write|create|provide|fulfil|generate|comply|do that|produce|summari[sz]e))",
    re.IGNORECASE,
)
REFUSED = "content_filter"
WHOLE = frozenset(
    "stop stopped stop_sequence stop_string stop_token end_turn end_of_turn end_of_text endoftext"
    " end eos eos_token eod complete completed completion done finish finished normal".split()
)
"""What endpoints call the end of a whole text, as `normal_word` writes it."""
REFUSING = re.compile(
    r"filter|safety|recitation|prohibit|block|spii|sensitive|refus|toxic|moderat|guardrail|policy"
    r"|censor|copyright|unsafe"
)
"""In the words of endpoints whose filter ended the text."""
LIMITS = ("length", "max_tokens", "max_output_tokens", "model_length", "token_limit", "max_length")
"""What they call the limit of output tokens."""
NO_WORD = "null"
"""Stands for an endpoint's silence among its words."""
LONGEST_WORD = 40
"""Characters of an endpoint's word in the metrics, at most."""
STRIPPED, UNCLEAR, UNREADABLE = "stripped", "unclear", "unreadable"
COLUMNS = {
    **dict.fromkeys(("request", "text", "finish_reason", "refusal", "model"), pa.string()),
    **dict.fromkeys(("prompt_tokens", "cached_tokens", "completion_tokens"), pa.int64()),
    "batch": pa.bool_(),
    "error": pa.string(),
    "reasoning_tokens": pa.int64(),
    "reading": pa.string(),
    "seconds": pa.float64(),
    "origin": pa.string(),
    "log_probability": pa.float64(),
}
LATER: dict[str, Any] = {
    "reasoning_tokens": 0, "reading": "", "seconds": None, "origin": "", "log_probability": None
}  # fmt: skip
"""Columns that outputs and ledgers of earlier versions lack, with what they stand for there."""


def normal_word(finish_reason: str | None) -> str:
    """An endpoint's reason for the end of a text, as different endpoints would write it.

    `STOP`, `FinishReason.STOP` and `FINISH_REASON_STOP` are `stop`; what follows a colon is left
    out; without a word it is NO_WORD.
    """
    word = (finish_reason or "").partition(":")[0].strip().lower().rpartition(".")[2]
    word = re.sub(r"[\W_]+", "_", word.removeprefix("finish_reason_")).strip("_")
    return word[:LONGEST_WORD] or NO_WORD


@dataclass(frozen=True)
class Answer:
    """What came back for one prompt, as the outputs (by COLUMNS) hold it."""

    request: str
    """The name of the request, `sha256:…`."""
    text: str
    finish_reason: str
    """Why the text ends, in the endpoint's own word; empty where it says nothing."""
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
    reasoning_tokens: int = 0
    """Those of completion_tokens that are reasoning, estimated where the endpoint does not say."""
    reading: str = ""
    """STRIPPED: reasoning was taken off the text; UNCLEAR: it may be in it; UNREADABLE: the body
    has no text that this version can read; empty for ordinary answers."""
    seconds: float | None = None
    """What the call that answered took, without earlier attempts and without any wait for limits;
    None for an answer of a batch, a failed call, and where nobody has measured it."""
    origin: str = ""
    """The log that an imported answer was read from: it cost nothing here; empty for answers that
    this project has asked for."""
    log_probability: float | None = None
    """The sum over the answer's tokens, natural; None where the endpoint gives none."""

    def to_record(self) -> dict[str, Any]:
        """Plain values, for Parquet."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Answer":
        """Reads what `to_record` returned, of an earlier version too; ignores other columns."""
        record = {**LATER, **record}
        return cls(**{field.name: record[field.name] for field in fields(cls)})

    @property
    def confidence(self) -> float | None:
        """The probability of the text, 0 to 1; None where the endpoint gives none."""
        return None if self.log_probability is None else math.exp(self.log_probability)

    @property
    def is_whole(self) -> bool:
        """Whether the endpoint says that the text came to its end."""
        return normal_word(self.finish_reason) in WHOLE

    def find_problem(self, max_characters: int | None = None) -> str | None:
        """The first reason not to use the answer, one of REASONS, or None.

        Args:
            max_characters: an answer with as many Unicode characters or more is `too_long`.
        """
        if self.error:
            return "failed"
        is_filtered = REFUSING.search((self.finish_reason or "").lower())
        if self.refusal or is_filtered or REFUSAL.match(self.text.lstrip()):
            return "refused"
        if self.reading == UNREADABLE:
            return "unreadable"
        if not self.text.strip():
            return "empty"
        if not self.is_whole:
            return "cut_off"
        if self.reading == UNCLEAR:
            return "unclear"
        if max_characters is not None and len(self.text) >= max_characters:
            return "too_long"
        return None
