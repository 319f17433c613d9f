"""Where texts come from, in words for the cards: the data set, and the teacher."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from understudy.contract.document import Record


class SampleOrigin(Record):
    """data/raw/source.json of the embedded corpus."""

    source: Literal["sample"]


class HubOrigin(Record):
    """data/raw/source.json of a dataset on the Hub."""

    source: Literal["hub"]
    dataset: str
    config: str
    revision: str
    """A commit."""


class OriginFile(Record):
    """One of the user's files."""

    path: str
    sha256: str


class FilesOrigin(Record):
    """data/raw/source.json of the user's own files."""

    source: Literal["files"]
    files: dict[str, OriginFile]


Origin = SampleOrigin | HubOrigin | FilesOrigin
ORIGIN: TypeAdapter[Origin] = TypeAdapter(Annotated[Origin, Field(discriminator="source")])
