"""What evaluate writes of the teacher: calls, tokens, money and time, by the stage that asked."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from understudy.contract.document import Count, Figure, Metrics, Record

Usd = Annotated[float, AfterValidator(lambda amount: round(float(amount), 6))]


class TeacherCalls(Record):
    """One use of the teacher."""

    model: str
    """As the endpoint named it; several are joined by commas."""
    calls: Count
    """Answers; rows with equal prompts share one."""
    rows: Count | None = None
    """Rows that the stage asked about; None in files of earlier versions."""
    imported: Count | None = None
    """Answers out of logs, which cost nothing here; None in files of earlier versions."""
    metered: Count | None = None
    """Answers that tell their tokens."""
    unusable: Count
    """Rows whose answers make no pair, or are no summary; failed calls among them."""
    failed: Count
    """Rows whose calls failed for good."""
    batch: Count
    """Calls that came by the Batch API."""
    prompt_tokens: Count
    """Of all answers, imported ones too."""
    cached_tokens: Count
    """Those of prompt_tokens that are billed as cached input."""
    completion_tokens: Count
    reasoning_tokens: Count | None = None
    """Those of completion_tokens that are reasoning, estimated where the endpoint does not say."""
    cost_usd: Usd
    """Of answers that were asked for here, at the prices of params.yaml."""
    reasoning_stripped: Count | None = None
    """Calls whose text began with reasoning, which was taken off."""
    finish_reasons: dict[str, Count] | None = None
    """Calls by the endpoint's word for the end of the text."""
    timed: Count | None = None
    """Calls whose time was measured: live ones; None in files of earlier versions."""
    seconds_median: Figure | None = None
    """Of timed calls, each without waits for limits; None where none is timed."""
    seconds_p95: Figure | None = None
    """Their 95th percentile, interpolated linearly between the two nearest, as the median is."""


class TeacherUse(Metrics):
    """metrics/teacher.json: calls, tokens, money and seconds a call, by the stage that asked."""

    PATH: ClassVar = Path("metrics/teacher.json")

    generate: TeacherCalls | None = None
    """None where no articles are written."""
    label: TeacherCalls | None = None
    """None where no inputs are labelled."""
    zeroshot: TeacherCalls

    @property
    def stages(self) -> dict[str, TeacherCalls]:
        """The stages that asked."""
        found = {"generate": self.generate, "label": self.label, "zeroshot": self.zeroshot}
        return {stage: calls for stage, calls in found.items() if calls is not None}
