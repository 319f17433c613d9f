"""Says, while requests come in, that disagreements are more frequent than calibrated.

In: for one request after the other, whether the student's answer was worse than the teacher's by
more than delta. Out: an e-value, and an alarm when it has reached 1 / alpha.

Null: whatever came before, the next request is bad with a probability of at most `rate`. The
e-value is what a gambler holds who began with 1 and bets against that at fair odds: under the null
no bet gains on average, so by Ville's inequality the alarm is false with a probability of at most
alpha, over a stream without end, looked at after each request (Waudby-Smith and Ramdas 2023).

Half of the stake is spread over fixed bets, on each of ODDS and placed anew at every request: one
that is placed when the drift begins has lost nothing before. The share placed at request n shrinks
as 1 / (n log(n)²), so that some is always left. The other half bets what the last requests say,
averaged over each of WINDOWS, and nothing while they are no worse than the rate. The first half is
sure to notice a drift in the end; the second is sooner after a long calm.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from understudy.core.errors import DataError

Figures = npt.NDArray[np.float64]
ALPHA = 0.02
"""The probability of a false alarm, ever, unless another is asked for: so low that of 200 streams
without a drift no more than 5% alarm, not even by bad luck."""
ODDS = np.array([1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0])
"""By what the odds of a bad request grow, in the drifts that the fixed bets are on."""
WINDOWS = np.array([30.0, 100.0, 300.0])
"""Requests over which the moving averages reach."""
BOLDEST = 0.5
"""Largest share of what is held that a moving bet may lose at once."""
MOST = 1e300
"""Where what is held stops growing."""


class DriftTest:
    """A test of one stream of requests, in constant memory.

    No test can notice a drift to q sooner than after log(1 / alpha) / KL requests on average, where
    KL = q log(q / rate) + (1 - q) log((1 - q) / (1 - rate)); this one takes one to five times as
    many (docs/benchmarks.md).
    """

    def __init__(self, rate: float, alpha: float = ALPHA) -> None:
        """Starts without a request.

        Args:
            rate: the calibrated share of bad requests, such as the upper bound of a threshold.
            alpha: the probability of a false alarm, ever.

        Raises:
            DataError: either is no share above 0 and below 1.
        """
        for name, value in (("rate", rate), ("alpha", alpha)):
            if not 0 < value < 1:
                raise DataError(
                    f"{name} of the drift test is {value}, expected a share above 0 and below 1: "
                    "calibrate with more rows, or change it"
                )
        self.rate, self.alpha = rate, alpha
        self.requests = self.bad = 0
        self.peak = 1.0
        """The highest e-value so far."""
        expected = ODDS * rate / (1 - rate + ODDS * rate)
        self._gains = {True: expected / rate, False: (1 - expected) / (1 - rate)}
        self._fixed = np.zeros(len(ODDS))
        self._moving = np.ones(len(WINDOWS))
        self._averages = np.full(len(WINDOWS), rate)

    def add(self, bad: bool) -> None:
        """Takes one more request into account."""
        bad = bool(bad)
        placed = _kept_back(self.requests) - _kept_back(self.requests + 1)
        self._fixed = np.minimum((self._fixed + placed) * self._gains[bad], MOST)
        # a bet may depend on earlier requests only: first the bet, then the average
        boldness = (self._averages - self.rate) / (self.rate * (1 - self.rate))
        stakes = np.clip(boldness, 0, BOLDEST / self.rate)
        self._moving = np.minimum(self._moving * (1 + stakes * (bad - self.rate)), MOST)
        self._averages = self._averages + (bad - self._averages) / WINDOWS
        self.requests += 1
        self.bad += bad
        self.peak = max(self.peak, self.e_value)

    @property
    def e_value(self) -> float:
        """The evidence against the calibrated rate at this moment: under it, 1 on average."""
        fixed = float(self._fixed.mean()) + _kept_back(self.requests)
        return (fixed + float(self._moving.mean())) / 2

    @property
    def alarmed(self) -> bool:
        """Whether the evidence has ever reached 1 / alpha; it then stays so."""
        return self.peak >= 1 / self.alpha

    def to_record(self) -> dict[str, Any]:
        """All that a restarted service needs to go on, as JSON holds it."""
        return {
            "rate": self.rate,
            "alpha": self.alpha,
            "requests": self.requests,
            "bad": self.bad,
            "peak": self.peak,
            "fixed": self._fixed.tolist(),
            "moving": self._moving.tolist(),
            "averages": self._averages.tolist(),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "DriftTest":
        """Goes on where `to_record` stood.

        Raises:
            DataError: a record of another form, such as one of an older version.
        """
        try:
            test = cls(float(record["rate"]), float(record["alpha"]))
            test.requests, test.bad = int(record["requests"]), int(record["bad"])
            test.peak = float(record["peak"])
            test._fixed = _read(record["fixed"], test._fixed)
            test._moving = _read(record["moving"], test._moving)
            test._averages = _read(record["averages"], test._averages)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                "the record of the drift test must have the form that to_record writes, not "
                f"{error!r}: remove it, and the test starts anew"
            ) from None
        return test


def _kept_back(requests: int) -> float:
    """The share of the fixed bets' stake that is still to be placed after so many requests."""
    return 1 / math.log(math.e + requests)


def _read(figures: Any, like: Figures) -> Figures:
    held = np.array(figures, dtype=np.float64)
    if held.shape != like.shape or not (held >= 0).all():
        raise ValueError(figures)
    return held
