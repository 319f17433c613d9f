"""The params section `calibrate`: what a student that answers alone may risk."""

from pydantic import Field

from understudy.core.params import Section


class CalibrateParams(Section):
    """What is promised of a cascade; choose it before you see what passes."""

    epsilon: float = Field(default=0.1, gt=0, lt=1)
    """Largest share of all requests that are answered by the student and worse than the teacher by
    more than delta, or with another label than the teacher's."""
    delta: float = Field(default=5.0, ge=0, lt=100)
    """Points of ROUGE-1 F1 that an answer may be worse than the teacher's; against the teacher's
    own answers where there are no others, so that it must be larger there. A label is bad if it is
    another than the teacher's, whatever stands here."""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """One minus the probability that the promise does not hold."""
    horizon: int | None = Field(default=None, gt=0)
    """null: epsilon is promised of the rate from which requests come. A number: of so many requests
    to come, which have luck of their own, so that fewer are answered alone."""
