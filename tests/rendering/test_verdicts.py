"""Verdicts in words."""

import pytest

from tests.contract.examples import make_difference
from understudy.rendering.verdicts import describe_pair, describe_verdict, round_count


def test_an_open_verdict_says_how_many_articles_would_decide() -> None:
    found = make_difference("undecided")
    assert describe_verdict(found) == "undecided, would need about 1,700 test articles"
    assert describe_verdict(found.model_copy(update={"articles_needed": None})) == "undecided"
    assert describe_verdict(make_difference("worse")) == "worse"


def test_a_verdict_says_what_makes_the_comparison_moot() -> None:
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
def test_a_sentence_names_both_systems_the_difference_and_its_interval(
    verdict: str, words: str
) -> None:
    pair = describe_pair("t5-written-minus-t5-gold", make_difference(verdict, -1.26))
    assert pair == f"{words}: −1.3 (−2.8 to +0.2)"


@pytest.mark.parametrize(("count", "rounded"), [(7, 7), (41, 41), (964, 960), (12_345, 12_000)])
def test_counts_are_rounded_to_two_digits(count: int, rounded: int) -> None:
    assert round_count(count) == rounded
