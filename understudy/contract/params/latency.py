"""The params section `latency`."""

from pydantic import Field

from understudy.core.params import Section


class LatencyParams(Section):
    """How a student's seconds from an article to its summary are measured."""

    articles: int = Field(default=50, gt=0)
    """Test articles that are timed, one after the other, after some to warm up; evenly spaced over
    the test split, all of it at most."""
