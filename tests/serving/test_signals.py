"""Signals of an answer: what beam search said, its length, and what it copied."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.serving.signals import measure
from understudy.students.decoding.hypotheses import Hypothesis

SURE = Hypothesis([4, 5], -0.5, 0.25)


def test_what_beam_search_said_is_kept() -> None:
    found = measure(SURE, "One two three.", "One.")
    assert (found.log_probability, found.margin) == (-0.5, 0.25)
    assert all(map(math.isnan, (measure(Hypothesis([4]), "One.", "One.").log_probability,)))


def test_the_length_is_the_log_of_the_share_of_words() -> None:
    assert measure(SURE, "a b c d", "e f").length == pytest.approx(math.log(0.5))
    assert measure(SURE, "a b", "c, d.").length == 0.0


def test_the_copied_share_counts_words_that_the_text_has_whatever_their_case() -> None:
    assert measure(SURE, "The bridge is open.", "Bridge: THE tunnel closed").copied == 0.5
    assert measure(SURE, "The bridge.", "the bridge the").copied == 1.0


@pytest.mark.parametrize(("text", "answer"), [("a b", ""), ("a b", " ... "), ("", ""), ("?", "!")])
def test_of_an_answer_without_words_length_and_copies_are_unknown(text: str, answer: str) -> None:
    found = measure(SURE, text, answer)
    assert math.isnan(found.length)
    assert math.isnan(found.copied)
    wordless = measure(SURE, "...", "a word")
    assert math.isnan(wordless.length)
    assert wordless.copied == 0.0


@given(st.text(), st.text())
def test_any_text_can_be_measured(text: str, answer: str) -> None:
    found = measure(SURE, text, answer)
    assert math.isnan(found.length) or math.isfinite(found.length)
    assert math.isnan(found.copied) or 0 <= found.copied <= 1
