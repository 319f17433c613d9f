"""What latency writes: how fast each student is, and on which machine."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from understudy.contract.document import Count, KeyedMetrics, Record

Seconds = Annotated[float, Field(ge=0), AfterValidator(lambda seconds: round(float(seconds), 5))]


class Latency(Record):
    """Seconds from an article to its summary, one article at a time."""

    median: Seconds
    p95: Seconds
    mean: Seconds


class StudentLatency(Record):
    """One student on the machine that measured it."""

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


class Latencies(KeyedMetrics[StudentLatency]):
    """metrics/latency.json: every student that ships."""

    PATH: ClassVar = Path("metrics/latency.json")

    cores: Count
    machine: str
    """What the processor is called, and the GPU if one was used."""
