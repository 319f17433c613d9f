"""Counts near copies among articles: in a source, between the sources, of test articles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stages.datacards.pairs import Pair
from understudy.contract.kind import this_kind
from understudy.contract.survey import BetweenSources, Contamination, NearDuplicates
from understudy.texts.similarity import HeldOut, Neighbours, Shingler, Shingles, Sketch, find_pairs


@dataclass(frozen=True)
class Sketched:
    """A training split's articles, ready for comparison."""

    ids: list[str] = field(default_factory=list)
    sketches: list[Sketch] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    """Of a classification; else none."""

    def add(self, identity: str, sketch: Sketch, label: str | None = None) -> None:
        """Takes the next article."""
        self.ids.append(identity)
        self.sketches.append(sketch)
        if label is not None:
            self.labels.append(label)


class HeldOutPairs:
    """The test split, indexed for comparison with training pairs."""

    def __init__(self, pairs: Iterable[Pair], shingle: Shingler) -> None:
        self.articles: list[str] = []
        self.highlights: list[str] = []
        shingles: list[Shingles] = []
        for pair in pairs:
            self.articles.append(pair.article.normal)
            self.highlights.append("" if this_kind().has_labels else pair.highlights.normal)
            shingles.append(shingle(pair.article.words))
        self.held = HeldOut(shingles)


class ContaminationCounter:
    """Compares training pairs with the test split, one by one."""

    def __init__(self, test: HeldOutPairs, share: float) -> None:
        """A training article with that share of a test article's shingles holds it."""
        self._test, self._share = test, share
        self._wanted = set(test.articles), set(test.highlights)
        self._found: set[int] = set()
        self._articles: set[str] = set()
        self._highlights: set[str] = set()
        self._holding = 0

    def add(self, pair: Pair, shingles: Shingles) -> None:
        """Compares one training pair."""
        found = self._test.held.find(shingles, self._share)
        self._found.update(found)
        self._holding += bool(found)
        articles, highlights = self._wanted
        self._articles |= {pair.article.normal} & articles
        self._highlights |= {pair.highlights.normal} & highlights

    def describe(self) -> Contamination:
        """All counts so far."""
        known = [text for text in self._test.highlights if text]
        return Contamination(
            test_articles=len(self._found),
            exact=sum(text in self._articles for text in self._test.articles if text),
            train_articles=self._holding,
            highlights=sum(text in self._highlights for text in known) if known else None,
        )


def count_near(
    sketches: Sequence[Sketch], known: Neighbours, labels: Sequence[str] = ()
) -> NearDuplicates:
    """Counts near duplicates, and adds the articles to `known`; with labels, by these, too."""
    pairs = others = 0
    articles: set[int] = set()
    for first, second in find_pairs(sketches, known):
        pairs += 1
        articles.update((first, second))
        others += bool(labels) and labels[first] != labels[second]
    return NearDuplicates(
        pairs=pairs, articles=len(articles), other_labels=others if labels else None
    )


def count_between(gold: Sketched, known: Neighbours, written: Sketched) -> BetweenSources:
    """Counts near copies between the sources.

    Args:
        gold: the real articles.
        known: the same, added under their positions.
        written: the written articles.
    """
    pairs = same = 0
    gold_near: set[int] = set()
    written_near = 0
    for name, sketch in zip(written.ids, written.sketches, strict=True):
        near = known.find(sketch)
        pairs += len(near)
        same += name in {gold.ids[number] for number in near}
        gold_near.update(near)
        written_near += bool(near)
    return BetweenSources(
        pairs=pairs, gold_articles=len(gold_near), written_articles=written_near, same_id=same
    )
