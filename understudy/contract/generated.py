"""metrics/generated.json: how many answers of the teacher made pairs, and why others did not."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from understudy.contract.document import Count, Metrics, Record


class AnswerCounts(Record):
    """Answers of one split: asked = kept + the sum of dropped."""

    asked: Annotated[int, Field(gt=0)]
    kept: Count
    dropped: dict[str, Count]
    """By reason."""
    finish_reasons: dict[str, Count] | None = None
    """Answers by the endpoint's word for the end of the text (see `normal_word` in
    understudy.contract.answers); failed calls have none. None in files of earlier versions."""
    reasoning_stripped: Count | None = None
    """Answers whose text began with reasoning, which was taken off."""


class Generated(Metrics):
    """The counts of the splits that the teacher writes for."""

    PATH: ClassVar = Path("metrics/generated.json")

    train: AnswerCounts
    validation: AnswerCounts
