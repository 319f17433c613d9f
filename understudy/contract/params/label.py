"""The params section `label`."""

from pydantic import Field

from understudy.contract.answers import REASONS
from understudy.contract.params.usable import UsableParams

DISAGREE = "disagree"


class LabelParams(UsableParams):
    """Labels."""

    limit: int | None = Field(default=None, gt=0)
    """n."""
    validation_limit: int | None = Field(default=None, gt=0)
    """n."""
    samples: int = Field(default=1, ge=1, le=16)
    """n."""
    min_agreement: float | None = None
    """n."""
    sources: list[str] = ["labelled"]
    """n."""

    @property
    def limits(self) -> dict[str, int | None]:
        """Limits."""
        return {"train": self.limit, "validation": self.validation_limit}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Reasons."""
        return (*REASONS, *self.text_reasons)
