"""What latency and worth write: how fast each student is, and whether it pays to switch to it."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from understudy.contract.document import Count, Figure, KeyedMetrics, Record
from understudy.contract.evaluation import Usd
from understudy.contract.names import Verdict

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
    articles: Count
    """Test articles that were timed, after some to warm up."""


class Latencies(KeyedMetrics[StudentLatency]):
    """metrics/latency.json: every student that ships."""

    PATH: ClassVar = Path("metrics/latency.json")

    cores: Count
    machine: str
    """What the processor, or the GPU, is called."""


class TeacherWorth(Record):
    """What the teacher costs in the students' place."""

    usd_per_1000: Usd
    """Of 1,000 live answers: measured tokens at the params' prices."""
    seconds_median: Seconds | None = None
    """Of a zero-shot call, without waiting for limits; None where no call was timed."""
    seconds_p95: Seconds | None = None
    timed: Count
    """Calls behind these."""


class StudentWorth(Record):
    """One student in the teacher's place."""

    model_verdict: Verdict
    """On ROUGE-1 F1 against the teacher, of the model that ships."""
    recipe_verdict: Verdict
    """The same of its recipe."""
    f1_difference: Figure
    """Points of ROUGE-1 F1, the model that ships minus the teacher."""
    usd_per_1000: Usd
    """Of 1,000 answers: the machine's time at worth.machine_usd_per_hour."""
    saved_usd_per_1000: float
    """The teacher's price less this; negative where the student costs more."""
    training_hours: Figure
    """Of all seeds."""
    training_usd: Usd
    answers_usd: Usd
    """Paid to the teacher for training pairs and for the proof."""
    answers_to_pay_back: Count | None = None
    """Answers after which training and paid answers are earned back; None: never."""
    months_to_pay_back: Figure | None = None
    """The same at worth.answers_per_month."""
    pays: Literal[0, 1]
    """Whether it is ever paid back."""


class Worth(KeyedMetrics[StudentWorth]):
    """metrics/worth.json: every student."""

    PATH: ClassVar = Path("metrics/worth.json")

    teacher: TeacherWorth
