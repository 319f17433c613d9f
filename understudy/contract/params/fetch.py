"""The params section `fetch`: where rows come from."""

from typing import Literal

from pydantic import Field

from understudy.core.params import Section


class SampleParams(Section):
    """The embedded corpus, for source: sample."""

    train: int = Field(default=1900, gt=0)
    """Training rows."""
    validation: int = Field(default=100, gt=0)
    """Validation rows."""
    test: int = Field(default=260, gt=0)
    """Test rows."""
    seed: int = Field(default=2024, ge=0)
    """Seed of the corpus."""


class HubParams(Section):
    """A dataset on the Hugging Face Hub with columns article and highlights, for source: hub."""

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
    article: str = Field(default="article", min_length=1)
    """The input text."""
    highlights: str = Field(default="highlights", min_length=1)
    """The output text."""


class FilesParams(Section):
    """Your own files, one per split, for source: files. A changed file runs fetch again."""

    train: str = Field(default="data/example/train.jsonl", min_length=1)
    """A .jsonl, .csv or .parquet file."""
    validation: str = Field(default="data/example/validation.jsonl", min_length=1)
    """The same, to choose the best checkpoint by."""
    test: str = Field(default="data/example/test.jsonl", min_length=1)
    """The same, to score on."""
    columns: ColumnParams = ColumnParams()


class FetchParams(Section):
    """Where rows come from."""

    source: Literal["sample", "hub", "files"] = "sample"
    """sample: the embedded corpus; hub: a dataset on the Hub; files: your own."""
    limit: int | None = Field(default=None, gt=0)
    """Rows taken from the start of each split; null takes all."""
    max_rejected: float = Field(default=0.01, ge=0, le=1)
    """Largest share of a split's rows that may be unusable."""
    sample: SampleParams = SampleParams()
    hub: HubParams = HubParams()
    files: FilesParams = FilesParams()
