"""When a student answers alone, in words: the promise, or why there is none."""

import pytest

from tests.contract.payback_examples import make_calibration, refuse_calibration
from understudy.rendering.promises import describe_promise, explain_refusal


def test_a_promise_has_its_share_its_figures_and_its_horizon() -> None:
    assert describe_promise(make_calibration()) == (
        "answers 40.0% of requests alone; with 95% confidence, at most 10% of all requests are "
        "answered by the student and worse than the teacher by more than 5 points of ROUGE-1 F1"
    )
    assert explain_refusal(make_calibration()) == ""
    promise = {"epsilon": 0.1, "delta": 5.0, "confidence": 0.95, "horizon": 1000}
    text = describe_promise(make_calibration(promise=promise))
    assert "at most 10% of the next 1,000 requests are answered by the student" in text


@pytest.mark.parametrize(("confidence", "shown"), [(0.99, "99%"), (0.999, "99.9%")])
def test_figures_are_not_rounded_away(confidence: float, shown: str) -> None:
    promise = {"epsilon": 0.025, "delta": 2.5, "confidence": confidence}
    text = describe_promise(make_calibration(promise=promise))
    assert f"with {shown} confidence, at most 2.5% of all" in text
    assert "by more than 2.5 points" in text


def test_why_nothing_is_promised_is_told_with_what_it_takes() -> None:
    text = describe_promise(refuse_calibration(rows=20, points=[]))
    assert text.startswith("never answers alone: 20 validation articles to calibrate on are too")
    assert "; 29 are needed if no answer is bad" in text
    point = {"threshold": 0.9, "share_local": 12.0, "risk": 9.0, "bound": 15.2, "score": 40.0}
    text = explain_refusal(refuse_calibration(points=[point]))
    assert "at the strictest threshold it answers 12.0% of requests, and 9.0% of all are" in text
    assert "(up to 15.2%, and 10% are allowed)" in text
    assert explain_refusal(refuse_calibration(points=[])) == (
        "none of its answers has a confidence"
    )
