"""A model that writes, made to answer one of the labels, always."""

import math
from collections.abc import Iterator, Sequence

from understudy.contract.label_reader import plain
from understudy.contract.params.decoding import DecodingParams
from understudy.students.classifying.answers import Labels
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.decoding.protocol import Scorer
from understudy.students.model.spelling import Spelling


class Labeller(Labels):
    """An engine over another: what beam search writes if that is a label, else the likeliest one.

    An answer's log-probability is that of all the label's tokens together, and its margin is to the
    second best beam, or to the second likeliest label.
    """

    def __init__(self, writer: Scorer, labels: Sequence[str]) -> None:
        """Takes the engine that writes, and the labels in the order of their ids."""
        super().__init__(labels)
        self._writer = writer
        self._numbers = {plain(label): number for number, label in enumerate(labels)}

    @property
    def device(self) -> str:
        """`cuda` or `cpu`."""
        return self._writer.device

    def encode(
        self, texts: Sequence[str], params: DecodingParams, spelling: Spelling | None = None
    ) -> tuple[list[list[int]], int]:
        """See `Engine`."""
        return self._writer.encode(texts, params, spelling)

    def limit(self, params: DecodingParams) -> int:
        """See `Engine`."""
        return self._writer.limit(params)

    def open_spelling(self) -> Spelling | None:
        """See `Engine`."""
        return self._writer.open_spelling()

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        """See `Engine`."""
        for index, found in self._writer.decode(encoded, params, scored=scored):
            number = self._numbers.get(plain(self._writer.spell(found.ids)))
            if number is None:
                yield index, self._choose(encoded[index])
            else:
                yield index, self._rate(number, found)

    def _choose(self, encoded: list[int]) -> Hypothesis:
        sums = self._writer.score(encoded, self.labels)
        first, second = sorted(range(len(sums)), key=lambda number: -sums[number])[:2]
        return Hypothesis([first], sums[first], sums[first] - sums[second])

    def _rate(self, number: int, found: Hypothesis) -> Hypothesis:
        """From means over tokens to sums; each beam has its end token, too."""
        whole = found.log_probability * self._count(found.ids)
        other = (found.log_probability - found.margin) * self._count(found.second)
        return Hypothesis([number], whole, whole - other if found.second else math.nan)

    def _count(self, ids: Sequence[int]) -> int:
        return len(self._writer.strip(ids)) + 1

    def count(self, text: str, most: int) -> int:
        """See `Engine`."""
        return self._writer.count(text, most)
