"""One confidence in 0..1 out of what is known about an answer when it has just been decoded.

In: Signals of answers, and whether each was good; rows that calibrate no threshold, since a
threshold's guarantee needs rows that its confidences were not fitted on. Out: a Confidence, small
enough to stand in a JSON file.

A logistic regression with a small ridge penalty (Hosmer and Lemeshow 2000) on standardised signals.
It is monotone: more probable and further ahead of the second beam never lowers the confidence. Only
the order of confidences decides who answers, so that a fit that is poor costs local answers and
never the guarantee.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from understudy.core.errors import DataError

Figures = npt.NDArray[np.float64]
NAN = float("nan")
RIDGE = 1.0
"""Weight of the penalty on squared coefficients, against the sum of the rows' losses."""
REACH = 4.0
"""Standard deviations beyond which a signal says no more."""


@dataclass(frozen=True)
class Signals:
    """What is known about one answer; NaN for what is not, such as a second beam of one beam."""

    log_probability: float = NAN
    """Mean over the tokens of the best beam."""
    margin: float = NAN
    """The best beam's mean log-probability minus the second's."""
    length: float = NAN
    """Log of the answer's words over the input's."""
    copied: float = NAN
    """Share of the answer's words that stand in the input."""


NAMES = tuple(field.name for field in fields(Signals))
RISING = {"log_probability", "margin"}
"""Signals of which more is never worse."""
AROUND = {"length"}
"""Signals of which the distance from the usual counts, and less of it is never worse."""


@dataclass(frozen=True)
class Confidence:
    """A fitted combination: by name of the signal, in the order of Signals."""

    weights: dict[str, float]
    centres: dict[str, float]
    """Mean over the fitted rows; of signals in AROUND the median."""
    scales: dict[str, float]
    """Standard deviation, after the median is taken away from those in AROUND."""
    offset: float

    def rate(self, signals: Sequence[Signals]) -> Figures:
        """A confidence for each answer: (answers,).

        NaN, which is never answered locally, where a signal that is used is unknown.
        """
        used = list(self.weights)
        raw = _select(signals, used)
        centres, scales = (
            np.array([each[n] for n in used]) for each in (self.centres, self.scales)
        )
        standard = _standardise(raw, used, centres, scales)
        found = special.expit(standard @ np.array(list(self.weights.values())) + self.offset)
        return np.where(np.isnan(raw).any(axis=1), np.nan, found)

    def to_record(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "offset": self.offset,
            "signals": {
                name: {
                    "weight": self.weights[name],
                    "centre": self.centres[name],
                    "scale": self.scales[name],
                }
                for name in self.weights
            },
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Confidence":
        """Reads what `to_record` made.

        Raises:
            DataError: another form, an unknown signal, or a figure that is none.
        """
        try:
            parts = {
                part: {name: float(of[part]) for name, of in record["signals"].items()}
                for part in ("weight", "centre", "scale")
            }
            found = cls(parts["weight"], parts["centre"], parts["scale"], float(record["offset"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{_UNREADABLE}, not {error!r}: fit it again") from None
        figures = [found.offset, *(value for part in parts.values() for value in part.values())]
        if not all(map(math.isfinite, figures)) or min(found.scales.values(), default=1) <= 0:
            raise DataError(f"{_UNREADABLE}, not {figures}: fit it again")
        if unknown := set(found.weights) - set(NAMES):
            raise DataError(f"{_UNREADABLE}, not the signals {sorted(unknown)}: fit it again")
        return found


_UNREADABLE = (
    "the record of a confidence must have an offset, and a weight, centre and scale by signal"
)


def fit_confidence(signals: Sequence[Signals], good: Sequence[bool]) -> Confidence:
    """Learns how sure the signals are of a good answer.

    Args:
        signals: of each answer. One that is unknown in every row, or the same, is left out; rows
            that lack any other are not learned from.
        good: whether the answer was no worse than the teacher's by more than delta.

    Raises:
        DataError: columns of unlike lengths, or no row that has all signals which are used.
    """
    if len(signals) != len(good):
        raise DataError(
            f"{len(signals)} answers with signals and {len(good)} judged, expected as many: run "
            "`dvc repro evaluate`"
        )
    used = _find_used(signals)
    raw = _select(signals, used)
    whole = ~np.isnan(raw).any(axis=1)
    if not whole.any():
        raise DataError(
            f"none of {len(signals)} answers has all of the signals {used}, expected one or more "
            "to fit a confidence on: run `dvc repro predict`"
        )
    raw, labels = raw[whole], np.asarray(good, dtype=bool)[whole]
    centres = np.array([_centre(name, column) for name, column in zip(used, raw.T, strict=True)])
    scales = _standardise(raw, used, centres, np.ones(len(used)), reach=np.inf).std(axis=0)
    scales = np.where(scales > 0, scales, 1.0)
    weights, offset = _fit(_standardise(raw, used, centres, scales), labels, used)
    by_name = [dict(zip(used, map(float, row), strict=True)) for row in (weights, centres, scales)]
    return Confidence(by_name[0], by_name[1], by_name[2], offset)


def _find_used(signals: Sequence[Signals]) -> list[str]:
    table = _select(signals, NAMES)
    return [
        name
        for name, column in zip(NAMES, table.T, strict=True)
        if len(np.unique(column[~np.isnan(column)])) > 1
    ]


def _select(signals: Sequence[Signals], names: Sequence[str]) -> Figures:
    """(answers, names); infinite signals, as of an answer without a token, are unknown."""
    table = np.array([astuple(each) for each in signals], dtype=np.float64).reshape(-1, len(NAMES))
    table[~np.isfinite(table)] = np.nan
    return table[:, [NAMES.index(name) for name in names]]


def _centre(name: str, column: Figures) -> float:
    return float(np.median(column) if name in AROUND else column.mean())


def _standardise(
    raw: Figures, names: Sequence[str], centres: Figures, scales: Figures, reach: float = REACH
) -> Figures:
    """Signals in standard deviations; those in AROUND turned so that the usual is the most."""
    standard = (raw - centres) / scales
    around = [name in AROUND for name in names]
    standard[:, around] = -np.abs(standard[:, around])
    return np.clip(standard, -reach, reach)


def _fit(
    standard: Figures, labels: npt.NDArray[np.bool_], names: list[str]
) -> tuple[Figures, float]:
    """Weights and offset; targets keep away from 0 and 1 (Platt 1999), so all-good rows fit."""
    good, bad = int(labels.sum()), int((~labels).sum())
    targets = np.where(labels, (good + 1) / (good + 2), 1 / (bad + 2))

    def loss(point: Figures) -> tuple[float, Figures]:
        scores = standard @ point[:-1] + point[-1]
        value = np.sum(np.logaddexp(0, scores) - targets * scores)
        residual = special.expit(scores) - targets
        slope = np.append(standard.T @ residual + RIDGE * point[:-1], residual.sum())
        return float(value + RIDGE * np.sum(point[:-1] ** 2) / 2), slope

    bounds = [(0.0 if name in RISING | AROUND else None, None) for name in names]
    start = np.zeros(len(names) + 1)
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)]
    )
    return found.x[:-1], float(found.x[-1])
