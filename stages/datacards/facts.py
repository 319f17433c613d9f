"""What a data card tells: what was counted, and what the other stages have written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ConfigDict, Field

from stages.datacards.survey import Survey
from understudy.contract.document import Record
from understudy.contract.origin import Origin
from understudy.contract.params.datacards import DatacardsParams
from understudy.core.params import Section


class Rows(Record):
    """A split in metrics/dataset.json."""

    read: int
    rejected: int
    under_limit: int
    kept: int
    dropped: dict[str, int]


class StudyRows(Record):
    """What the study counts of a split."""

    under_limit: int


class Study(Record):
    """Table 1 of the study."""

    train: StudyRows
    test: StudyRows


class Dataset(Record):
    """metrics/dataset.json."""

    train: Rows
    validation: Rows
    test: Rows
    study: Study | None = None
    """Only beside rows of the Hub."""


class Answers(Record):
    """A split in metrics/generated.json."""

    asked: int = Field(gt=0)
    kept: int
    dropped: dict[str, int]


class Generated(Record):
    """metrics/generated.json."""

    train: Answers
    validation: Answers


class Told(Section):
    """A part of a section that another stage checks whole."""

    model_config = ConfigDict(extra="ignore")


class Filtering(Told):
    """Of the section `filter`."""

    max_characters: int
    near_duplicates: float | None
    near_test: float | None


class Writing(Filtering):
    """Of the section `generate`."""

    prompt: str
    max_copied: float | None


class Asking(Told):
    """Of the section `teacher`."""

    base_url: str
    model: str
    request: dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """All that a card says."""

    source: Literal["gold", "written"]
    survey: Survey
    origin: Origin
    dataset: Dataset
    generated: Generated
    writer: str
    """The model that has answered, as the endpoint named it."""
    prompt: str
    """The template that the teacher was asked with."""
    asking: Asking
    filtering: Filtering
    writing: Writing
    params: DatacardsParams

    @property
    def limits(self) -> Filtering:
        """What the articles of this source were held to."""
        return self.writing if self.source == "written" else self.filtering

    @property
    def counts(self) -> Mapping[str, "Counts"]:
        """What became of this source's rows or answers, by split."""
        if self.source == "written":
            made = self.generated
            answers = {"train": made.train, "validation": made.validation}
            return {name: Counts(a.asked, a.kept, a.dropped) for name, a in answers.items()}
        rows = {name: getattr(self.dataset, name) for name in ("train", "validation", "test")}
        return {
            name: Counts(found.read, found.kept, {"unusable": found.rejected, **found.dropped})
            for name, found in rows.items()
        }


@dataclass(frozen=True)
class Counts:
    """A split's rows or answers: all of them are kept or dropped."""

    read: int
    kept: int
    dropped: Mapping[str, int]
    """By reason."""
