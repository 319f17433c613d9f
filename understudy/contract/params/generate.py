"""The params section `generate`: which articles the teacher writes, and which make pairs."""

from typing import Literal

from pydantic import Field

from understudy.contract.answers import REASONS
from understudy.contract.params.filter import NEAR_DUPLICATE, NEAR_TEST
from understudy.contract.params.usable import TOO_SHORT, UsableParams

COPIED = "copied"


class GenerateParams(UsableParams):
    """Which articles the teacher writes, and which of them make pairs."""

    sources: list[Literal["written"]] = Field(default=["written"], max_length=1)
    """[], where `sources` at the top lacks it: DVC makes the stage for what stands here."""
    prompt: str = Field(default="prompts/generate.txt", min_length=1)
    """A template file, a text or YAML, with the variable $highlights, or $label."""
    limit: int | None = Field(default=None, gt=0)
    """Training highlights to expand, from the first on; null takes all."""
    validation_limit: int | None = Field(default=None, gt=0)
    """Validation highlights to expand, so that this source chooses its best checkpoint itself;
    null takes all."""
    max_characters: int = Field(default=2048, gt=0)
    """A written article has fewer Unicode characters than this, as in filter."""
    min_length: float = Field(default=1.0, ge=0)
    """A written article has at least so many times the characters of its highlights; 0 takes any
    length."""
    near_duplicates: float | None = Field(default=None, gt=0, le=1)
    """As in filter, among written training articles; null keeps all."""
    near_test: float | None = Field(default=None, gt=0, le=1)
    """As in filter, for written articles; null keeps all."""
    max_copied: float | None = Field(default=None, ge=0, le=1)
    """Largest share of a highlight's words that may stand in its written article in runs of 8 words
    or more; null allows any. 0.5 drops a pair of which half the highlight was pasted."""

    @property
    def limits(self) -> dict[str, int | None]:
        """How many of the first highlights of each split to expand; null takes all."""
        return {"train": self.limit, "validation": self.validation_limit}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why answers may make no pair."""
        short = (TOO_SHORT,) if self.min_length else ()
        own = (
            (self.max_copied, COPIED),
            (self.near_test, NEAR_TEST),
            (self.near_duplicates, NEAR_DUPLICATE),
        )
        chosen = (reason for limit, reason in own if limit is not None)
        return (*REASONS, *self.text_reasons, *short, *chosen)
