"""Agreement: counted by hand, and the text that agrees most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.texts.agreement import choose_majority, choose_medoid, token_f1

WORDS = st.lists(st.sampled_from("abcd"))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a b c", "a b c", 1.0), ("a b c", "c a b", 1.0), ("a b", "c d", 0.0),
        ("a a b", "a c", 2 * 1 / 5), ("a a b", "a a", 2 * 2 / 5), ("", "", 1.0), ("a", "", 0.0),
    ],
)  # fmt: skip
def test_f1_counts_words_as_often_as_both_have_it(first: str, second: str, expected: float) -> None:
    assert token_f1(first.split(), second.split()) == pytest.approx(expected)


@given(WORDS, WORDS)
def test_f1_is_the_same_both_ways_within_bounds(first: list[str], second: list[str]) -> None:
    assert token_f1(first, second) == token_f1(second, first)
    assert 0 <= token_f1(first, second) <= 1


def test_the_text_in_the_middle_is_chosen_and_of_equals_the_first() -> None:
    texts = ["storm hits town", "a storm hits the town", "bread prices rise"]
    at, agreement = choose_medoid(texts)
    assert at in (0, 1)
    assert agreement == pytest.approx((2 * 3 / 8 + 0 + 0) / 3)
    assert choose_medoid([texts[2], *texts[:2]])[0] == 1
    assert choose_medoid(["whatever"]) == (0, 1.0)
    assert choose_medoid(["Same.", "same", "SAME!"]) == (0, 1.0)
    assert choose_medoid(["a", "b"]) == (0, 0.0)


@given(st.lists(st.text("ab c", max_size=9), min_size=1, max_size=5))
def test_no_text_agrees_more_with_the_others_than_the_chosen_one(texts: list[str]) -> None:
    words = [text.split() for text in texts]
    at, agreement = choose_medoid(texts)
    totals = [
        sum(token_f1(words[one], words[other]) for other in range(len(words)) if other != one)
        for one in range(len(words))
    ]
    assert totals[at] == pytest.approx(max(totals))
    assert 0 <= agreement <= 1


def test_most_labels_decide_and_pairs_agree_in_full_or_not() -> None:
    found = {given: choose_majority(list(given)) for given in ("a", "ab", "abb", "aabb", "cbab")}
    assert found == {
        "a": (0, 1), "ab": (0, 0), "abb": (1, 1 / 3), "aabb": (0, 1 / 3), "cbab": (1, 1 / 6),
    }  # fmt: skip
