"""Verdicts in words."""

import pytest

from understudy.contract.verdicts import describe, find_word, round_count, split_pair, tell

FIGURES = {"f1": -1.26, "f1_low": -3.0, "f1_high": 0.5}


@pytest.mark.parametrize(
    ("better", "equivalent", "word"),
    [(1, 0, "better"), (-1, 0, "worse"), (0, 1, "equivalent"), (0, 0, "undecided")],
)
def test_each_outcome_has_its_word(better: int, equivalent: int, word: str) -> None:
    assert find_word({"better": better, "equivalent": equivalent}) == word


@pytest.mark.parametrize("better", [1, -1])
def test_a_difference_below_the_margin_is_told_as_equivalence(better: int) -> None:
    assert find_word({"better": better, "equivalent": 1}) == "equivalent"


def test_what_is_open_tells_how_many_articles_would_decide() -> None:
    figures = {"better": 0, "equivalent": 0, "articles_needed": 12_345}
    assert describe(figures) == "undecided, would need about 12,000 test articles"
    assert describe({"better": 0, "equivalent": 0}) == "undecided"
    assert describe({"better": -1, "equivalent": 0}) == "worse"


def test_a_sentence_names_both_systems_the_difference_and_its_interval() -> None:
    pair = "t5-written-minus-t5-gold"
    worse = {**FIGURES, "better": -1, "equivalent": 0}
    assert tell(pair, worse) == "`t5-written` is worse than `t5-gold`: −1.3 (−3.0 to +0.5)"
    undecided = {**FIGURES, "better": 0, "equivalent": 0, "articles_needed": 987}
    assert tell(pair, undecided) == (
        "`t5-written` against `t5-gold` is undecided, would need about 990 test articles: "
        "−1.3 (−3.0 to +0.5)"
    )


def test_a_pair_is_told_apart_by_its_key() -> None:
    assert split_pair("t5-written-minus-lead-3") == ("t5-written", "lead-3")


@pytest.mark.parametrize(("count", "told"), [(7, 7), (41, 41), (964, 960), (12_345, 12_000)])
def test_counts_are_told_to_two_digits(count: int, told: int) -> None:
    assert round_count(count) == told
