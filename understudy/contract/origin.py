"""data/raw/source.json: where the rows come from, and how many of each split can be used."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter

from understudy.contract.document import Count, Document, Record, read_record


class FetchedRows(Record):
    """Rows of one split."""

    kept: Count
    rejected: Count


class FetchedSplits(Record):
    """Rows of each split."""

    train: FetchedRows
    validation: FetchedRows
    test: FetchedRows


class SampleOrigin(Document):
    """The embedded corpus."""

    PATH: ClassVar = Path("data/raw/source.json")

    source: Literal["sample"]
    seed: Count
    rows: FetchedSplits


class HubOrigin(Document):
    """A dataset on the Hub."""

    PATH: ClassVar = SampleOrigin.PATH

    source: Literal["hub"]
    dataset: str
    config: str
    revision: str
    """A commit."""
    rows: FetchedSplits


class OriginFile(Record):
    """One of the user's files."""

    path: str
    sha256: str


class FilesOrigin(Document):
    """The user's own files."""

    PATH: ClassVar = SampleOrigin.PATH

    source: Literal["files"]
    files: dict[str, OriginFile]
    """By split, and by `inputs` for the file whose rows a hash shared out."""
    rows: FetchedSplits


Origin = SampleOrigin | HubOrigin | FilesOrigin
ORIGIN: TypeAdapter[Origin] = TypeAdapter(Annotated[Origin, Field(discriminator="source")])


def load_origin(path: Path = SampleOrigin.PATH) -> Origin:
    """Reads data/raw/source.json.

    Raises:
        DataError: as in `Document.load`.
    """
    return read_record(path, ORIGIN)
