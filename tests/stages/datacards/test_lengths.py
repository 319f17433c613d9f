"""Lengths: figures by hand, and bins that lose no text."""

from itertools import pairwise

import numpy as np
import pytest

from stages.datacards.lengths import (
    BINS,
    LengthCounter,
    bin_lengths,
    choose_edges,
    describe_lengths,
)
from stages.datacards.pairs import as_text
from understudy.contract.survey import Lengths


def test_figures_by_hand_are_of_words_and_of_characters() -> None:
    assert describe_lengths(range(101)) == Lengths(mean=50, p5=5, median=50, p95=95, max=100)
    found = describe_lengths([1, 2, 3, 10])
    assert (found.mean, found.median, found.max) == (4, 2.5, 10)
    assert found.p5 == pytest.approx(1.15)
    assert found.p95 == pytest.approx(8.95)
    assert describe_lengths([7]) == Lengths(mean=7, p5=7, median=7, p95=7, max=7)
    counter = LengthCounter()
    for raw in ("Two words .", "🦀", ""):
        counter.add(as_text(raw))
    both = counter.describe()
    assert (both.words.mean, both.words.max) == (0.6667, 2)
    assert (both.characters.mean, both.characters.max) == (4, 11)


def test_every_text_is_in_one_bin_and_sources_share_their_bins() -> None:
    rng = np.random.default_rng(1)
    lengths = {"gold": rng.integers(300, size=500).tolist(), "written": [5, 250, 9999]}
    shared = choose_edges(lengths["gold"])
    bins = [b for name, own in lengths.items() for b in bin_lengths(name, "article", own, shared)]
    edges = [one.words_from for one in bins if one.source == "gold"]
    assert {one.text for one in bins} == {"article"}
    for source, values in lengths.items():
        own = [one for one in bins if one.source == source]
        assert sum(one.pairs for one in own) == len(values)
        for one in own:
            assert one.pairs == sum(one.words_from <= value < one.words_to for value in values)
        assert [one.words_from for one in own] == edges
        assert all(one.words_to == after.words_from for one, after in pairwise(own))
    assert edges[0] == 0


@pytest.mark.parametrize(
    ("lengths", "width", "last"),
    [([0], 1, 1), ([24], 1, 25), ([25], 2, 26), ([100], 5, 105), ([1200, 1180], 50, 1201)],
)
def test_bins_are_of_a_round_width(lengths: list[int], width: int, last: int) -> None:
    edges = choose_edges(lengths)
    assert set(np.diff(edges[:-1]).tolist()) <= {width}
    assert edges[-1] > max(lengths)
    assert edges[-1] >= last
    assert 2 <= len(edges) <= BINS + 2


def test_a_few_outliers_are_in_the_last_bin_and_do_not_widen_the_others() -> None:
    usual = [10 * (number % 10) for number in range(1000)]
    edges = choose_edges([*usual, 50_000, 70_000])
    assert edges[:3] == [0, 5, 10]
    assert edges[-1] == 70_001
    assert edges[-2] <= 100
