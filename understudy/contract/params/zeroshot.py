"""The params section `zeroshot`: how the teacher is asked for summaries."""

from pydantic import Field

from understudy.core.params import Section


class ZeroshotParams(Section):
    """The params section `zeroshot`."""

    prompt: str = Field(min_length=1)
    """A template file with the variable $article."""
