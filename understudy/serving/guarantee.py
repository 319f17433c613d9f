"""Which confidence is high enough that the student may answer alone, with a guarantee.

In: a confidence and a shortfall (the teacher's score minus the student's) of each calibration row.
Out: the loosest threshold for which a Promise can be given, or none.

The risk of a threshold is the share of *all* requests that are answered locally and worse than
the teacher by more than delta. Thresholds are tested from the strictest to the loosest, each at
the full level, and the first failure ends it: fixed-sequence testing, as in Learn then Test
(Angelopoulos et al. 2021). A false promise is then made with a probability of at most
1 - confidence, if calibration rows and requests are exchangeable.

The thresholds may be the confidences of the calibration rows themselves. This risk can only grow
when a threshold is loosened, and so can the count of bad rows. Let t be the strictest threshold
whose risk exceeds epsilon, a property of the requests, not of the rows that were drawn. To promise
t or anything looser, t's own count must be below the critical one, whatever was tested before: that
is one test at one fixed threshold, wrong with a probability of at most 1 - confidence (the
argument of Bates et al. 2021 for monotone risks). The other way round, p-values grow along the
sequence, so no other test of the same counts at this level certifies more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from understudy.core.errors import DataError

Figures = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Promise:
    """What is promised: all four are chosen before a calibration row is looked at."""

    epsilon: float
    """Most that is risked: a share of all requests."""
    delta: float
    """How much worse than the teacher is bad, in the unit of the shortfalls."""
    confidence: float = 0.95
    """One minus the probability of a promise that does not hold."""
    horizon: int | None = None
    """None: the promise is about the rate from which requests come. A number: about the share of so
    many requests to come, which has luck of its own, so that fewer are answered locally."""

    def __post_init__(self) -> None:
        for name, value in (("epsilon", self.epsilon), ("confidence", self.confidence)):
            if not 0 < value < 1:
                raise DataError(
                    f"{name} is {value}, expected a share above 0 and below 1: change it and run "
                    "the same command again"
                )
        if not 0 <= self.delta < float("inf"):
            raise DataError(
                f"delta is {self.delta}, expected 0 or more: change it and run the same command "
                "again"
            )
        if self.horizon is not None and self.horizon < 1:
            raise DataError(
                f"horizon is {self.horizon}, expected a number of requests or nothing: change it "
                "and run the same command again"
            )

    def p_values(self, bad: npt.ArrayLike, rows: int) -> Figures:
        """Probability of so few bad rows where the promise does not hold, at most."""
        if self.horizon is None:
            return p_values(bad, rows, self.epsilon)
        return p_values_ahead(bad, rows, self.epsilon, self.horizon)


@dataclass(frozen=True)
class OperatingPoint:
    """What a threshold did on the calibration rows."""

    threshold: float
    """A request is answered locally if its confidence is this or more."""
    local: int
    """Rows answered locally."""
    bad: int
    """Rows answered locally and worse than the teacher by more than delta."""
    rows: int
    p_value: float
    bound: float
    """Upper confidence limit of the risk, of this threshold on its own: what is promised of the
    one that was picked is epsilon."""

    @property
    def share_local(self) -> float:
        """Share of the rows that are answered locally."""
        return self.local / self.rows

    @property
    def risk(self) -> float:
        """Share of the rows that are answered locally and badly."""
        return self.bad / self.rows


@dataclass(frozen=True)
class Calibration:
    """All thresholds, from the strictest to the loosest, and those that are promised."""

    points: tuple[OperatingPoint, ...]
    passed: int
    """Of how many, from the strictest on, the promise holds; of all of them at once, so that any
    of these may be picked, by whatever rule."""

    @property
    def certified(self) -> OperatingPoint | None:
        """The loosest of them. None: nothing can be promised, so nothing is answered locally."""
        return self.points[self.passed - 1] if self.passed else None


def p_values(bad: npt.ArrayLike, rows: int, epsilon: float) -> Figures:
    """Binomial probability of `bad` or fewer of `rows` if epsilon is the rate of bad ones."""
    return np.asarray(special.bdtr(np.asarray(bad, dtype=np.float64), rows, epsilon))


def p_values_ahead(bad: npt.ArrayLike, rows: int, epsilon: float, horizon: int) -> Figures:
    """The same for a share above epsilon among `horizon` requests to come, which are drawn too.

    Rows and requests are exchangeable: given how many bad ones both have together, those among the
    rows are hypergeometric. Where the promise is broken, both together have at least `bad` and one
    more than the share allows; with more of them, so few in the rows would be less likely still.
    """
    allowed = int(np.floor(epsilon * horizon + 1e-9))
    counts = np.asarray(bad, dtype=np.int64)
    if allowed >= horizon:
        return np.zeros(counts.shape)
    together = counts + allowed + 1
    return np.asarray(stats.hypergeom.cdf(counts, rows + horizon, together, rows))


def upper_bounds(bad: npt.ArrayLike, rows: int, confidence: float) -> Figures:
    """One-sided upper limits of a probability, for `bad` of `rows` (Clopper and Pearson 1934)."""
    counts = np.asarray(bad, dtype=np.float64)
    below = np.minimum(counts, rows - 1)
    limits = special.betaincinv(below + 1, rows - below, confidence)
    return np.where(counts >= rows, 1.0, limits)


def rows_needed(promise: Promise) -> int:
    """Fewest calibration rows with which the promise can be given: if none of them is bad."""
    alpha = 1 - promise.confidence
    high = 1
    while promise.p_values(0, high) > alpha:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if promise.p_values(0, middle) > alpha else (low, middle)
    return high


def calibrate(
    confidences: Sequence[float] | Figures,
    shortfalls: Sequence[float] | Figures,
    promise: Promise,
    thresholds: Sequence[float] | None = None,
) -> Calibration:
    """Finds the loosest threshold for which the promise can be given.

    Args:
        confidences: one per row; NaN is never answered locally.
        shortfalls: the teacher's score minus the student's, per row.
        promise: chosen beforehand.
        thresholds: what may be picked, chosen without these rows; by default every confidence
            of theirs, which is as safe (see above) and never picks less of them, and 0.

    Raises:
        DataError: no rows, columns of unlike lengths, a shortfall or a threshold that is NaN.
    """
    scores = np.asarray(confidences, dtype=np.float64)
    bad = _find_bad(scores, np.asarray(shortfalls, dtype=np.float64), promise.delta)
    grid = _own_thresholds(scores) if thresholds is None else _order_thresholds(thresholds)
    local, counts = count_local(scores, bad, grid)
    tested = promise.p_values(counts, len(scores))
    bounds = upper_bounds(counts, len(scores), promise.confidence)
    points = tuple(
        OperatingPoint(
            float(threshold), int(served), int(count), len(scores), float(p), float(bound)
        )
        for threshold, served, count, p, bound in zip(
            grid, local, counts, tested, bounds, strict=True
        )
    )
    failures = np.flatnonzero(tested > 1 - promise.confidence)
    return Calibration(points, int(failures[0]) if len(failures) else len(points))


def count_local(
    confidences: Figures, bad: npt.NDArray[np.bool_], thresholds: Figures
) -> tuple[Counts, Counts]:
    """Rows at or above each threshold, and the bad ones among them."""

    def at_or_above(scores: Figures) -> Counts:
        known = np.sort(scores[~np.isnan(scores)])
        return len(known) - np.searchsorted(known, thresholds, side="left").astype(np.int64)

    return at_or_above(confidences), at_or_above(confidences[bad])


def _find_bad(scores: Figures, shortfalls: Figures, delta: float) -> npt.NDArray[np.bool_]:
    if len(scores) != len(shortfalls) or not len(scores):
        raise DataError(
            f"{len(scores)} confidences and {len(shortfalls)} shortfalls, expected one of each for "
            "every calibration row, and at least one row: run `dvc repro evaluate`"
        )
    if np.isnan(shortfalls).any():
        raise DataError(
            f"row {int(np.isnan(shortfalls).argmax())} of the calibration has no shortfall (nan), "
            "expected a number: run `dvc repro evaluate`"
        )
    return shortfalls > delta


def _own_thresholds(scores: Figures) -> Figures:
    """Each distinct confidence, strictest first, then 0: a request may have less than any row."""
    known = scores[~np.isnan(scores)]
    return np.unique([*known, 0.0])[::-1] if len(known) else known


def _order_thresholds(values: Sequence[float]) -> Figures:
    """Distinct thresholds, strictest first."""
    grid = np.asarray(values, dtype=np.float64)
    if np.isnan(grid).any() or not len(grid):
        raise DataError(
            f"thresholds are {list(values)}, expected one number or more: change them and run the "
            "same command again"
        )
    return np.unique(grid)[::-1]
