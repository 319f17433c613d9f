"""The params section `filter`: which pairs are kept."""

from pydantic import Field

from understudy.contract.kind import this_kind
from understudy.core.params import Section

NEAR_TEST, NEAR_DUPLICATE = "near_test", "near_duplicate"
REASONS = ("too_long", "duplicate", "in_test")
CONTRADICTORY = "contradictory"
"""Only of a classification: the same text is there with another label, too."""


class FilterParams(Section):
    """Which pairs are kept."""

    max_characters: int = Field(default=2048, gt=0)
    """An article has fewer Unicode characters than this."""
    near_duplicates: float | None = Field(default=None, gt=0, le=1)
    """Drops a training article whose 5-word shingles overlap an earlier one's by this Jaccard
    similarity or more (such as 0.8); null keeps all, as the study does."""
    near_test: float | None = Field(default=None, gt=0, le=1)
    """Drops a training or validation article that shares at least this share of a test article's
    shingles; null keeps all."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why rows may be dropped."""
        near = ((self.near_test, NEAR_TEST), (self.near_duplicates, NEAR_DUPLICATE))
        own = (CONTRADICTORY,) if this_kind().has_labels else ()
        return (*REASONS, *own, *(reason for limit, reason in near if limit is not None))
