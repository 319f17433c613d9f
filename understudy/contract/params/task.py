"""The params section `task`: what kind of task it is, and of a classification its labels."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from understudy.contract.kind import CLASSIFICATION, SUMMARIZATION, KindName
from understudy.contract.label_reader import plain
from understudy.core.params import Section

Label = Annotated[str, Field(min_length=1, max_length=200)]


class TaskParams(Section):
    """The task that the teacher does today, and its students tomorrow."""

    kind: KindName = "summarization"
    """summarization: an input becomes a shorter text; classification: it gets one of `labels`."""
    labels: list[Label] = Field(default=[])
    """The classes, as they stand in your data and as the student answers; two or more."""
    synonyms: dict[str, Label] = Field(default={})
    """Other words for a label in the teacher's answers and in your data, such as
    `invoice: billing`. A text that is neither a label nor a synonym is never guessed into one."""
    keywords: dict[Label, list[Label]] = Field(default={})
    """Words of each label for the baseline `keywords`; {} learns them from the training texts."""

    @field_validator("labels")
    @classmethod
    def _are_different(cls, labels: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("kind") == SUMMARIZATION.name and labels:
            raise ValueError(f"expected none; labels are for kind: {CLASSIFICATION.name}")
        if info.data.get("kind") == CLASSIFICATION.name and len(labels) < 2:
            raise ValueError("expected two or more")
        folded = [plain(label) for label in labels]
        if len(set(folded)) < len(folded):
            raise ValueError("expected each label once, case and white space aside")
        return labels

    @field_validator("synonyms")
    @classmethod
    def _name_labels(cls, synonyms: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        labels = info.data.get("labels", [])
        known = {plain(label) for label in labels}
        for word, label in synonyms.items():
            if label not in labels:
                raise ValueError(f"{word}: {label!r} is none of `labels`")
            if plain(word) in known:
                raise ValueError(f"{word!r} is a label itself")
        return synonyms

    @field_validator("keywords")
    @classmethod
    def _are_of_labels(
        cls, keywords: dict[str, list[str]], info: ValidationInfo
    ) -> dict[str, list[str]]:
        if others := [label for label in keywords if label not in info.data.get("labels", [])]:
            raise ValueError(f"{others[0]!r} is none of `labels`")
        return keywords
