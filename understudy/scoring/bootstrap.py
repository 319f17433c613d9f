"""Intervals by the percentile bootstrap over test articles (Efron and Tibshirani 1993)."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
CHUNK = 256

Figures = npt.NDArray[np.float64]


def resample_means(values: Figures, resamples: int, seed: int) -> Figures:
    """Means of samples of rows, drawn with replacement, all columns by the same draws.

    Differences of two columns of the result are those of the paired bootstrap.

    Args:
        values: (rows, columns), one row per test article.
        resamples: how many samples to draw.
        seed: equal seeds draw equal samples.

    Returns:
        (resamples, columns).
    """
    rows = len(values)
    return np.concatenate([counts @ values / rows for counts in draw_counts(rows, resamples, seed)])


def draw_counts(rows: int, resamples: int, seed: int) -> Iterator[Figures]:
    """Draws samples of as many rows, with replacement: how often each of them has each row.

    Yields:
        (samples, rows), some samples at a time; equal seeds draw equal samples.
    """
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, CHUNK):
        drawn = generator.integers(rows, size=(min(CHUNK, resamples - start), rows))
        counts = np.stack([np.bincount(sample, minlength=rows) for sample in drawn])
        yield counts.astype(np.float64)


def bounds(means: Figures) -> Figures:
    """The 95% interval of each column of `resample_means`: (2, columns), low above high."""
    tail = (1 - LEVEL) / 2
    return np.quantile(means, [tail, 1 - tail], axis=0)


def interval(values: Sequence[float], resamples: int, seed: int) -> tuple[float, float]:
    """Bounds of the 95% interval of the mean of `values`, drawn again by rows.

    Args:
        values: one figure per test article; for two systems on the same articles, the differences.
        resamples: how many samples to draw.
        seed: equal seeds draw equal samples.
    """
    figures = np.asarray(values, dtype=np.float64)[:, np.newaxis]
    low, high = bounds(resample_means(figures, resamples, seed))[:, 0]
    return float(low), float(high)
