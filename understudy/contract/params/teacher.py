"""The params section `teacher`: which chat model answers, and at what pace and price."""

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from understudy.core.params import Section

EMBEDDED = "embedded"
RESERVED = ("endpoint", "messages", "model", "stream", "n")
OUTPUT_LIMITS = ("max_completion_tokens", "max_tokens")


class Prices(Section):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    cached_input: float = Field(ge=0)
    output: float = Field(ge=0)
    batch_factor: float = Field(ge=0, le=1)
    """What a call costs in mode batch, as a share of these."""


class BatchParams(Section):
    """How mode batch sends its files."""

    requests: int = Field(gt=0, le=50_000)
    """The most requests in one file; the Batch API takes 50,000 and 200 MB."""
    poll_seconds: float = Field(gt=0)
    """Between two looks at open batches."""


class TeacherParams(Section):
    """The params section `teacher`."""

    base_url: str
    """`embedded`, or the /v1 address of any OpenAI-compatible endpoint."""
    api_version: str | None = Field(min_length=1)
    """Azure OpenAI's, such as 2024-10-21, for an address without /v1; null everywhere else."""
    model: str = Field(min_length=1)
    api_key_env: str | None = Field(min_length=1)
    """The environment variable that holds the key; null for an endpoint that needs none."""
    request: dict[str, Any]
    """Passed to the chat completions API as is: temperature, max_completion_tokens, …"""
    mode: Literal["live", "batch", "replay"]
    """`live` asks one by one, `batch` by OpenAI's Batch API, `replay` opens no connection."""
    prices: Prices
    max_cost_usd: float | None = Field(gt=0)
    """The most that the answers to a stage's present rows and prompt may cost, all runs together;
    null for no cap."""
    max_failed: float = Field(ge=0, le=1)
    """Largest share of a stage's rows whose calls may fail for good."""
    concurrency: int = Field(gt=0, le=1024)
    """The most calls in flight; fewer as long as the endpoint pushes back."""
    requests_per_minute: int | None = Field(gt=0)
    """The endpoint's limit; null goes by its x-ratelimit headers and by what it refuses."""
    tokens_per_minute: int | None = Field(gt=0)
    timeout_seconds: float = Field(gt=0)
    """For one call, from sending to the last byte of its answer."""
    max_retries: int = Field(ge=0)
    """Per call, for rate limits, server errors and broken connections, with growing pauses."""
    batch: BatchParams

    @property
    def max_output_tokens(self) -> int | None:
        """What teacher.request sets as the longest answer, reasoning included."""
        limits = [self.request[name] for name in OUTPUT_LIMITS if self.request.get(name)]
        return max(limits, default=None)

    @field_validator("max_cost_usd")
    @classmethod
    def _is_enforceable(cls, value: float | None, info: ValidationInfo) -> float | None:
        request = info.data.get("request")
        if request is None:  # it has an error of its own
            return value
        if value is not None and not any(request.get(name) for name in OUTPUT_LIMITS):
            raise ValueError(
                "a cap needs teacher.request.max_completion_tokens (or max_tokens): "
                "without it one answer may cost anything"
            )
        return value

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        address = urlsplit(value)
        if value != EMBEDDED and not (address.scheme in ("http", "https") and address.netloc):
            raise ValueError("expected 'embedded' or an address such as https://host/v1")
        if address.username or address.password:
            raise ValueError("expected no secret in the address: use teacher.api_key_env")
        return value

    @field_validator("request")
    @classmethod
    def _leaves_reserved(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in RESERVED:
            if name in value:
                raise ValueError(f"expected no '{name}' here: the pipeline sets it")
        for name in OUTPUT_LIMITS:
            limit = value.get(name)
            if limit is not None and (type(limit) is not int or limit < 1):
                raise ValueError(f"expected a positive whole number as '{name}'")
        return value
