"""The params section `evaluate`: how scores are taken and judged."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from understudy.core.params import Section


@dataclass(frozen=True)
class Judgement:
    """How scores are judged: the settings of every interval and test."""

    margin: float
    """Points within which two systems are equivalent."""
    resamples: int
    seed: int


class EvaluateParams(Section):
    """The params section `evaluate`."""

    source: Literal["gold", "written"]
    """Whose students metrics/rouge.json shows."""
    stemmer: bool
    """Compare Porter stems instead of words."""
    resamples: int = Field(ge=100)
    """Random samples behind each interval and each p-value."""
    seed: int = Field(ge=0)
    margin: float = Field(gt=0, le=100)
    """ROUGE points; systems that are shown to differ by less are equivalent."""

    @property
    def judgement(self) -> Judgement:
        """What intervals and tests go by."""
        return Judgement(self.margin, self.resamples, self.seed)
