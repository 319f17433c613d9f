"""Measures of labels: by row, by class, and of how sure a system was.

A label is its index among the classes here; NONE is an answer that is none of them, and wrong. The
classes that count are those with test rows: of another nothing is known, though answers that name
it are wrong where they stand.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from understudy.contract.classes import ReliabilityLine
from understudy.contract.evaluation import ClassScores
from understudy.contract.params.evaluate import Judgement
from understudy.scoring.bootstrap import Figures, bounds, draw_counts

NONE = -1
BINS = 15
FEW = 16
"""Up to so many classes, one product of matrices counts faster than row after row."""
WILSON_Z = 1.959963984540054
"""Of a 95% interval."""

Codes = npt.NDArray[np.int64]
Interval = tuple[float, float, float]
"""A figure and its bounds."""


def encode(texts: Sequence[str | None], labels: Sequence[str]) -> Codes:
    """The index of each text among the labels, or NONE."""
    known = {label: at for at, label in enumerate(labels)}
    return np.array([known.get(text or "", NONE) for text in texts], dtype=np.int64)


def score_labels(truth: Codes, answers: Codes, classes: int) -> Figures:
    """Points of each row, so that the means over rows are accuracy and balanced accuracy.

    A right answer has 100 points, and rows / (classes with rows * rows of its class) times as many.

    Returns:
        (rows, 2).
    """
    support = np.bincount(truth, minlength=classes)
    shares = len(truth) / (np.count_nonzero(support) * support[truth])
    right = 100.0 * (answers == truth)
    return np.stack([right, right * shares], axis=1)


def count_confusion(truth: Codes, answers: Codes, classes: int) -> Codes:
    """Rows by their label and by what was answered: (classes, classes + 1), NONE comes last."""
    columns = classes + 1
    answered = np.where(answers == NONE, classes, answers)
    cells = np.bincount(truth * columns + answered, minlength=classes * columns)
    return cells.reshape(classes, columns).astype(np.int64)


def rate_classes(confusion: Codes) -> list[ClassScores]:
    """Each class; without a row of it there is no recall, without an answer no precision."""
    right = np.diag(confusion)
    support, answered = confusion.sum(axis=1), confusion.sum(axis=0)[:-1]
    return [
        ClassScores(
            support=int(rows),
            answered=int(named),
            precision=100 * hits / named if named else None,
            recall=100 * hits / rows if rows else None,
            f1=200 * hits / (rows + named) if rows else None,
        )
        for hits, rows, named in zip(right, support, answered, strict=True)
    ]


class ClassBoard:
    """Measures over classes of several systems, drawn again as `Scoreboard` draws rows."""

    def __init__(
        self, truth: Codes, answers: Mapping[str, Codes], classes: int, judgement: Judgement
    ) -> None:
        """Takes the rows' labels, and each system's answers to them."""
        whole = np.ones((1, len(truth)))
        self._means = {
            name: _measure(whole, truth, given, classes)[0] for name, given in answers.items()
        }
        drawn: dict[str, list[Figures]] = {name: [] for name in answers}
        for counts in draw_counts(len(truth), judgement.resamples, judgement.seed):
            for name, given in answers.items():
                drawn[name].append(_measure(counts, truth, given, classes))
        self._drawn = {name: np.concatenate(parts) for name, parts in drawn.items()}

    def balanced(self, system: str) -> Interval:
        """Balanced accuracy, the mean recall of the classes that have rows, in percent."""
        return _bound(self._means[system][0], self._drawn[system][:, 0])

    def macro_f1(self, system: str) -> Interval:
        """The mean F1 of the classes that have rows, in percent."""
        return _bound(self._means[system][1], self._drawn[system][:, 1])

    def macro_f1_difference(self, first: str, second: str) -> Interval:
        """Of two systems, the first minus the second, in points."""
        drawn = self._drawn[first][:, 1] - self._drawn[second][:, 1]
        return _bound(self._means[first][1] - self._means[second][1], drawn)


def _bound(value: float, drawn: Figures) -> Interval:
    low, high = bounds(drawn[:, np.newaxis])[:, 0]
    return float(value), float(low), float(high)


def _measure(counts: Figures, truth: Codes, answers: Codes, classes: int) -> Figures:
    """Balanced accuracy and macro F1 of samples: (samples, 2); counts are (samples, rows)."""
    support, answered = _tally(counts, truth, classes), _tally(counts, answers, classes)
    hits = _tally(counts, np.where(answers == truth, truth, NONE), classes)
    present = support > 0
    recall = np.divide(hits, support, out=np.zeros_like(hits), where=present)
    f1 = np.divide(2 * hits, support + answered, out=np.zeros_like(hits), where=present)
    sums: Figures = np.stack([recall.sum(axis=1), f1.sum(axis=1)], axis=1)
    means: Figures = 100 * sums / present.sum(axis=1, keepdims=True)
    return means


def _tally(counts: Figures, codes: Codes, classes: int) -> Figures:
    """How often each class is in each sample: (samples, classes); NONE counts for no class."""
    if classes <= FEW:
        named: Figures = (codes[:, np.newaxis] == np.arange(classes)).astype(np.float64)
        return counts @ named
    sums = [np.bincount(codes + 1, weights=row, minlength=classes + 1)[1:] for row in counts]
    return np.array(sums, dtype=np.float64)


def find_bins(
    system: str, confidences: Figures, right: npt.NDArray[np.bool_]
) -> list[ReliabilityLine]:
    """Those of BINS bins of equal width that have an answer, the least sure first.

    Each holds its upper end. Answers of unknown confidence (NaN) are left out.
    """
    known = ~np.isnan(confidences)
    sure, hits = confidences[known], right[known]
    places = np.clip(np.ceil(sure * BINS) - 1, 0, BINS - 1)
    parts = [places == place for place in np.unique(places)]
    return [
        ReliabilityLine(
            system=system,
            confidence=100 * sure[part].mean(),
            accuracy=100 * hits[part].mean(),
            rows=int(part.sum()),
        )
        for part in parts
    ]


def expect_error(bins: Sequence[ReliabilityLine]) -> float | None:
    """The expected calibration error in percent (Naeini et al. 2015); None without an answer."""
    rows = sum(one.rows for one in bins)
    gaps = (abs(one.accuracy - one.confidence) * one.rows for one in bins)
    return sum(gaps) / rows if rows else None


def score_brier(confidences: Figures, right: npt.NDArray[np.bool_]) -> float | None:
    """Mean squared distance of known confidences from 1 for a right answer and 0 for another."""
    known = ~np.isnan(confidences)
    distances = confidences[known] - right[known]
    return float((distances**2).mean()) if known.any() else None


def mcnemar_p(first_only: int, second_only: int) -> float:
    """The exact two-sided p-value of two systems, by what one alone has right (McNemar 1947)."""
    rows = first_only + second_only
    ways = total = 1
    for fewer in range(min(first_only, second_only)):
        ways = ways * (rows - fewer) // (fewer + 1)
        total += ways
    return min(1.0, 2 * total / (1 << rows))


def bound_share(count: int, rows: int) -> tuple[float, float]:
    """The 95% interval of a share, 0 to 1, of which `count` of `rows` were seen (Wilson 1927)."""
    share, square = count / rows, WILSON_Z**2
    middle = (share + square / (2 * rows)) / (1 + square / rows)
    spread = share * (1 - share) / rows + square / (4 * rows**2)
    reach = WILSON_Z * float(np.sqrt(spread)) / (1 + square / rows)
    return max(0.0, middle - reach), min(1.0, middle + reach)
