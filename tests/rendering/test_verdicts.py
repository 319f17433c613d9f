"""Verdicts in words."""

import pytest

from tests.contract.examples import make_difference, make_recipe_difference, make_seed_scores
from understudy.rendering.verdicts import (
    Costs,
    choose_cheaper,
    describe_pair,
    describe_spread,
    describe_verdict,
    keep_cheaper,
    name_verdict,
    round_count,
)


def test_a_verdict_says_what_would_decide_and_what_makes_it_moot() -> None:
    found = make_difference("undecided")
    assert describe_verdict(found) == "undecided, would need about 1,700 test articles"
    assert describe_verdict(found.model_copy(update={"articles_needed": None})) == "undecided"
    assert describe_verdict(make_difference("worse")) == "worse"
    assert describe_verdict(make_difference("void")) == "void, both are empty"
    found = make_difference("worse").model_copy(update={"moot": "first_empty"})
    assert describe_verdict(found) == "worse, the first is empty"
    found = make_difference("undecided").model_copy(update={"moot": "no_overlap"})
    assert describe_verdict(found) == "void, both score 0"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("worse", "`t5-written` is worse than `t5-gold`"),
        ("better", "`t5-written` is better than `t5-gold`"),
        ("equivalent", "`t5-written` and `t5-gold` are equivalent"),
        (
            "undecided",
            "`t5-written` against `t5-gold` is undecided, would need about 1,700 test articles",
        ),
        ("identical", "`t5-written` and `t5-gold` are identical, word for word"),
        ("void", "`t5-written` against `t5-gold` is void, both are empty"),
    ],
)
def test_a_sentence_names_both_the_difference_and_its_interval(verdict: str, words: str) -> None:
    pair = describe_pair("t5-written-minus-t5-gold", make_difference(verdict, -1.26))
    assert pair == f"{words}: −1.3 (−2.8 to +0.2)"


@pytest.mark.parametrize(("count", "rounded"), [(7, 7), (41, 41), (964, 960), (12_345, 12_000)])
def test_counts_are_rounded_to_two_digits(count: int, rounded: int) -> None:
    assert round_count(count) == rounded


def test_with_one_seed_nothing_is_said_of_a_recipe_but_that() -> None:
    found = make_recipe_difference("unknown")
    assert name_verdict(found) == describe_verdict(found) == "not known: one seed"
    pair = describe_pair("t5-written-minus-t5-gold", found)
    assert pair == "`t5-written` against `t5-gold` is not known: one seed"
    assert describe_verdict(found.model_copy(update={"moot": "both_empty"})) == name_verdict(found)


@pytest.mark.parametrize(
    ("articles", "seeds", "words"),
    [
        (1683, 9, "undecided, would need about 1,700 test articles or 9 seeds"),
        (1683, None, "undecided, would need about 1,700 test articles"),
        (None, 9, "undecided, would need about 9 seeds"),
        (None, None, "undecided"),
    ],
)
def test_an_open_recipe_says_what_would_decide(
    articles: int | None, seeds: int | None, words: str
) -> None:
    needed = {"articles_needed": articles, "seeds_needed": seeds}
    found = make_recipe_difference("undecided").model_copy(update=needed)
    assert describe_verdict(found) == words
    pair = describe_pair("t5-written-minus-t5-gold", found)
    assert pair == f"`t5-written` against `t5-gold` is {words}: +2.0 (−1.5 to +5.5)"


def test_a_recipe_is_spoken_of_as_a_model_is() -> None:
    for verdict in ("better", "worse", "equivalent", "void"):
        pairs = [
            describe_pair("a-minus-b", found).partition(":")[0]
            for found in (make_difference(verdict), make_recipe_difference(verdict))
        ]
        assert pairs[0] == pairs[1]


@pytest.mark.parametrize(
    ("article_usd", "seed_usd", "named"),
    [(0.01, 2.0, (None, 9)), (0.01, 3.0, (1680, None)), (0.01, 2.5, (1680, 9)), (0, 0, (1680, 9))],
)
def test_the_cheaper_way_to_a_decision_is_named(
    article_usd: float, seed_usd: float, named: tuple[int | None, int | None]
) -> None:
    # 1,500 articles more, or 6 seeds
    costs = Costs(articles=180, seeds=3, article_usd=article_usd, seed_usd=seed_usd)
    assert choose_cheaper(1680, 9, costs) == named


def test_with_one_way_there_is_nothing_to_choose() -> None:
    costs = Costs(articles=180, seeds=3, article_usd=1.0, seed_usd=1.0)
    assert choose_cheaper(None, 9, costs) == (None, 9)
    assert choose_cheaper(1680, None, costs) == (1680, None)
    words = describe_verdict(keep_cheaper(make_recipe_difference("undecided"), costs))
    assert words == "undecided, would need about 9 seeds"


def test_a_mean_over_seeds_has_its_deviation_where_there_are_several() -> None:
    assert describe_spread(make_seed_scores(40.0)) == "40.0"
    assert describe_spread(make_seed_scores(40.0, 3)) == "39.0 ± 1.2"
