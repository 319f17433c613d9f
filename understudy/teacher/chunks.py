"""The batches of a teacher as the ledger knows them: one chunk of requests each.

Steps of a chunk, each a line of the kind `batch` under the chunk's own name:

uploaded    its file is at the endpoint, and it is about to be submitted
submitted   the endpoint has given the batch a name
ended       everything that came of it is in the ledger

A chunk without its second line may or may not be a batch at the endpoint: whoever finds one looks
for a batch of its file before asking for the same again.
"""

import uuid
from dataclasses import dataclass, field

from understudy.teacher.ledger import Ledger
from understudy.teacher.records import Record, encode


@dataclass
class Chunk:
    """Requests that are one file and one batch."""

    teacher: str
    file: str
    keys: list[str]
    name: str = field(default_factory=lambda: f"sha256:{uuid.uuid4().hex}{uuid.uuid4().hex}")
    batch: str | None = None
    """The endpoint's name of the batch, once it is known."""

    def uploaded(self) -> bytes:
        """The line before it is submitted."""
        content = {"step": "uploaded", "teacher": self.teacher, "file": self.file}
        return encode("batch", self.name, {**content, "keys": self.keys})

    def submitted(self) -> bytes:
        """The line when it is."""
        return encode("batch", self.name, {"step": "submitted", "batch": self.batch})

    def ended(self, how: str) -> bytes:
        """The line when all that came of it is kept."""
        return encode("batch", self.name, {"step": "ended", "how": how})


def has_ended(record: Record) -> bool:
    """Whether a record is the last step of a chunk."""
    return record.kind == "batch" and record.content.get("step") == "ended"


def open_chunks(ledger: Ledger, teacher: str | None = None) -> list[Chunk]:
    """The chunks of a teacher, or of all, that have not ended, in order."""
    chunks: dict[str, Chunk] = {}
    for record in ledger.batches():
        content = record.content
        if content["step"] == "uploaded" and teacher in (None, content["teacher"]):
            known = content["teacher"], content["file"], content["keys"]
            chunks[record.key] = Chunk(*known, name=record.key)
        elif record.key in chunks and content["step"] == "submitted":
            chunks[record.key].batch = content["batch"]
        elif has_ended(record):
            chunks.pop(record.key, None)
    return list(chunks.values())
