"""The params section `label`: which inputs the teacher answers, and which answers make pairs."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from understudy.contract.answers import REASONS
from understudy.contract.kind import this_kind
from understudy.contract.params.fetch import NO_FILE
from understudy.contract.params.usable import TOO_SHORT, UNLISTED, UsableParams

COPY, OTHER_LANGUAGE, REFUSAL = "copy", "other_language", "refusal"
LONGER, DISAGREE = "longer", "disagree"


class LabelParams(UsableParams):
    """Which inputs the teacher answers with zeroshot.prompt, and which answers make pairs."""

    sources: list[Literal["labelled"]] = Field(default=["labelled"], max_length=1)
    """[], where `sources` at the top lacks it: DVC makes the stage for what stands here."""
    limit: int | None = Field(default=None, gt=0)
    """Training inputs to answer, from the first on; null takes all."""
    validation_limit: int | None = Field(default=None, gt=0)
    """Validation inputs to answer, so that this source chooses its best checkpoint itself; null
    takes all."""
    harvested: str = Field(default=NO_FILE, min_length=1)
    """Inputs to answer beside these, out of served requests: data/harvested.parquet, once
    `understudy harvest` has written it; data/none.jsonl for none. `limit` does not count them."""
    samples: int = Field(default=1, ge=1, le=16)
    """Answers to each input, every one of which is paid for. Of several, the one that agrees most
    with the others makes the pair, or the label that most of them are."""
    min_agreement: float | None = Field(default=None, ge=0, le=1)
    """Drops an input whose samples agree less than this on average, by the F1 of the words that any
    two of them share, or of a classification by the share of pairs that are the same label; null
    keeps all."""
    min_words: int = Field(default=0, ge=0)
    """Drops an answer of fewer words; 0 keeps all."""
    drop_copies: bool = False
    """Drops an answer that is its input, case and white space aside."""
    same_language: bool = False
    """Drops an answer in another language than its input, where both are long enough to be sure."""
    drop_refusals: bool = False
    """Drops an answer with a sentence of refusal anywhere in it, such as "I cannot help with that"
    or "As an AI language model"; one that begins so is never used."""
    drop_longer: bool = False
    """Drops an answer of more words than its input."""

    @field_validator("min_agreement")
    @classmethod
    def _has_samples(cls, agreement: float | None, info: ValidationInfo) -> float | None:
        if agreement is not None and info.data.get("samples") == 1:
            raise ValueError("expected null with label.samples = 1: one sample agrees with itself")
        return agreement

    @property
    def harvested_path(self) -> Path | None:
        """The file of inputs out of served requests, if there is one."""
        return None if self.harvested == NO_FILE else Path(self.harvested)

    @property
    def limits(self) -> dict[str, int | None]:
        """How many of the first inputs of each split to answer; null takes all."""
        return {"train": self.limit, "validation": self.validation_limit}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why answers may make no pair."""
        own = (
            (self.min_words > 0, TOO_SHORT),
            (self.drop_copies, COPY),
            (self.drop_refusals, REFUSAL),
            (self.same_language, OTHER_LANGUAGE),
            (self.drop_longer, LONGER),
            (self.min_agreement is not None, DISAGREE),
        )
        if this_kind().has_labels:  # what a text must not be says nothing about a label
            return (*REASONS, UNLISTED, *((DISAGREE,) if self.min_agreement is not None else ()))
        return (*REASONS, *self.text_reasons, *(reason for is_on, reason in own if is_on))
