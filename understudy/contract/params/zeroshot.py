"""The params section `zeroshot`: how the teacher is asked for summaries."""

from pydantic import Field

from understudy.contract.params.usable import UsableParams


class ZeroshotParams(UsableParams):
    """How the teacher itself is asked for summaries of test and validation articles."""

    prompt: str = Field(default="prompts/zeroshot.txt", min_length=1)
    """A template file, a text or YAML, with the variable $article or other columns of the rows."""
    validation_limit: int | None = Field(default=None, ge=0)
    """Validation articles to ask about too, from the start: what calibrate compares students by.
    Those that label asks about cost nothing twice. null takes all; 0 leaves calibrate without."""

    @property
    def limits(self) -> dict[str, int | None]:
        """How many of the first articles of each split to ask about; null takes all."""
        asked = {"test": None, "validation": self.validation_limit}
        return {split: limit for split, limit in asked.items() if limit != 0}
