"""Takes personal data out of what logs and exports have, as fetch does: by `fetch.redact`.

An input is redacted one variable at a time, as fetch redacts one column at a time: only so is its
request the one that the stages send.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from understudy.contract.answers import Answer
from understudy.contract.params.fetch import FetchParams
from understudy.core.params import load_section
from understudy.rows.redacting import count_redacted, open_redactor
from understudy.rows.splitting import fingerprint
from understudy.teacher.json_answers import change_texts
from understudy.texts.redaction import Redactor

ANSWER_TEXTS = ("text", "refusal", "finish_reason", "model", "error", "origin")
"""What an answer has from its endpoint, or from the name of a log's file."""
GROUPS = 4096


class Cleaner:
    """Replaces what `fetch.redact` says; nothing where it is off."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        self._redactor = redactor

    @classmethod
    def load(cls) -> "Cleaner":
        """Reads params.yaml, and the file of names.

        Raises:
            ParamsError: params.yaml cannot be used.
            DataError: the file of names cannot be read, or has none.
        """
        return cls(open_redactor(load_section("fetch", FetchParams).redact))

    @property
    def is_on(self) -> bool:
        """Whether anything is looked for."""
        return self._redactor is not None

    def clean(self, text: str) -> tuple[str, Counter[str]]:
        """The text without personal data, and how much of each kind was replaced."""
        return self._redactor.redact(text) if self._redactor else (text, Counter())

    def clean_input(self, values: Mapping[str, str]) -> tuple[dict[str, str], Counter[str]]:
        """The same of each variable."""
        cleaned = {name: self.clean(value) for name, value in values.items()}
        counts = sum((counts for _, counts in cleaned.values()), Counter[str]())
        return {name: text for name, (text, _) in cleaned.items()}, counts

    def clean_answer(self, answer: Answer) -> tuple[Answer, Counter[str]]:
        """The same of all that an answer has from elsewhere; one in JSON stays JSON."""
        if self._redactor is None:
            return answer, Counter()
        counts = Counter[str]()

        def change(text: str) -> str:
            changed, found = self.clean(text)
            counts.update(found)
            return changed

        texts: dict[str, Any] = {
            name: change_texts(getattr(answer, name), change) for name in ANSWER_TEXTS
        }
        return replace(answer, **texts), counts

    def clean_session(self, session: str) -> str:
        """What stands for a customer: keeps their calls in one split, and does not name them.

        A hash would name them to whoever has a list of customers; but of many thousands, each of
        the groups has several.
        """
        if self._redactor is None:
            return session
        return f"group-{int.from_bytes(fingerprint(session)[:8], 'big') % GROUPS:04d}"

    def describe(self, counts: Counter[str]) -> list[str]:
        """What was replaced, as the end of a summary; nothing where nothing was looked for."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in self._count(counts).items() if count)
        said = f"redacted {counts.total()}" + (f" ({kinds})" if kinds else "")
        return [said] if self.is_on else []

    def to_record(self, counts: Counter[str]) -> dict[str, Any]:
        """The same for JSON."""
        return {"redacted": self._count(counts)} if self.is_on else {}

    @staticmethod
    def _count(counts: Counter[str]) -> dict[str, int]:
        return count_redacted(counts).model_dump()
