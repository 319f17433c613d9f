"""Leakage of highlights into their article, by hand."""

import pytest

from stages.datacards.leakage import LeakageCounter, find_pasted
from stages.datacards.pairs import Pair, as_text
from understudy.contract.survey import Leakage
from understudy.texts.words import split_words

HIGHLIGHTS = "Anna Berg saw twelve cats in Oslo .\nThey were hungry, she says .\nNone left ."


def measure(*articles: str, run: int = 4) -> Leakage:
    counter = LeakageCounter(run)
    for article in articles:
        counter.add(Pair("id", as_text(article), as_text(HIGHLIGHTS)))
    return counter.describe()


def test_an_article_of_its_own_words_leaks_nothing_and_a_pasted_one_all() -> None:
    assert measure("Nobody had expected visitors.") == Leakage(
        **dict.fromkeys(Leakage.model_fields, 0)
    )
    found = measure(f"Before that. {HIGHLIGHTS} Afterwards!")
    assert found == Leakage(
        coverage=100,
        density=14,
        longest=14,
        copied=100,
        copied_words=100,
        pasted=100,
        pasted_whole=100,
    )


def test_figures_are_means_over_pairs_by_hand() -> None:
    # fragments of 14 words: "anna berg saw twelve cats in oslo" (7) and "she" (1); the first is
    # a sentence of two that count
    found = measure("It was Anna Berg saw twelve cats in OSLO! So she left.", "Nothing here.")
    assert found.coverage == round(100 * (9 / 14) / 2, 4)  # "left" is a fragment of its own
    assert found.density == round((7 * 7 + 1 + 1) / 14 / 2, 4)
    assert found.longest == 7 / 2
    assert found.copied == 50
    assert found.copied_words == 100 * (7 / 14) / 2
    assert (found.pasted, found.pasted_whole) == (50, 0)


@pytest.mark.parametrize(("run", "copied"), [(7, 100), (8, 0)])
def test_a_run_of_fewer_words_than_the_param_is_not_copied(run: int, copied: float) -> None:
    assert measure("Anna Berg saw twelve cats in Oslo today", run=run).copied == copied


@pytest.mark.parametrize(
    ("article", "pasted"),
    [
        ("Anna Berg saw twelve cats in Oslo.", (1, 2)),
        ("“ANNA BERG saw twelve cats, in Oslo”", (1, 2)),
        ("They were hungry she says: Anna Berg saw twelve cats in Oslo", (2, 2)),
        ("Joanna Berg saw twelve cats in Oslofjord", (0, 2)),
        ("Anna Berg saw twelve of the cats in Oslo", (0, 2)),
        ("None left", (0, 2)),  # too short to count
        ("", (0, 2)),
    ],
)
def test_a_sentence_is_pasted_where_its_words_are_in_a_row(
    article: str, pasted: tuple[int, int]
) -> None:
    assert find_pasted(split_words(article), HIGHLIGHTS) == pasted


def test_highlights_on_one_line_are_split_and_short_sentences_do_not_count() -> None:
    line = "Mr. Berg saw twelve cats. They were very hungry."
    assert find_pasted(split_words("They were very hungry."), line) == (1, 2)
    counter = LeakageCounter(8)
    counter.add(Pair("id", as_text("Two left."), as_text("Two left .\nNone stayed .")))
    found = counter.describe()
    assert (found.pasted, found.pasted_whole) == (0, 0)
