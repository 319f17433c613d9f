"""The params section `fetch`: where rows come from, and what is taken out of them."""

import re
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from understudy.contract.kind import this_kind
from understudy.contract.pairs import LEARNING_SPLITS
from understudy.core.params import Section

NO_FILE = "data/none.jsonl"
"""Stands for no file where DVC must depend on one: it holds a blank line, and no row."""
FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A variable of a prompt template."""


class SampleParams(Section):
    """The embedded corpus, for source: sample."""

    train: int = Field(default=1900, gt=0)
    """Training rows."""
    validation: int = Field(default=400, gt=0)
    """Validation rows."""
    test: int = Field(default=260, gt=0)
    """Test rows."""
    seed: int = Field(default=2024, ge=0)
    """Seed of the corpus."""


class HubParams(Section):
    """A dataset on the Hugging Face Hub with columns article and highlights, or text and label.

    For source: hub.
    """

    dataset: str = Field(default="abisee/cnn_dailymail", min_length=1)
    """The dataset's id."""
    config: str = Field(default="3.0.0", min_length=1)
    """Which of its configurations."""
    revision: str = Field(default="96df5e686bee6baa90b8bee7c28b81fa3fa6223d", min_length=1)
    """Branch, tag or commit."""


class ColumnParams(Section):
    """What your files call the columns."""

    id: str = Field(default="id", min_length=1)
    """The row's name; your files may lack it."""
    text: str | list[str] = "text"
    """The input text of a classification, as `article` is that of other tasks."""
    label: str = Field(default="label", min_length=1)
    """The class, one of task.labels or of task.synonyms."""
    article: str | list[str] = "article"
    """The input text. A list such as [title, body] takes several columns: they are joined by a
    blank line, and each is a variable of prompt templates too ($title, $body)."""
    highlights: str = Field(default="highlights", min_length=1)
    """The output text."""

    @field_validator("article", "text", mode="before")
    @classmethod
    def _names_columns(cls, given: Any) -> Any:
        names = given if isinstance(given, list) else [given]
        if not names or not all(isinstance(name, str) and name for name in names):
            raise ValueError("expected a column's name, or a list of names such as [title, body]")
        if isinstance(given, list):
            _check_fields(given)
        return given

    @field_validator("article", "highlights", "text", "label")
    @classmethod
    def _is_of_this_kind(cls, given: Any, info: ValidationInfo) -> Any:
        name, kind = str(info.field_name), this_kind()
        if name not in kind.columns and given != cls.model_fields[name].default:
            raise ValueError(f"expected no {name}: a {kind.name} has {', '.join(kind.columns)}")
        return given

    @property
    def by_name(self) -> dict[str, str]:
        """Our names and yours of what this kind of task has, but an input of several columns."""
        own = {name: getattr(self, name) for name in this_kind().columns}
        return {name: given for name, given in own.items() if isinstance(given, str)}

    @property
    def fields(self) -> tuple[str, ...]:
        """The input columns that stay columns of their own; none where the input is one column."""
        given = getattr(self, this_kind().input)
        return tuple(given) if isinstance(given, list) else ()


def _check_fields(names: list[str]) -> None:
    for name in names:
        if not FIELD_NAME.fullmatch(name):
            raise ValueError(f"expected names of letters, digits and _ as in $title, not {name!r}")
        if name in this_kind().columns:
            raise ValueError(f"'{name}' is the name of a column that fetch writes; rename yours")
    if len(set(names)) < len(names):
        raise ValueError("expected each column once")


class SplitParams(Section):
    """How the rows of `inputs` are shared out; a hash decides, so that each stays where it is."""

    validation: float = Field(default=0.05, gt=0, lt=1)
    """Share of the rows to choose the best checkpoint by."""
    test: float = Field(default=0.05, gt=0, lt=1)
    """Share of the rows to score on; of no effect where `test` is a file."""
    by: str | None = Field(default=None, min_length=1)
    """A column such as session: all rows with the same value in it land in one split, so that no
    customer is in both train and test. A row without a value goes by its input text, as all rows
    do where this is null."""

    @model_validator(mode="after")
    def _leaves_rows_to_train(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("expected validation and test to be less than 1 together")
        return self


class FilesParams(Section):
    """Your own files, one per split or one of inputs, for source: files.

    A changed file runs fetch again. data/none.jsonl stands for no file.
    """

    train: str = Field(default="data/example/train.jsonl", min_length=1)
    """A .jsonl, .csv or .parquet file."""
    validation: str = Field(default="data/example/validation.jsonl", min_length=1)
    """The same, to choose the best checkpoint by."""
    test: str = Field(default="data/example/test.jsonl", min_length=1)
    """The same, to score on."""
    inputs: str = Field(default=NO_FILE, min_length=1)
    """The same with the input column alone, instead of train and validation, and of test too
    unless you have a few references: inputs that the teacher is to answer. Other columns, outputs
    too, are not read."""
    split: SplitParams = SplitParams()
    columns: ColumnParams = ColumnParams()

    @field_validator("inputs")
    @classmethod
    def _stands_alone(cls, inputs: str, info: ValidationInfo) -> str:
        if inputs == NO_FILE:
            return inputs
        example = cls.model_fields["test"].default
        wrong = [name for name in LEARNING_SPLITS if info.data.get(name) != NO_FILE]
        wrong += ["test"] * (info.data.get("test") == example and inputs != example)
        if wrong:
            keys = " and ".join(f"fetch.files.{name}" for name in wrong)
            raise ValueError(
                f"its rows are shared out among the splits: set {keys} to {NO_FILE} too, "
                f"or this key, to use a file per split"
            )
        return inputs


class RedactParams(Section):
    """Personal data to replace in every text, before anything of it is kept or sent.

    An id with such data in it is replaced by the row's number.
    """

    emails: bool = False
    """E-mail addresses become [EMAIL]."""
    phones: bool = False
    """Phone numbers become [PHONE]: international ones, those in national groups, and those behind
    a word such as tel or call."""
    cards: bool = False
    """Numbers of payment cards become [CARD]; their checksum tells them from others."""
    names: str = Field(default=NO_FILE, min_length=1)
    """A text file with a name a line. Each becomes [NAME], as a whole word in any case: leave out
    those that are words too, such as Will, or give them in full. data/none.jsonl for none."""

    @property
    def is_on(self) -> bool:
        """Whether anything is to be replaced."""
        return self.emails or self.phones or self.cards or self.names != NO_FILE


class FetchParams(Section):
    """Where rows come from."""

    source: Literal["sample", "hub", "files"] = "sample"
    """sample: the embedded corpus; hub: a dataset on the Hub; files: your own."""
    limit: int | None = Field(default=None, gt=0)
    """Rows taken from the start of each split, and of the file of inputs; null takes all."""
    max_rejected: float = Field(default=0.01, ge=0, le=1)
    """Largest share of a split's rows, or of the inputs, that may be unusable."""
    redact: RedactParams = RedactParams()
    sample: SampleParams = SampleParams()
    hub: HubParams = HubParams()
    files: FilesParams = FilesParams()
