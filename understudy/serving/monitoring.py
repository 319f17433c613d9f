"""Figures for Prometheus, and one line of JSON on stderr for each request or problem."""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from understudy.core.errors import one_line
from understudy.serving.batching import Batch

T = TypeVar("T")
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable that names the folder in which several workers add up their figures."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Log(Protocol):
    """What notes an event with its facts."""

    def __call__(self, event: str, level: str = "info", **facts: Any) -> None:
        """Notes it."""
        ...


class Meters:
    """What a process counts and times, in a registry of its own, whichever model it serves."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._parts: dict[object, object] = {}
        counter, timer = partial(Counter, registry=registry), partial(Histogram, registry=registry)
        gauge = partial(Gauge, registry=registry, multiprocess_mode="livesum")
        self.requests = counter(
            "understudy_requests", "Requests, by route and status.", ["route", "status"]
        )
        self.seconds = timer(
            "understudy_request_seconds",
            "Seconds from a request to the end of its response.",
            ["route"],
            buckets=SECONDS,
        )
        self.gone = counter("understudy_clients_gone", "Clients that left before their answer.")
        self.active = gauge("understudy_requests_in_flight", "Requests without a whole response.")
        self.waiting = gauge("understudy_queue_length", "Requests that wait for the engine.")
        self.sizes = timer("understudy_batch_size", "Texts decoded together.", buckets=SIZES)
        self.decoding = timer("understudy_decode_seconds", "Seconds of a batch.", buckets=SECONDS)
        self.tokens = counter("understudy_tokens", "The student's tokens, by kind.", ["kind"])

    def part(self, kind: Callable[[CollectorRegistry], T]) -> T:
        """Further figures in the same registry, which are made at the first call."""
        if kind not in self._parts:
            self._parts[kind] = kind(self._registry)
        return cast("T", self._parts[kind])

    def observe(self, batch: Batch, queued: int) -> None:
        """Counts a batch that was decoded, and those who wait behind it."""
        self.sizes.observe(batch.size)
        self.decoding.observe(batch.seconds)
        self.waiting.set(queued)

    def render(self) -> bytes:
        """All figures, those of the other workers too, in Prometheus' text format."""
        if SHARED not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def forget_dead_workers() -> None:
    """Takes the gauges of workers that are no more out of the sums; what they counted stays."""
    for file in Path(os.environ[SHARED]).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not psutil.pid_exists(pid):
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


def log(event: str, level: str = "info", **facts: Any) -> None:
    """Writes one line of JSON to stderr; where that takes no more, the server goes on without."""
    now = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "level": level, "event": event, **facts}
    with suppress(OSError, ValueError):  # a full disk, a reader that is gone, a closed file
        sys.stderr.write(json.dumps(line) + "\n")  # at once: other workers write there too
        sys.stderr.flush()


def log_failure(error: BaseException) -> None:
    """Says that the engine failed, and why."""
    log("engine_failed", "error", error=f"{type(error).__name__}: {one_line(error)[:500]}")


class ToJson(logging.Handler):
    """Writes what libraries log as lines of the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record; of an exception its name and the place it came from."""
        facts = {"message": one_line(record.getMessage())}
        if record.exc_info and (error := record.exc_info[1]) is not None:
            facts["error"] = f"{type(error).__name__}: {one_line(error)[:500]}"
        log(record.name, record.levelname.lower(), **facts)


def log_as_json() -> None:
    """Sends warnings and errors of all libraries through `ToJson`."""
    logging.basicConfig(handlers=[ToJson()], level=logging.WARNING, force=True)
