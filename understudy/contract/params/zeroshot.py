"""The params section `zeroshot`: how the teacher is asked for summaries."""

from pydantic import Field

from understudy.contract.params.usable import UsableParams


class ZeroshotParams(UsableParams):
    """How the teacher itself is asked for summaries of the test articles."""

    prompt: str = Field(default="prompts/zeroshot.txt", min_length=1)
    """A template file, a text or YAML, with the variable $article or other columns of the rows."""
