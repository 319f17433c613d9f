"""A confidence out of signals: its order, what is unknown, and its record."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.errors import DataError
from understudy.serving.confidence import Confidence, Signals, fit_confidence

UNKNOWN = float("nan")


def draw(rows: int, seed: int = 1) -> tuple[list[Signals], list[bool]]:
    """Answers that are good where they are probable, far ahead and of usual length."""
    rng = np.random.default_rng(seed)
    table = rng.standard_normal((rows, 4))
    pull = 1.5 * table[:, 0] - np.abs(table[:, 2]) + table[:, 1] + 0.5
    good = rng.uniform(size=rows) < 1 / (1 + np.exp(-pull))
    return [Signals(*map(float, row)) for row in table], good.tolist()


def auc(confidences: np.ndarray, good: list[bool]) -> float:
    """Share of pairs of a good and a bad answer that are in order."""
    labels = np.array(good)
    return float(np.mean(confidences[labels][:, None] > confidences[~labels]))


FITTED = fit_confidence(*draw(600))


def test_good_answers_of_other_rows_get_more_confidence() -> None:
    signals, good = draw(600, seed=2)
    combined = auc(FITTED.rate(signals), good)
    alone = auc(np.array([each.log_probability for each in signals]), good)
    assert combined > alone + 0.03
    assert combined > 0.8


def test_confidences_are_shares_of_good_answers() -> None:
    signals, good = draw(4000, seed=3)
    confidences = FITTED.rate(signals)
    for low in (0.2, 0.4, 0.6, 0.8):
        inside = (confidences >= low) & (confidences < low + 0.2)
        assert np.mean(np.array(good)[inside]) == pytest.approx(low + 0.1, abs=0.08)


@pytest.mark.parametrize("name", ["log_probability", "margin"])
@given(value=st.floats(-9, 9), more=st.floats(0, 9))
def test_more_of_a_rising_signal_never_lowers_the_confidence(
    name: str, value: float, more: float
) -> None:
    usual = Signals(0.0, 0.0, 0.0, 0.0)
    low, high = FITTED.rate(
        [replace(usual, **{name: value}), replace(usual, **{name: value + more})]
    )
    assert low <= high


def test_a_rising_signal_that_points_the_wrong_way_is_ignored() -> None:
    signals = [Signals(margin=row / 40) for row in range(40)]
    fitted = fit_confidence(signals, [row < 20 for row in range(40)])
    assert fitted.weights == {"margin": 0.0}


def test_an_unusual_length_lowers_the_confidence_on_both_sides() -> None:
    usual = Signals(0.0, 0.0, FITTED.centres["length"], 0.0)
    short, right, long = FITTED.rate(
        [replace(usual, length=usual.length + by) for by in (-1, 0, 1)]
    )
    assert short < right > long


def test_a_copied_share_may_speak_for_or_against() -> None:
    signals = [Signals(copied=row / 40) for row in range(40)]
    for late_is_good in (True, False):
        fitted = fit_confidence(signals, [(row >= 20) == late_is_good for row in range(40)])
        assert (fitted.weights["copied"] > 0) == late_is_good


@pytest.mark.parametrize("value", [UNKNOWN, 0.5])
def test_what_is_unknown_or_the_same_of_all_answers_is_left_out(value: float) -> None:
    signals, good = draw(50)
    fitted = fit_confidence([replace(each, copied=value) for each in signals], good)
    assert "copied" not in fitted.weights
    assert not np.isnan(fitted.rate(signals)).any()
    assert FITTED.rate([]).shape == (0,)


@pytest.mark.parametrize("value", [UNKNOWN, float("inf"), float("-inf")])
def test_an_answer_that_lacks_a_used_signal_has_no_confidence(value: float) -> None:
    signals = [Signals(value, 0.0, 0.0, 0.0), Signals(0.0, 0.0, 0.0, 0.0)]
    assert np.isnan(FITTED.rate(signals)).tolist() == [True, False]


def test_rows_with_gaps_are_not_learned_from() -> None:
    signals, good = draw(50)
    gaps = [Signals(log_probability=-100.0)] * 30
    assert fit_confidence([*signals, *gaps], [*good, *[True] * 30]) == fit_confidence(signals, good)


def test_an_extreme_signal_says_no_more_than_a_large_one() -> None:
    large, extreme = (Signals(value, 0.0, 0.0, 0.0) for value in (50.0, 1e9))
    assert FITTED.rate([large]) == FITTED.rate([extreme])


@pytest.mark.parametrize("good", [True, False])
def test_answers_that_are_all_alike_in_quality_are_all_alike_in_confidence(good: bool) -> None:
    signals, _ = draw(100)
    confidences = fit_confidence(signals, [good] * 100).rate(signals)
    assert np.ptp(confidences) < 0.01
    assert (confidences > 0.5).all() == good


def test_without_any_signal_the_confidence_is_the_share_of_good_answers() -> None:
    fitted = fit_confidence([Signals()] * 8, [True] * 6 + [False] * 2)
    assert fitted.weights == {}
    assert fitted.rate([Signals()] * 2) == pytest.approx((6 * 7 / 8 + 2 / 4) / 8, abs=1e-4)


def test_the_same_rows_give_the_same_confidence() -> None:
    assert fit_confidence(*draw(600)) == FITTED


def test_a_record_survives_json_to_the_last_bit() -> None:
    read = Confidence.from_record(json.loads(json.dumps(FITTED.to_record())))
    assert read == FITTED
    signals, _ = draw(20, seed=4)
    assert read.rate(signals).tolist() == FITTED.rate(signals).tolist()


SIGNAL = {"weight": 1.0, "centre": 0.0, "scale": 1.0}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"offset": 0.0, "signals": []},
        {"offset": "high", "signals": {}},
        {"offset": float("nan"), "signals": {}},
        {"offset": 0.0, "signals": {"margin": {"weight": 1.0}}},
        {"offset": 0.0, "signals": {"margin": {**SIGNAL, "scale": 0.0}}},
        {"offset": 0.0, "signals": {"mood": SIGNAL}},
    ],
)
def test_a_record_of_another_form_is_refused(record: Mapping[str, Any]) -> None:
    with pytest.raises(DataError, match="fit it again"):
        Confidence.from_record(record)


def test_answers_that_were_not_judged_are_refused() -> None:
    with pytest.raises(DataError, match="2 answers with signals and 1 judged"):
        fit_confidence([Signals(), Signals()], [True])


@pytest.mark.parametrize(
    "signals", [[], [Signals(0.1), Signals(0.2), Signals(margin=1.0), Signals(margin=2.0)]]
)
def test_answers_that_all_lack_a_signal_are_refused(signals: list[Signals]) -> None:
    with pytest.raises(DataError, match="answers has all of the signals"):
        fit_confidence(signals, [True] * len(signals))
