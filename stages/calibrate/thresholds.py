"""From judged articles to when the student may answer alone: pure, no files."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stages.calibrate.articles import Judged
from understudy.contract.calibration import Point, Promised, Watched
from understudy.serving.confidence import Confidence, Signals, fit_confidence
from understudy.serving.guarantee import (
    Calibration,
    Figures,
    OperatingPoint,
    Promise,
    calibrate,
    rows_needed,
    upper_bounds,
)

PARTS = 3
"""One part in so many fits the confidence, the others calibrate the threshold."""
MOST_POINTS = 60
FLOOR = 0.1
"""Share of the fitted answers that agree less with the teacher than the floor."""
FEWEST = 10
"""Answers of which such a share can be told."""

Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Prices:
    """What a request takes, in US dollars and seconds; None where that is not known."""

    student_usd: float
    student_seconds: float
    teacher_usd: float | None
    teacher_seconds: float | None


def is_fitted(identity: str) -> bool:
    """Whether a row fits the confidence: by its id, so that other rows change nothing."""
    digest = hashlib.sha256(f"calibrate {identity}".encode()).digest()
    return int.from_bytes(digest) % PARTS == 0


def pick_threshold(
    ids: Sequence[str], judged: Judged, promised: Promised, prices: Prices
) -> dict[str, Any]:
    """Fits, calibrates and sums up; what SystemCalibration says of a system's rows.

    Args:
        ids: of the articles, which decide what each is used for.
        judged: the articles.
        promised: what is to be promised.
        prices: of a request.
    """
    promise = Promise(promised.epsilon, promised.delta, promised.confidence, promised.horizon)
    fitted = np.array([is_fitted(name) for name in ids], dtype=bool)
    shortfalls = judged.shortfalls
    kept = [one for one, fits in zip(judged.signals, fitted, strict=True) if fits]
    others = [one for one, fits in zip(judged.signals, fitted, strict=True) if not fits]
    confidence = _fit(kept, shortfalls[fitted] <= promise.delta)
    rated = confidence.rate(others)
    found = calibrate(rated, shortfalls[~fitted], promise) if others else Calibration((), 0)
    best = found.certified
    return {
        "promise": promised,
        "rows": len(rated),
        "fitted": int(fitted.sum()),
        "rows_needed": rows_needed(promise),
        "threshold": best.threshold if best else None,
        "share_local": 100 * best.share_local if best else 0.0,
        "risk": 100 * best.risk if best else 0.0,
        "bound": 100 * best.bound if best else None,
        "confidence": confidence.to_record(),
        "watched": watch(
            judged.agreement[fitted],
            judged.agreement[~fitted],
            promise.confidence,
            100.0 if judged.are_labels else None,
        ),
        "teacher_score": float(judged.teacher[~fitted].mean()) if others else None,
        "points": [
            describe(point, rated, judged.student[~fitted], judged.teacher[~fitted], prices)
            for point in thin(found)
        ],
    }


def _fit(signals: Sequence[Signals], good: Rows) -> Confidence:
    """A confidence; without a row to fit it on, the same one for all answers."""
    if not signals:
        return Confidence({}, {}, {}, 0.0)
    return fit_confidence(signals, [bool(one) for one in good])


def thin(found: Calibration, most: int = MOST_POINTS) -> list[OperatingPoint]:
    """At most so many of the thresholds, evenly spaced; the one that was picked among them."""
    last = len(found.points) - 1
    if last < most:
        return list(found.points)
    kept = {round(step * last / (most - 2)) for step in range(most - 1)}
    kept |= {found.passed - 1} if found.passed else set()
    return [found.points[at] for at in sorted(kept)]


def describe(
    point: OperatingPoint, rated: Figures, student: Figures, teacher: Figures, prices: Prices
) -> Point:
    """What the cascade does at a threshold: quality, money and time."""
    local = rated >= point.threshold  # NaN is not
    handed_over = 1 - point.share_local

    def add(own: float, other: float | None) -> float | None:
        return None if other is None else own + handed_over * other

    usd = add(prices.student_usd, prices.teacher_usd)
    return Point(
        threshold=point.threshold,
        share_local=100 * point.share_local,
        risk=100 * point.risk,
        bound=100 * point.bound,
        score=float(np.where(local, student, teacher).mean()),
        usd_per_1000=None if usd is None else 1000 * usd,
        seconds=add(prices.student_seconds, prices.teacher_seconds),
    )


def watch(
    fitted: Figures, calibrated: Figures, confidence: float, floor: float | None = None
) -> Watched | None:
    """What is watched without references: how often student and teacher differ more than usual.

    None where that cannot be told: too few rows, or answers that share no word are usual.

    Args:
        fitted: agreement on the rows that choose the floor.
        calibrated: on the others.
        confidence: of the limit of the rate.
        floor: known without rows, as of labels, which agree or not.
    """
    if len(fitted) < FEWEST or not len(calibrated):
        return None
    if floor is None:
        floor = round(float(np.quantile(fitted, FLOOR, method="lower")), 4)
    differing = int((calibrated < floor).sum())
    rate = float(upper_bounds([differing], len(calibrated), confidence)[0])
    return Watched(floor=floor, rate=rate) if floor > 0 and rate < 1 else None
