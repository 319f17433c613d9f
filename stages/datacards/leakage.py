"""How much of its highlights an article repeats word for word.

Where a teacher pastes the highlights into the article that it writes from them, a student that
learns from the pair learns to copy.
"""

from collections.abc import Sequence

from stages.datacards.pairs import Pair
from understudy.contract.survey import Leakage
from understudy.texts.copying import copied_share
from understudy.texts.fragments import find_fragments
from understudy.texts.sentences import split_sentences
from understudy.texts.words import split_words

SENTENCE_WORDS = 4
"""A sentence of fewer words may stand in an article by chance."""


class LeakageCounter:
    """Measures pairs one by one."""

    def __init__(self, run: int) -> None:
        """A run of so many words, or more, is copied."""
        self._run = run
        self._sums = dict.fromkeys(Leakage.model_fields, 0.0)
        self._pairs = 0

    def add(self, pair: Pair) -> None:
        """Measures one pair."""
        article, highlights = pair.article.words, pair.highlights.words
        fragments = find_fragments(article, highlights)
        share = copied_share(article, highlights, self._run)
        pasted, sentences = find_pasted(article, pair.highlights.raw)
        found = {
            "coverage": 100 * fragments.coverage,
            "density": fragments.density,
            "longest": fragments.longest,
            "copied": 100 * (share > 0),
            "copied_words": 100 * share,
            "pasted": 100 * (pasted > 0),
            "pasted_whole": 100 * (0 < sentences == pasted),
        }
        for name, value in found.items():
            self._sums[name] += value
        self._pairs += 1

    def describe(self) -> Leakage:
        """The means of at least one pair."""
        return Leakage(**{name: total / self._pairs for name, total in self._sums.items()})


def find_pasted(article: Sequence[str], highlights: str) -> tuple[int, int]:
    """How many sentences of highlights their article has word for word, and of how many.

    Args:
        article: its words.
        highlights: sentences of fewer words than SENTENCE_WORDS are not counted.
    """
    sentences = [split_words(sentence) for sentence in split_sentences(highlights)]
    counted = [words for words in sentences if len(words) >= SENTENCE_WORDS]
    text = f" {' '.join(article)} "  # no word has a space in it
    return sum(f" {' '.join(words)} " in text for words in counted), len(counted)
