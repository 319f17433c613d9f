"""The params section `serve`: how a student answers over HTTP."""

from typing import Literal

from pydantic import Field

from understudy.core.params import Section


class ServeParams(Section):
    """How `understudy serve` answers; its options come before what stands here."""

    mode: Literal["student", "cascade", "shadow", "canary"] = "student"
    """student: the student answers every request of the task. cascade: where it is sure, by
    metrics/calibration/MODEL.json; else the teacher. shadow: the teacher, with the student beside
    it, to compare. canary: the student for a share of the inputs. All but the first need the option
    --teacher; with it, other messages than the task's go to the teacher, too."""
    canary_percent: float = Field(default=5.0, ge=0, le=100)
    """Share of the inputs that the student answers in mode canary; always the same inputs."""
    shadow_percent: float = Field(default=100.0, ge=0, le=100)
    """Share of the inputs for which the student runs, too, in mode shadow."""
    max_cost_usd: float | None = Field(default=None, gt=0)
    """The most that calls of the teacher may cost a day by UTC, of all servers with the same ledger
    together; null for no cap."""
    teacher_timeout_seconds: float = Field(default=20.0, gt=0)
    """How long a request waits for the teacher, beside its time with the student."""
    when_teacher_fails: Literal["refuse", "student"] = "refuse"
    """What a request gets that the teacher does not answer: an error, or the student's answer, for
    which nothing is promised."""
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
