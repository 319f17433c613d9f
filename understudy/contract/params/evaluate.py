"""The params section `evaluate`: how scores are taken and judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from understudy.contract.params.sources import Source
from understudy.core.params import Section

Words = Literal["english", "unicode"]


@dataclass(frozen=True)
class Judgement:
    """How scores are judged: the settings of every interval and test."""

    margin: float
    """Points within which two systems are equivalent."""
    resamples: int
    seed: int


class EvaluateParams(Section):
    """How summaries are scored and systems compared."""

    source: Source = "written"
    """Whose students metrics/rouge.json shows."""
    stemmer: bool = True
    """Compare Porter stems instead of words; words in a to z only."""
    words: Words = "english"
    """What ROUGE compares: `english` words of the letters a to z and digits, or `unicode` words of
    all scripts, with a letter of Chinese, Japanese, Thai, Lao, Khmer or Burmese as a word."""
    resamples: int = Field(default=1000, ge=100)
    """Bootstrap samples behind each interval and each p-value."""
    seed: int = Field(default=1, ge=0)
    """Seed of these samples."""
    margin: float = Field(default=1.0, gt=0, le=100)
    """ROUGE points; systems that are shown to differ by less are equivalent."""

    def find_problem(self, sources: Sequence[str]) -> str | None:
        """What is wrong with `source` where these sources run, as a line for people; or None."""
        if self.source in sources:
            return None
        shown = ", ".join(sources)
        return f"evaluate.source = {self.source!r}: expected one of sources = [{shown}]"

    @property
    def judgement(self) -> Judgement:
        """The settings of intervals and tests."""
        return Judgement(self.margin, self.resamples, self.seed)
