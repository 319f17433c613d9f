"""The params section `zeroshot`: how the teacher is asked to do the task."""

from pydantic import Field

from understudy.contract.answers import REASONS
from understudy.contract.kind import this_kind
from understudy.contract.params.usable import UNLISTED, UsableParams


class ZeroshotParams(UsableParams):
    """How the teacher itself is asked about test and validation inputs."""

    prompt: str = Field(default="prompts/zeroshot.txt", min_length=1)
    """A template file, a text or YAML, with the variable $article, in a classification
    $text, or other columns of the rows; $labels is the list of task.labels."""
    validation_limit: int | None = Field(default=None, ge=0)
    """Validation inputs to ask about too, from the start: what calibrate compares students by.
    Those that label asks about cost nothing twice. null takes all; 0 leaves calibrate without."""

    @property
    def limits(self) -> dict[str, int | None]:
        """How many of the first inputs of each split to ask about; null takes all."""
        asked = {"test": None, "validation": self.validation_limit}
        return {split: limit for split, limit in asked.items() if limit != 0}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why answers may be no output of the task."""
        is_label = this_kind().has_labels
        return (*REASONS, *((UNLISTED,) if is_label else self.text_reasons))
