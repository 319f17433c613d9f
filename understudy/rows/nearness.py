"""The rule on near copies of the stages filter and generate."""

from understudy.contract.params.filter import NEAR_DUPLICATE, NEAR_TEST
from understudy.texts.similarity import HeldOut, Neighbours, Shingler, Shingles, Sketcher
from understudy.texts.words import split_words


class NearRule:
    """Judges articles one by one; those of the test split must be held out first."""

    def __init__(self, near_duplicates: float | None, near_test: float | None) -> None:
        """Takes the limits; None switches a check off.

        Args:
            near_duplicates: the least Jaccard similarity to an article kept before that drops one.
            near_test: the least share of a test article's shingles that drops an article.
        """
        self._near_duplicates, self._near_test = near_duplicates, near_test
        self._test: list[Shingles] = []
        self._held: HeldOut | None = None
        self._kept = 0
        if near_test is not None:
            self._shingle = Shingler()
        if near_duplicates is not None:
            self._sketch, self._known = Sketcher(), Neighbours(near_duplicates)

    def hold_out(self, article: str) -> None:
        """Takes an article of the test split."""
        if self._near_test is not None:
            self._test.append(self._shingle(split_words(article)))

    def find_reason(self, article: str, *, unique: bool) -> str | None:
        """Why to drop an article, NEAR_TEST or NEAR_DUPLICATE, or None.

        Args:
            article: not of the test split.
            unique: compare it with those kept before, and remember it for those to come.
        """
        words = split_words(article)
        if self._near_test is not None:
            self._held = self._held or HeldOut(self._test)
            if self._held.find(self._shingle(words), self._near_test):
                return NEAR_TEST
        if self._near_duplicates is not None and unique:
            sketch = self._sketch(words)
            if self._known.find(sketch):
                return NEAR_DUPLICATE
            self._known.add(sketch, self._kept)
            self._kept += 1
        return None
