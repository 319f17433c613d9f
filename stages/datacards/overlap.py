"""Articles that are near copies: of one another, of the other source's, of test articles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stages.datacards.pairs import Pair
from understudy.texts.similarity import HeldOut, Neighbours, Shingler, Shingles, Sketch, find_pairs


@dataclass(frozen=True)
class NearDuplicates:
    """Inside a training split."""

    pairs: int
    articles: int
    """How many are in such a pair."""


@dataclass(frozen=True)
class Between:
    """Between the training splits of both sources."""

    pairs: int
    gold_articles: int
    written_articles: int
    same_id: int
    """Written articles that are near the very article that their highlights belong to."""


@dataclass(frozen=True)
class Contamination:
    """Of the test split by a training split."""

    test_articles: int
    """Test articles that a training article holds, wholly or as far as the threshold says."""
    exact: int
    """Those of them that are a training article, word for word."""
    train_articles: int
    """Training articles that hold one."""
    highlights: int
    """Test pairs whose highlights are those of a training pair too."""


@dataclass(frozen=True)
class Sketched:
    """A training split's articles as they are compared."""

    ids: list[str] = field(default_factory=list)
    sketches: list[Sketch] = field(default_factory=list)


class HeldOutPairs:
    """The test split, as training pairs are held against it."""

    def __init__(self, pairs: Iterable[Pair], shingle: Shingler) -> None:
        self.articles: list[str] = []
        self.highlights: list[str] = []
        shingles: list[Shingles] = []
        for pair in pairs:
            self.articles.append(pair.article.normal)
            self.highlights.append(pair.highlights.normal)
            shingles.append(shingle(pair.article.words))
        self.held = HeldOut(shingles)


class ContaminationCounter:
    """Holds training pairs against the test split, one by one."""

    def __init__(self, test: HeldOutPairs, share: float) -> None:
        """A training article with that share of a test article's shingles holds it."""
        self._test, self._share = test, share
        self._wanted = set(test.articles), set(test.highlights)
        self._found: set[int] = set()
        self._articles: set[str] = set()
        self._highlights: set[str] = set()
        self._concerned = 0

    def add(self, pair: Pair, shingles: Shingles) -> None:
        """Looks at one training pair."""
        found = self._test.held.find(shingles, self._share)
        self._found.update(found)
        self._concerned += bool(found)
        articles, highlights = self._wanted
        self._articles |= {pair.article.normal} & articles
        self._highlights |= {pair.highlights.normal} & highlights

    def describe(self) -> Contamination:
        """The counts."""
        return Contamination(
            test_articles=len(self._found),
            exact=sum(text in self._articles for text in self._test.articles if text),
            train_articles=self._concerned,
            highlights=sum(text in self._highlights for text in self._test.highlights if text),
        )


def count_near(sketches: Sequence[Sketch], known: Neighbours) -> NearDuplicates:
    """Counts near duplicates, and adds the articles to `known`."""
    pairs = 0
    articles: set[int] = set()
    for pair in find_pairs(sketches, known):
        pairs += 1
        articles.update(pair)
    return NearDuplicates(pairs, len(articles))


def count_between(gold: Sketched, known: Neighbours, written: Sketched) -> Between:
    """Counts near copies between the sources.

    Args:
        gold: the real articles.
        known: the same, added under their places.
        written: the written articles.
    """
    pairs = same = 0
    real: set[int] = set()
    copied: set[int] = set()
    for place, sketch in enumerate(written.sketches):
        near = known.find(sketch)
        pairs += len(near)
        same += written.ids[place] in {gold.ids[number] for number in near}
        real.update(near)
        copied.update([place] if near else [])
    return Between(pairs, len(real), len(copied), same)
