"""Where texts come from, in words for the cards: the data set, and the teacher."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter

from stages.markdown import code_span
from stages.records import Record
from stages.teacher.settings import EMBEDDED


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


def name_origin(origin: Origin, splits: Sequence[str]) -> str:
    """Markdown that names a data set.

    Args:
        origin: as fetch wrote it down.
        splits: whose files are named, where it is files; by name and hash, without their folder.
    """
    if isinstance(origin, HubOrigin):
        return (
            f"{code_span(origin.dataset)} on the Hugging Face Hub "
            f"(config {code_span(origin.config)}, commit {code_span(origin.revision)})"
        )
    if isinstance(origin, FilesOrigin):
        files = (
            f"{code_span(PurePath(file.path).name)} (SHA-256 {code_span(file.sha256)})"
            for split, file in sorted(origin.files.items())
            if split in splits
        )
        return f"the files {' and '.join(files)}"
    return "Understudy's sample, an invented corpus"


def name_teacher(model: str, base_url: str) -> str:
    """Markdown that names a chat model honestly: the embedded teacher is none."""
    if base_url == EMBEDDED:
        return f"the sample's embedded rules ({code_span(model)}, no language model)"
    return code_span(model)


def name_host(address: str) -> str:
    """Scheme and host alone: the rest of an address may hold a secret."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
