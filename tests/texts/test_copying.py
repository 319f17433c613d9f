"""Copied runs, by hand."""

import pytest

from understudy.texts.copying import COPIED_WORDS, copied_share

SUMMARY = "a b c d e f g h i j".split()


@pytest.mark.parametrize(
    ("article", "share"),
    [
        ("a b c x", 0.3), ("a b x c d", 0), ("a b c x h i j", 0.6), ("x a b c d e f g h i j x", 1),
        ("b c d x a b c", 0.4), ("c b a", 0), ("", 0),
    ],
)  # fmt: skip
def test_words_in_runs_of_three_are_counted_once_each(article: str, share: float) -> None:
    assert copied_share(article.split(), SUMMARY, 3) == share


def test_a_run_is_found_in_full_and_a_short_summary_counts_as_a_whole() -> None:
    # fragments of Grusky et al. are "a b" and "c d e"; the copied run is "b c d e"
    assert copied_share("a b x b c d e".split(), "a b c d e".split(), 4) == 4 / 5
    assert copied_share("x a b x".split(), "a b".split(), 8) == 1
    assert copied_share("x a x b".split(), "a b".split(), 8) == 0
    assert copied_share("x".split(), [], 8) == 0
    assert COPIED_WORDS == 8
    assert copied_share(SUMMARY[:7], SUMMARY) == 0
    assert copied_share(SUMMARY[:8], SUMMARY) == 0.8
