"""Kinds of personal data in words, and redact.json of a model folder."""

from pathlib import Path

from understudy.contract.document import Document
from understudy.contract.params.fetch import NO_FILE, RedactParams

WORDS = {
    "emails": ("e-mail address", "e-mail addresses"),
    "phones": ("phone number", "phone numbers"),
    "cards": ("card number", "card numbers"),
    "names": ("name", "names"),
}
"""One and several of each kind, by its key in fetch.redact."""


class ReplacedKinds(Document):
    """Which personal data was replaced in all that a model learned from, and was scored on.

    The names themselves are personal data too, and stay where they are.
    """

    emails: bool
    phones: bool
    cards: bool
    names: bool

    @classmethod
    def of(cls, params: RedactParams) -> "ReplacedKinds":
        """What params say is replaced."""
        return cls(
            emails=params.emails,
            phones=params.phones,
            cards=params.cards,
            names=params.names != NO_FILE,
        )

    @property
    def words(self) -> list[str]:
        """The kinds that were replaced, such as `e-mail addresses`."""
        return [several for kind, (_, several) in WORDS.items() if getattr(self, kind)]

    @staticmethod
    def path_in(model: Path) -> Path:
        """Where a model folder has the file."""
        return model / "redact.json"
