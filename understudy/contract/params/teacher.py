"""The params section `teacher`: which chat model answers, and at what pace and price."""

import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from understudy.core.params import Section

EMBEDDED = "embedded"
RESERVED = ("endpoint", "messages", "model", "stream", "n", "sample")
OUTPUT_LIMITS = ("max_completion_tokens", "max_tokens")


class Prices(Section):
    """US dollars per million tokens."""

    input: float = Field(default=0.0, ge=0)
    """Tokens of prompts."""
    cached_input: float | None = Field(default=None, ge=0)
    """Tokens of prompts that the endpoint had in its cache; null: as input."""
    output: float = Field(default=0.0, ge=0)
    """Tokens of answers, reasoning included."""
    batch_factor: float = Field(default=0.5, ge=0, le=1)
    """What a call costs in mode batch, as a share of these."""

    @model_validator(mode="after")
    def _both_prices(self) -> "Prices":
        given = self.model_fields_set & {"input", "output"}
        if len(given) == 1:
            raise ValueError(f"only {given.pop()} is given; give input and output, 0 if it is free")
        return self

    @property
    def cached(self) -> float:
        """What a million cached tokens of prompts cost."""
        return self.input if self.cached_input is None else self.cached_input

    @property
    def are_free(self) -> bool:
        """Whether no answer costs anything."""
        return not (self.input or self.cached or self.output)


class BatchParams(Section):
    """How mode batch sends its files."""

    requests: int = Field(default=50_000, gt=0, le=50_000)
    """The most requests in one file; the Batch API takes 50,000 and 200 MB."""
    poll_seconds: float = Field(default=30.0, gt=0)
    """Pause between two looks at open batches."""


class TeacherParams(Section):
    """Which chat model answers, and at what pace and price."""

    base_url: str = EMBEDDED
    """`embedded` (rules on loopback), or the /v1 address of any OpenAI-compatible endpoint; a bare
    host is that with /v1."""
    api_version: str | None = Field(default=None, min_length=1)
    """Azure OpenAI's, such as 2024-10-21, for an address without /v1; null everywhere else."""
    model: str = Field(default="embedded-rules", min_length=1)
    """What the endpoint calls the model."""
    api_key_env: str | None = Field(default=None, min_length=1)
    """The environment variable that holds the key; null for an endpoint that needs none."""
    request: dict[str, Any] = Field(default_factory=dict)
    """Passed to the chat completions API as is: temperature, max_completion_tokens, …"""
    mode: Literal["live", "batch", "replay"] = "live"
    """live: ask for what the ledger lacks, one by one; batch: by OpenAI's Batch API, cheaper and
    within 24 hours; replay: open no connection."""
    prices: Prices = Prices()
    max_cost_usd: float | None = Field(default=None, gt=0)
    """The most that the answers to a stage's present rows and prompt may cost, all runs together;
    null for no cap."""
    max_failed: float = Field(default=0.01, ge=0, le=1)
    """Largest share of a stage's rows whose calls may fail for good."""
    look_after: int | None = Field(default=20, ge=0)
    """After so many answers, and from then on, the stage stops when more than half are unusable
    (refused, unreadable, empty, cut off, unclear, not the JSON that the prompt wants), and says
    why; null or 0 goes on to the end."""
    concurrency: int = Field(default=16, gt=0, le=1024)
    """The most calls in flight; fewer as long as the endpoint pushes back."""
    requests_per_minute: int | None = Field(default=None, gt=0)
    """The endpoint's limit; null goes by its x-ratelimit headers and by what it refuses."""
    tokens_per_minute: int | None = Field(default=None, gt=0)
    """The same for tokens."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """Time for one call, from sending to the last byte of its answer."""
    max_retries: int = Field(default=6, ge=0)
    """Per call, for rate limits, server errors and broken connections, with growing pauses."""
    wait_seconds: float = Field(default=300.0, ge=0)
    """How long a server that restarts or loads its model is waited for, with one call at a time;
    0: what it refuses uses up retries."""
    batch: BatchParams = BatchParams()
    _variant: str = PrivateAttr(default="")

    @model_validator(mode="before")
    @classmethod
    def _in_one_form(cls, values: Any) -> Any:
        """Azure's addresses, which need `api_version`, are bare hosts and stay so."""
        if isinstance(values, dict) and not values.get("api_version"):
            address = values.get("base_url")
            return values | {"base_url": full_address(address)} if address else values
        return values

    @property
    def variant(self) -> str:
        """Which of the models that were seen under this name; empty for the first one."""
        return self._variant

    def for_variant(self, name: str) -> "TeacherParams":
        """The same section for another model under this name."""
        other = self.model_copy()
        other._variant = name
        return other

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


def full_address(value: Any) -> Any:
    """An endpoint's address in the form under which it is asked and its answers are kept.

    `http://host:8080`, `http://host:8080/`, `http://host:8080/v1/` and that of a route below them
    are `http://host:8080/v1`; another path stays as it is, and so does anything else.
    """
    if not isinstance(value, str) or not re.match(r"https?://[^/]", value, re.IGNORECASE):
        return value
    short = value.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    bare = short.removesuffix("/v1").rstrip("/")
    return f"{bare}/v1" if bare.count("/") == 2 and "?" not in bare else short
