"""The params section `generate`: which articles the teacher writes, and which make pairs."""

from pydantic import Field

from understudy.contract.answers import REASONS
from understudy.contract.params.filter import NEAR_DUPLICATE, NEAR_TEST
from understudy.core.params import Section

COPIED = "copied"


class GenerateParams(Section):
    """The params section `generate`."""

    prompt: str = Field(min_length=1)
    """A template file with the variable $highlights."""
    limit: int | None = Field(gt=0)
    """Training highlights to expand, from the first on; null takes all."""
    validation_limit: int | None = Field(gt=0)
    """Validation highlights to expand, so that this source chooses its best checkpoint itself."""
    max_characters: int = Field(gt=0)
    """A written article has fewer Unicode characters than this, as in filter."""
    near_duplicates: float | None = Field(gt=0, le=1)
    """As in filter, among written training articles; null keeps them all."""
    near_test: float | None = Field(gt=0, le=1)
    """As in filter, for written articles; null keeps them all."""
    max_copied: float | None = Field(ge=0, le=1)
    """The largest share of a highlight's words that may stand in its written article in runs of 8
    words or more; null allows any. 0.5 drops a pair of which half the highlight was pasted."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why answers may make no pair."""
        own = (
            (self.max_copied, COPIED),
            (self.near_test, NEAR_TEST),
            (self.near_duplicates, NEAR_DUPLICATE),
        )
        return (*REASONS, *(reason for limit, reason in own if limit is not None))
