"""What an engine does, whatever model is behind it: texts in, texts out."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from understudy.contract.params.decoding import DecodingParams
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.model.spelling import Spelling


class Engine(Protocol):
    """A model that is ready to answer."""

    @property
    def device(self) -> str:
        """`cuda` or `cpu`."""
        ...

    def encode(
        self, texts: Sequence[str], params: DecodingParams, spelling: Spelling | None = None
    ) -> tuple[list[list[int]], int]:
        """Texts as token ids that `decode` reads, and how many of them were cut.

        `spelling`, if given, counts what the model cannot spell.
        """
        ...

    def limit(self, params: DecodingParams) -> int:
        """Tokens at which `encode` cuts a text."""
        ...

    def open_spelling(self) -> Spelling | None:
        """Such a count, from nothing on; None of a model that need not spell what it reads."""
        ...

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        """Yields an index into `encoded`, and its answer, in any order.

        Scores, where they are asked for, change no answer.
        """
        ...

    def spell(self, ids: Sequence[int]) -> str:
        """The text of an answer's ids."""
        ...

    def strip(self, ids: Sequence[int]) -> list[int]:
        """An answer's ids without those that stand for no text, such as its end."""
        ...

    def count(self, text: str, most: int) -> int:
        """Tokens of a text, `most` at most."""
        ...


class Scorer(Engine, Protocol):
    """An engine that writes its answers token by token."""

    def score(self, encoded: list[int], answers: Sequence[str]) -> list[float]:
        """The log-probability of each answer to one text: the sum over its tokens and its end."""
        ...
