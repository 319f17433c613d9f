"""Near duplicates, contamination and what is between the sources, on planted articles."""

import pytest

from stages.datacards.overlap import (
    ContaminationCounter,
    HeldOutPairs,
    Sketched,
    count_between,
    count_near,
)
from stages.datacards.pairs import Pair, as_text
from understudy.contract.survey import BetweenSources, Contamination, NearDuplicates
from understudy.texts.similarity import Neighbours, Shingler, Sketcher

SKETCH = Sketcher(3)
STORIES = [" ".join(f"{name}{number}" for number in range(40)) for name in "abcdef"]
NEAR = f"{STORIES[0]} and more"  # 38 of 40 shingles are shared


def pair(article: str, highlights: str = "", name: str = "id") -> Pair:
    return Pair(name, as_text(article), as_text(highlights))


def sketched(*articles: str, prefix: str = "") -> Sketched:
    found = Sketched()
    for number, article in enumerate(articles):
        found.ids.append(f"{prefix}{number}")
        found.sketches.append(SKETCH(as_text(article).words))
    return found


def contaminate(test: list[Pair], train: list[Pair], share: float = 0.8) -> Contamination:
    counter = ContaminationCounter(HeldOutPairs(test, Shingler(3)), share)
    for one in train:
        counter.add(one, Shingler(3)(one.article.words))
    return counter.describe()


def test_near_duplicates_are_counted_by_pair_and_by_article() -> None:
    known = Neighbours(0.8)
    found = count_near(sketched(*STORIES, NEAR, STORIES[0].upper(), STORIES[3]).sketches, known)
    # three articles are near one another, and two others
    assert found == NearDuplicates(pairs=3 + 1, articles=3 + 2)
    assert count_near(sketched(*STORIES).sketches, Neighbours(0.8)) == NearDuplicates(
        pairs=0, articles=0
    )


def test_copies_between_sources_are_counted_for_either() -> None:
    gold, written = sketched(*STORIES, NEAR), sketched(STORIES[5], NEAR, "quite another story")
    known = Neighbours(0.8)
    count_near(gold.sketches, known)
    # written 0 is near real 5; written 1 is near real 0 and real 6
    assert count_between(gold, known, written) == BetweenSources(
        pairs=3, gold_articles=3, written_articles=2, same_id=0
    )
    written.ids[0] = "5"
    assert count_between(gold, known, written).same_id == 1


def test_copies_of_test_articles_are_found_and_counted_once() -> None:
    test = [pair(text, f"gold {number}") for number, text in enumerate(STORIES)]
    train = [
        pair(STORIES[1].upper() + "!", "own 1"),  # the same words
        pair(NEAR, "own 2"),
        pair(f"{STORIES[2]} {STORIES[3]}", "own 3"),  # holds two
        pair(" ".join(STORIES[4].split()[:34]), "own 4"),  # 32 of 38 shingles
        pair(" ".join(STORIES[5].split()[:30]), "own 5"),  # 28 of 38: too few
        pair("its own story", "gold 5!"),
    ]
    assert contaminate(test, train) == Contamination(
        test_articles=5, exact=1, train_articles=4, highlights=1
    )
    assert contaminate(test, train, share=1.0).test_articles == 4
    assert contaminate(test, train, share=0.7).test_articles == 6
    found = contaminate([pair(STORIES[0], "x")], [pair(STORIES[0], "x")] * 3)
    assert found == Contamination(test_articles=1, exact=1, train_articles=3, highlights=1)


@pytest.mark.parametrize("text", ["", "…"])
def test_texts_without_words_contaminate_nothing(text: str) -> None:
    found = contaminate([pair(text, text)], [pair(text, text), pair(STORIES[0], text)])
    assert found == Contamination(test_articles=0, exact=0, train_articles=0, highlights=None)
