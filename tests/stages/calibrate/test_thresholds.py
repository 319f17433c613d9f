"""From judged articles to a threshold: what fits, what calibrates, what is written."""

import math
from typing import Any

import numpy as np
import pytest

from stages.calibrate.articles import Judged
from stages.calibrate.thresholds import (
    MOST_POINTS,
    Prices,
    describe,
    is_fitted,
    pick_threshold,
    thin,
    watch,
)
from understudy.contract.calibration import Promised, SystemCalibration
from understudy.serving.confidence import Confidence, Signals
from understudy.serving.guarantee import Calibration, OperatingPoint, Promise, calibrate

PRICES = Prices(student_usd=0.001, student_seconds=0.25, teacher_usd=0.01, teacher_seconds=2.0)
PROMISED = Promised(epsilon=0.1, delta=5.0, confidence=0.95)
REST: dict[str, Any] = {"references": "gold", "weights": "w", "teacher": {}}


def draw(rows: int, bad: float = 0.3, seed: int = 3) -> tuple[list[str], Judged]:
    """Answers that are bad where they are improbable, as a rule."""
    rng = np.random.default_rng(seed)
    quality = rng.standard_normal(rows)
    teacher = 50 + 5 * rng.standard_normal(rows)
    student = teacher - np.where(quality < np.quantile(quality, bad) if rows else 0, 20.0, 0.0)
    noisy = quality + 0.4 * rng.standard_normal(rows)
    signals = [Signals(float(one) - 3, 0.1, 0.0, 0.5) for one in noisy]
    agreement = np.clip(60 + 10 * quality, 0, 100)
    return [f"row-{n}" for n in range(rows)], Judged(signals, student, teacher, agreement)


def pick(rows: int, **changes: Any) -> SystemCalibration:
    ids, judged = draw(rows, **changes)
    return SystemCalibration(**pick_threshold(ids, judged, PROMISED, PRICES), **REST)


def test_a_third_of_the_rows_fits_and_the_threshold_survives_the_file() -> None:
    found = pick(600)
    assert found.fitted + found.rows == 600
    assert 160 < found.fitted < 240
    assert found.rows_needed == 29
    assert SystemCalibration.model_validate(found.to_json()).threshold == found.threshold
    assert found.threshold not in (None, round(found.threshold or 0, 6))


def test_what_a_row_is_used_for_depends_on_its_id_alone() -> None:
    names = [f"row-{n}" for n in range(200)]
    assert [is_fitted(name) for name in names[:100]] == [is_fitted(name) for name in names][:100]
    assert is_fitted("ä 🦀") in (True, False)


def test_the_threshold_is_the_one_that_the_rows_that_did_not_fit_promise() -> None:
    ids, judged = draw(600)
    found = pick_threshold(ids, judged, PROMISED, PRICES)
    others = [at for at, name in enumerate(ids) if not is_fitted(name)]
    rated = Confidence.from_record(found["confidence"]).rate([judged.signals[at] for at in others])
    shortfalls = (judged.teacher - judged.student)[others]
    best = calibrate(rated, shortfalls, Promise(0.1, 5.0)).certified
    assert best is not None
    assert found["threshold"] == best.threshold  # to the last bit
    assert 0 < found["share_local"] == 100 * best.share_local < 100
    assert found["threshold"] in [point.threshold for point in found["points"]]


def test_a_promise_of_requests_to_come_answers_less_alone() -> None:
    ids, judged = draw(600)
    ahead = PROMISED.model_copy(update={"horizon": 200})
    found = SystemCalibration(**pick_threshold(ids, judged, ahead, PRICES), **REST)
    assert 0 < found.share_local < pick(600).share_local
    assert found.promise.horizon == 200
    assert found.rows_needed > pick(600).rows_needed


@pytest.mark.parametrize("rows", [0, 1, 2, 25])
def test_with_too_few_rows_nothing_is_answered_alone(rows: int) -> None:
    found = pick(rows, bad=0.0)
    assert (found.threshold, found.share_local, found.bound) == (None, 0.0, None)
    assert found.rows < found.rows_needed


def test_a_student_that_is_always_worse_is_let_through_for_less_than_epsilon() -> None:
    found = pick(600, bad=1.0)
    assert found.share_local < 100 * PROMISED.epsilon


