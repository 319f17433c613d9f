"""Verdicts, and the pairs that they are on."""

import pytest

from understudy.contract.verdicts import find_verdict, name_pair, split_pair


@pytest.mark.parametrize(
    ("better", "equivalent", "verdict"),
    [(1, 0, "better"), (-1, 0, "worse"), (0, 1, "equivalent"), (0, 0, "undecided")],
)
def test_each_outcome_has_its_verdict(better: int, equivalent: int, verdict: str) -> None:
    assert find_verdict(better, equivalent) == verdict


@pytest.mark.parametrize("better", [1, -1])
def test_a_difference_below_the_margin_counts_as_equivalence(better: int) -> None:
    assert find_verdict(better, 1) == "equivalent"


def test_a_pair_is_split_by_its_key() -> None:
    assert split_pair("t5-written-minus-lead-3") == ("t5-written", "lead-3")
    assert name_pair("t5-written", "lead-3") == "t5-written-minus-lead-3"
