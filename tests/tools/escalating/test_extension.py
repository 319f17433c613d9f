"""What a server is told at its start, and how it weighs and compares."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.core.documents import write_document
from understudy.contract.params.serve import ServeParams
from understudy.contract.params.teacher import Prices, TeacherParams
from understudy.serving.batching import Decoded
from understudy.serving.confidence import Confidence
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.tools.escalating.extension import (
    Escalation,
    open_compare,
    rate_by,
    share,
    tell_mode,
)


def test_workers_share_the_teachers_limits() -> None:
    teacher = TeacherParams(concurrency=16, requests_per_minute=100, max_retries=2)
    one = share(teacher, 3)
    assert (one.concurrency, one.requests_per_minute, one.tokens_per_minute) == (5, 33, None)
    assert one.max_retries == 2
    assert share(teacher, 99).concurrency == 1


def test_an_answer_is_weighed_by_the_signals_that_were_calibrated() -> None:
    confidence = Confidence(
        {"log_probability": 2.0, "copied": 1.0},
        {"log_probability": 0.0, "copied": 0.0},
        {"log_probability": 1.0, "copied": 1.0},
        0.5,
    )
    decoded = Decoded([1], Hypothesis([1], -0.5, 0.1), 0.0, 1)
    found = rate_by(confidence)(decoded, "one two", "one three")
    assert found == pytest.approx(1 / (1 + math.exp(-(2 * -0.5 + 0.5 + 0.5))))
    unknown = Decoded([1], Hypothesis([1]), 0.0, 1)
    assert math.isnan(rate_by(confidence)(unknown, "one two", "one three"))


def test_texts_are_compared_as_evaluate_scores_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_document({"evaluate": {"stemmer": False}})
    assert open_compare()("the bridges open", "the bridge open") == pytest.approx(100 * 2 / 3)
    write_document({"evaluate": {"stemmer": True}})
    assert open_compare()("the bridges open", "the bridge open") == 100


def told(capsys: pytest.CaptureFixture[str], **changes: Any) -> dict[str, Any]:
    teacher = changes.pop("teacher", TeacherParams())
    tell_mode(Escalation(ServeParams(**changes), teacher))
    return dict(json.loads(capsys.readouterr().err))


def test_the_start_says_who_answers_and_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = told(capsys, mode="shadow", max_cost_usd=2.0)
    assert (line["event"], line["mode"], line["max_cost_usd"]) == ("mode", "shadow", 2.0)
    assert "drift is not tested" in line["note"]
    assert "never ends them" in told(capsys, mode="canary", max_cost_usd=2.0)["note"]
    priced = TeacherParams(prices=Prices(input=1.0, output=1.0))
    assert "no cap" in told(capsys, mode="canary", teacher=priced)["note"]