def test_rows_without_a_confidence_are_handed_over() -> None:
    ids, judged = draw(300, bad=0.0)
    signals = [Signals() if at % 2 else one for at, one in enumerate(judged.signals)]
    odd = Judged(signals, judged.student, judged.teacher, judged.agreement)
    found = SystemCalibration(**pick_threshold(ids, odd, PROMISED, PRICES), **REST)
    assert 40 < found.share_local < 60
    assert found.points[-1].share_local == found.share_local
    ids, judged = draw(90, bad=0.0)
    used = [Signals(float(at)) if is_fitted(name) else Signals() for at, name in enumerate(ids)]
    odd = Judged(used, judged.student, judged.teacher, judged.agreement)
    found = SystemCalibration(**pick_threshold(ids, odd, PROMISED, PRICES), **REST)
    assert (found.threshold, found.points) == (None, [])


def test_answers_that_are_all_as_sure_are_let_through_together_or_not_at_all() -> None:
    ids, judged = draw(200, bad=0.0)
    alike = Judged([Signals(-1.0)] * 200, judged.student, judged.teacher, judged.agreement)
    assert pick_threshold(ids, alike, PROMISED, PRICES)["share_local"] == 100
    ids, judged = draw(200, bad=0.5)
    alike = Judged([Signals(-1.0)] * 200, judged.student, judged.teacher, judged.agreement)
    assert pick_threshold(ids, alike, PROMISED, PRICES)["threshold"] is None


def test_a_point_has_the_mix_of_both_and_what_it_takes() -> None:
    point = OperatingPoint(0.5, local=2, bad=1, rows=4, p_value=0.5, bound=0.75)
    rated = np.array([0.9, 0.5, 0.4, math.nan])
    student, teacher = np.array([10.0, 20, 30, 40]), np.array([50.0, 50, 50, 70])
    found = describe(point, rated, student, teacher, PRICES)
    assert (found.share_local, found.risk, found.bound) == (50.0, 25.0, 75.0)
    assert found.score == (10 + 20 + 50 + 70) / 4
    assert found.usd_per_1000 == 1000 * (0.001 + 0.01 / 2)  # the student runs on all
    assert found.seconds == 0.25 + 1.0
    unknown = describe(point, rated, student, teacher, Prices(0.1, 0.1, None, None))
    assert (unknown.usd_per_1000, unknown.seconds) == (None, None)


@pytest.mark.parametrize("count", [0, 1, MOST_POINTS, MOST_POINTS + 1, 1000])
@pytest.mark.parametrize("passed", [0, 1, 0.37, 1.0])
def test_points_are_thinned_but_for_both_ends_and_the_picked_one(count: int, passed: float) -> None:
    points = tuple(OperatingPoint(1 - n / 2000, n, 0, count, 0.0, 0.0) for n in range(count))
    number = min(count, passed if isinstance(passed, int) else int(passed * count))
    found = Calibration(points, number)
    kept = thin(found)
    assert len(kept) <= MOST_POINTS
    assert len(kept) >= min(count, MOST_POINTS - 1)
    if count:
        assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert found.certified is None or found.certified in kept
    assert [one.threshold for one in kept] == sorted({one.threshold for one in kept}, reverse=True)


def test_what_is_watched_are_answers_that_differ_more_than_nine_in_ten() -> None:
    fitted, calibrated = np.linspace(1, 100, 100), np.linspace(1, 100, 200)
    found = watch(fitted, calibrated, 0.95)
    assert found is not None
    assert found.floor == 10.0
    differing = (calibrated < 10).mean()
    assert differing < found.rate < differing + 0.06


@pytest.mark.parametrize(
    ("fitted", "calibrated"),
    [
        (np.linspace(1, 100, 9), np.linspace(1, 100, 90)),
        (np.linspace(1, 100, 90), np.array([])),
        (np.zeros(90), np.linspace(1, 100, 90)),
        (np.full(90, 50.0), np.full(90, 10.0)),
    ],
)
def test_nothing_is_watched_without_a_rate(fitted: np.ndarray, calibrated: np.ndarray) -> None:
    assert watch(fitted, calibrated, 0.95) is None
