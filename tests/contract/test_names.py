"""Verdicts, and the pairs that they are on."""

import pytest

from tests.contract.examples import make_difference, make_recipe_difference
from understudy.contract.names import name_pair, split_pair


@pytest.mark.parametrize(
    "verdict", ["better", "worse", "equivalent", "undecided", "identical", "void"]
)
def test_each_outcome_has_its_verdict(verdict: str) -> None:
    assert make_difference(verdict).verdict == verdict


@pytest.mark.parametrize("verdict", ["better", "worse", "equivalent", "undecided", "void"])
def test_each_outcome_of_recipes_has_its_verdict(verdict: str) -> None:
    found = make_recipe_difference(verdict)
    assert found.verdict == verdict
    assert found.model_copy(update={"known": 0}).verdict == "unknown"


@pytest.mark.parametrize(
    ("found", "moot", "verdict"),
    [
        ("worse", "first_empty", "worse"),
        ("equivalent", "first_empty", "void"),
        ("equivalent", "no_overlap", "void"),
        ("undecided", "second_empty", "void"),
    ],
)
def test_who_wrote_nothing_is_never_equivalent(found: str, moot: str, verdict: str) -> None:
    assert make_difference(found).model_copy(update={"moot": moot}).verdict == verdict


@pytest.mark.parametrize("better", [1, -1])
def test_a_difference_below_the_margin_counts_as_equivalence(better: int) -> None:
    found = make_difference("better").model_copy(update={"better": better, "equivalent": 1})
    assert found.verdict == "equivalent"


def test_a_pair_is_split_by_its_key() -> None:
    assert split_pair("t5-written-minus-lead-3") == ("t5-written", "lead-3")
    assert name_pair("t5-written", "lead-3") == "t5-written-minus-lead-3"
