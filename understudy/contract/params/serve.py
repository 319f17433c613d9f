"""The params section `serve`: how a student answers over HTTP."""

from typing import Literal

from pydantic import Field

from understudy.core.params import Section


class ServeParams(Section):
    """How `understudy serve` answers; its options come before what stands here."""

    mode: Literal["student"] = "student"
    """student: the student answers every request of the task, and refuses all others."""
    host: str = Field(default="127.0.0.1", min_length=1)
    """The address to listen on. One that other machines reach needs a key in the environment
    variable UNDERSTUDY_SERVE_KEY."""
    port: int = Field(default=8100, ge=0, le=65535)
    """The port to listen on; 0 takes a free one."""
    workers: int = Field(default=1, gt=0)
    """Processes that share the port, each with the model in memory."""
    threads: int | None = Field(default=None, gt=0)
    """Cores that decode one batch together, one batch at a time; null decodes a batch on each core,
    or takes the GPU, as `understudy predict` does."""
    max_queue: int = Field(default=256, gt=0)
    """Requests of a worker that may wait; one more gets 429 and is told when to come back."""
    timeout_seconds: float = Field(default=30.0, gt=0)
    """Longest time from a request to its answer; then it gets 504."""
    tokens_per_batch: int = Field(default=4096, gt=0)
    """Article tokens, padding included, that are decoded at once."""
