"""Where in the ledger the records of each request are, and what they say of it."""

from collections.abc import Iterator
from itertools import chain

Span = tuple[int, int]
"""Offset and length of a record in the file, in bytes."""


class Index:
    """Requests by the 32 bytes of their names; a span or a count each."""

    def __init__(self) -> None:
        self.answers: dict[bytes, Span] = {}
        self.failures: dict[bytes, Span] = {}
        self.batches: list[Span] = []
        self.models: list[Span] = []
        self._sent: dict[bytes, int] = {}
        self._lost: dict[bytes, int] = {}

    def take(self, kind: str, digest: bytes, span: Span) -> None:
        """Takes the next record into account."""
        if kind == "batch":
            self.batches.append(span)
        elif kind == "model":
            self.models.append(span)
        elif kind == "lost":
            self._sent.pop(digest, None)
            self._lose(digest)
        elif kind == "sent":
            if self._sent.pop(digest, None):  # a run that died has left it so
                self._lose(digest)
            self._sent[digest] = 1
        elif kind == "unbilled":
            self._sent.pop(digest, None)
        elif kind in ("answered", "failed"):
            self._sent.pop(digest, None)
            self.failures.pop(digest, None)
            (self.answers if kind == "answered" else self.failures)[digest] = span

    def unanswered(self, digest: bytes) -> int:
        """Number of times a request was sent with an unknown outcome."""
        return self._sent.get(digest, 0) + self._lost.get(digest, 0)

    def count(self) -> dict[str, int]:
        """Requests by what is known of them."""
        return {
            "answered": len(self.answers),
            "failed": len(self.failures),
            "in_flight": sum(self._sent.values()),
            "lost": sum(self._lost.values()),
        }

    def __iter__(self) -> Iterator[bytes]:
        """Every request, once."""
        return iter(dict.fromkeys(chain(self.answers, self.failures, self._sent, self._lost)))

    def _lose(self, digest: bytes) -> None:
        self._lost[digest] = self._lost.get(digest, 0) + 1
