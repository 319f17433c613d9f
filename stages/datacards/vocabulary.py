"""How rich the vocabulary of some texts is."""

from collections import Counter
from collections.abc import Sequence

from understudy.contract.survey import SEGMENT, Vocabulary


class VocabularyCounter:
    """Counts words, text by text."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._segment: list[str] = []
        self._segments = self._types = 0

    def add(self, words: Sequence[str]) -> None:
        """Counts the words of one text."""
        self._counts.update(words)
        self._segment.extend(words)
        while len(self._segment) >= SEGMENT:
            self._types += len(set(self._segment[:SEGMENT]))
            self._segments += 1
            del self._segment[:SEGMENT]

    def describe(self) -> Vocabulary:
        """The figures; fewer words than a segment count as one."""
        types, tokens = self._types, SEGMENT * self._segments
        if not tokens:
            types, tokens = len(set(self._segment)), len(self._segment)
        once = sum(count == 1 for count in self._counts.values())
        distinct = len(self._counts)
        return Vocabulary(
            words=self._counts.total(),
            distinct=distinct,
            type_token=100 * types / max(1, tokens),
            once=100 * once / max(1, distinct),
        )
