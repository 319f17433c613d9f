"""What worth writes: whether, and after how many answers, it pays to switch to a student."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from understudy.contract.document import Count, Figure, KeyedMetrics, Record
from understudy.contract.names import Verdict
from understudy.contract.teacher_use import Usd
from understudy.contract.timing import Seconds

FineUsd = Annotated[float, Field(ge=0), AfterValidator(lambda amount: round(float(amount), 9))]
"""For what is used many times over."""


class TeacherWorth(Record):
    """What the teacher costs in the students' place."""

    usd_per_1000: Usd | None = None
    """Of 1,000 live answers: measured tokens of zero-shot at the params' prices; None where no
    answer tells its tokens and they are not free."""
    seconds_median: Seconds | None = None
    """Of a zero-shot call, without waiting for limits; None where no call was timed."""
    seconds_p95: Seconds | None = None
    timed: Count
    """Calls behind these."""


class StudentWorth(Record):
    """One student in the teacher's place."""

    model_verdict: Verdict | None = None
    """On ROUGE-1 F1 or accuracy against the teacher, of the model that ships; None where the
    teacher's own answers are the references."""
    recipe_verdict: Verdict | None = None
    """The same of its recipe."""
    f1_difference: Figure | None = None
    """Points of ROUGE-1 F1, the model that ships minus the teacher; None of labels."""
    accuracy_difference: Figure | None = None
    """The same of labels, in points of accuracy."""
    agreement: Figure | None = None
    """ROUGE-1 F1 or accuracy against the teacher's own answers; None where the references are
    gold."""
    seconds_median: Seconds
    """Of an answer, in the fastest of the ways that metrics/latency knows."""
    usd_per_1000: Usd
    """Of 1,000 answers, one at a time in that way: the machine's time at its price."""
    saved_usd_per_1000: Usd | None = None
    """The teacher's price less this; negative where the student costs more; None where the
    teacher's is not known."""
    training_hours: Figure
    """Of all seeds."""
    training_usd: Usd
    answers_usd: Usd
    """Paid to the teacher for training pairs and for the proof."""
    answers_to_pay_back: Count | None = None
    """Answers after which training and paid answers are earned back; None: never, or not known."""
    months_to_pay_back: Figure | None = None
    """The same at worth.answers_per_month."""
    pays: Literal[0, 1]
    """Whether it is ever paid back; quality does not count here."""

    @property
    def difference(self) -> float | None:
        """The model that ships minus the teacher, in points of what is judged."""
        found = self.f1_difference
        return self.accuracy_difference if found is None else found


class Worth(KeyedMetrics[StudentWorth]):
    """metrics/worth.json: every student."""

    PATH: ClassVar = Path("metrics/worth.json")

    candidate: str
    """The student with the best verdict against the teacher, or that agrees with it most where its
    own answers are the references; of several, the cheapest to run."""
    teacher: TeacherWorth
    machine_usd_per_hour: float
    answers_per_month: Count
    usd_per_article: FineUsd
    """What one more test row costs: a zero-shot answer, as the others were paid for."""
    usd_per_seed: dict[str, FineUsd]
    """What one more seed costs, by student, such as t5: training it once on each source."""
