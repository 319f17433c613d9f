"""The study's length explanation: cases in which it holds, and in which it does not."""

import numpy as np
import pytest

from understudy.contract.params.evaluate import Judgement
from understudy.scoring.length import correlate_ranks, cut_like, explain_by_length

JUDGEMENT = Judgement(margin=1.0, resamples=200, seed=1)


def test_a_text_is_cut_after_as_many_words_as_the_other_has() -> None:
    assert cut_like("Anna – 1,250 metres up – waved. Boris slept.", "one two three") == (
        "Anna – 1,250 metres"
    )
    assert cut_like("Two words", "more words than that") == "Two words"
    assert cut_like("Two words.", "") == ""
    assert cut_like("", "some") == ""


def differences(recall: float, precision: float, f1: float) -> np.ndarray:
    noise = np.linspace(-1, 1, 40)[:, np.newaxis]
    return np.array([[recall, precision, f1]]) + noise


def test_a_lead_is_explained_where_it_vanishes_with_the_length() -> None:
    student, zeroshot = ["a b c"] * 40, ["a b c d e f"] * 40
    found = explain_by_length(
        student, zeroshot, differences(-5, 20, 8), differences(0, 0, 0), JUDGEMENT
    )
    assert (found.words, found.zeroshot_words) == (3.0, 6.0)
    assert found.explained == pytest.approx(100)
    assert (found.as_is.recall, found.as_is.precision, found.as_is.f1) == (-5.0, 20.0, 8.0)
    assert found.as_is.f1_low == pytest.approx(7.8, abs=0.1)
    assert found.as_is.f1_high == pytest.approx(8.2, abs=0.1)
    texts = ["a b"] * 40
    found = explain_by_length(texts, texts, differences(8, 8, 8), differences(8, 8, 8), JUDGEMENT)
    assert found.explained == 0.0
    texts = ["a b"] * 40
    found = explain_by_length(texts, texts, differences(0, 0, 0), differences(0, 0, 0), JUDGEMENT)
    assert found.explained is None
    assert found.correlation is None  # all lengths are equal


def test_ranks_tell_that_longer_answers_are_lost_by_more() -> None:
    # ranks 1 2 3 4 and 1 3 2 4: 1 - 6 * (0 + 1 + 1 + 0) / (4 * 15) = 0.8
    ranked = correlate_ranks(np.array([1.0, 2.0, 3.0, 9.0]), np.array([10.0, 30.0, 20.0, 99.0]))
    assert ranked == pytest.approx(0.8)
    assert correlate_ranks(np.array([1.0, 1.0]), np.array([1.0, 2.0])) is None
    lengths = range(1, 41)
    zeroshot = [" ".join(["word"] * length) for length in lengths]
    lead = np.array([[0.0, 0.0, float(length) ** 2] for length in lengths])
    found = explain_by_length(["word"] * 40, zeroshot, lead, lead, JUDGEMENT)
    assert found.correlation == pytest.approx(1.0)
