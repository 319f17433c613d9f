"""data/raw/source.json: where the rows come from, and how many of each split can be used."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

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


class Redacted(Record):
    """How much personal data was replaced in the rows that were kept, by fetch or before."""

    emails: Count
    phones: Count
    cards: Count
    names: Count


class _FetchedFrom(Document):
    """What every source has."""

    PATH: ClassVar = Path("data/raw/source.json")

    rows: FetchedSplits
    redacted: Redacted | None = None
    """None, and left out of the file, where nothing was looked for."""

    def to_json(self) -> dict[str, Any]:
        """Plain values without what is None; what every source has comes last."""
        content = self.model_dump(mode="json", exclude_none=True)
        last = [name for name in content if name in ("rows", "redacted")]
        shared: dict[str, Any] = {name: content.pop(name) for name in last}
        return {**content, **shared}


class SampleOrigin(_FetchedFrom):
    """The embedded corpus."""

    source: Literal["sample"]
    seed: Count


class HubOrigin(_FetchedFrom):
    """A dataset on the Hub."""

    source: Literal["hub"]
    dataset: str
    config: str
    revision: str
    """A commit."""


class OriginFile(Record):
    """One of the user's files."""

    path: str
    sha256: str


class FilesOrigin(_FetchedFrom):
    """The user's own files."""

    source: Literal["files"]
    files: dict[str, OriginFile]
    """By split, and by `inputs` for the file whose rows a hash shared out."""


Origin = SampleOrigin | HubOrigin | FilesOrigin
ORIGIN: TypeAdapter[Origin] = TypeAdapter(Annotated[Origin, Field(discriminator="source")])


def load_origin(path: Path = SampleOrigin.PATH) -> Origin:
    """Reads data/raw/source.json.

    Raises:
        DataError: as in `Document.load`.
    """
    return read_record(path, ORIGIN)
