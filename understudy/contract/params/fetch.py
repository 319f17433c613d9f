"""The params section `fetch`: where rows come from."""

from typing import Literal

from pydantic import Field

from understudy.core.params import Section


class SampleParams(Section):
    """Sizes of the embedded corpus."""

    train: int = Field(gt=0)
    validation: int = Field(gt=0)
    test: int = Field(gt=0)
    seed: int = Field(ge=0)


class HubParams(Section):
    """A dataset on the Hugging Face Hub with the columns article and highlights."""

    dataset: str = Field(min_length=1)
    config: str = Field(min_length=1)
    revision: str = Field(min_length=1)


class ColumnParams(Section):
    """What the user's files call our columns; `id` may be absent from them."""

    id: str = Field(min_length=1)
    article: str = Field(min_length=1)
    highlights: str = Field(min_length=1)


class FilesParams(Section):
    """The user's own files, one a split."""

    train: str = Field(min_length=1)
    validation: str = Field(min_length=1)
    test: str = Field(min_length=1)
    columns: ColumnParams


class FetchParams(Section):
    """The params section `fetch`."""

    source: Literal["sample", "hub", "files"]
    limit: int | None = Field(gt=0)
    """Rows taken from the start of each split; null takes all."""
    max_rejected: float = Field(ge=0, le=1)
    """Largest share of a split's rows that may be unusable."""
    sample: SampleParams
    hub: HubParams
    files: FilesParams
