"""What latency writes: how fast each student is, and on which machine."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from understudy.contract.document import Count, Metrics, Record

LATENCIES = Path("metrics/latency")
Seconds = Annotated[float, Field(ge=0), AfterValidator(lambda seconds: round(float(seconds), 5))]


class Latency(Record):
    """Seconds from an article to its summary, one article at a time."""

    median: Seconds
    p95: Seconds
    mean: Seconds


class StudentLatency(Metrics):
    """metrics/latency/SYSTEM.json: one student on the machine that measured it."""

    cores: Count
    machine: str
    """What the processor is called, and the GPU if one was used."""
    one_core: Latency
    all_cores: Latency
    """On as many threads as the process may use cores."""
    gpu: Latency | None = None
    """None where `predict` uses none."""
    articles: Count
    """Test articles that were timed, after some to warm up."""

    @property
    def fastest(self) -> Latency:
        """The one with the lowest mean: as the student would be served on this machine."""
        found = (self.one_core, self.all_cores, self.gpu)
        return min((way for way in found if way is not None), key=lambda way: way.mean)

    @staticmethod
    def path_of(system: str) -> Path:
        """Where a system's file is."""
        return LATENCIES / f"{system}.json"
