"""Where texts come from, in Markdown: the data set, and the teacher."""

from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import urlsplit

from understudy.contract.origin import FilesOrigin, HubOrigin, Origin
from understudy.contract.params.teacher import EMBEDDED
from understudy.contract.personal import WORDS
from understudy.rendering.markdown import code_span

INPUTS = "inputs"
"""Names a file without outputs among files of splits: all splits come from it."""


def name_origin(origin: Origin, splits: Sequence[str]) -> str:
    """Markdown that names a data set.

    Args:
        origin: what fetch recorded.
        splits: whose files are named, if the origin is files: by name and hash, without folder.
    """
    if isinstance(origin, HubOrigin):
        return (
            f"{code_span(origin.dataset)} on the Hugging Face Hub "
            f"(config {code_span(origin.config)}, commit {code_span(origin.revision)})"
        )
    if isinstance(origin, FilesOrigin):
        files = [
            f"{code_span(PurePath(file.path).name)} (SHA-256 {code_span(file.sha256)})"
            for name, file in sorted(origin.files.items())
            if name in (*splits, INPUTS)
        ]
        return f"the file{'' if len(files) == 1 else 's'} {' and '.join(files)}"
    return "Understudy's sample, an invented corpus"


def list_redacted(origin: Origin) -> list[tuple[str, int]]:
    """What was replaced as personal data, and how often; nothing where fetch.redact is off."""
    counts = origin.redacted.model_dump() if origin.redacted else {}
    return [(WORDS[kind][count != 1], count) for kind, count in counts.items()]


def name_teacher(model: str, base_url: str) -> str:
    """Markdown that names a chat model, or says that the embedded teacher is none."""
    if base_url == EMBEDDED:
        return f"the sample's embedded rules ({code_span(model)}, no language model)"
    return code_span(model)


def name_host(address: str) -> str:
    """Scheme and host alone: the rest of an address may hold a secret."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
