"""How far the mean of some scores would be off with other seeds and other articles.

A score is the system's mean, plus an effect of the seed it was trained with, plus an effect of the
article, plus a residual (crossed random effects; seeds are nested in systems):

    score[system, seed, article] = mean[system] + seed[system, seed] + article[system, article]
                                   + residual[system, seed, article]

The variance of a difference of two systems' means is estimated from mean squares (Searle, Casella
and McCulloch 1992, chapter 4), so that the residual counts once:

    V1/K1 + V2/K2 + max(0, (Vd - R1/K1 - R2/K2) / n)

with K seeds of a system and n articles; V is the variance of the seeds' means, R the residual mean
square, Vd the variance between articles of the difference of the systems' means over seeds. A
system that is not trained has neither V nor R.

The difference over its standard error is compared with a t distribution. Satterthwaite's (1946)
degrees of freedom fail here: two seeds have one degree of freedom, hundreds of articles many. If
the two seeds happen to be close, most of the noise seems to be the articles', and the degrees of
freedom jump up just when the standard error is too small: up to 12% of true values lie outside a
95% interval. So degrees of freedom are counted as if the seeds varied as much as they plausibly
could, by an upper confidence limit of their variance. The limit is the stricter, the stricter the
level. Its constants were chosen by simulation; `python -m tests.benchmarks.calibration` shows what
holds, and that it holds a little less well where the seeds of one recipe vary three times as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from understudy.scoring.bootstrap import Figures

LEAST_P = 1e-12
PRIOR = 0.75
"""Chosen by simulation, as is the confidence in `Noise.freedom`."""
GRID = 8
TINY = 1e-12
"""Points."""


@dataclass(frozen=True)
class Noise:
    """Variance of a mean, or of a difference of means; arrays of comparisons side by side."""

    counts: Figures
    """(trained systems,): K."""
    by_seed: Figures
    """(trained systems, ...): V, the sample variance of the seeds' means."""
    residual: Figures
    """(trained systems, ...): R, the mean square of what neither seed nor article explains."""
    by_article: Figures
    """(...): variance between articles without the residual's part; for all seeds at once."""
    articles: int
    """n; of one article nothing is known, and every interval is infinite."""

    @cached_property
    def parts(self) -> Figures:
        """(trained systems + 1, ...): what each system's seeds and then the articles add."""
        seeds = self.by_seed / _along(self.counts, self.by_seed)
        return np.concatenate([seeds, self.by_article[np.newaxis] / self.articles])

    @cached_property
    def error(self) -> Figures:
        """The standard error."""
        root: Figures = np.sqrt(self.parts.sum(axis=0))
        return root

    def project(self, articles: int | None = None, seeds: int | None = None) -> "Noise":
        """The noise expected with so many articles, or with at least so many seeds."""
        articles = articles or self.articles
        own = np.maximum(0.0, self.by_seed - self.residual / self.articles)
        return Noise(
            counts=np.maximum(self.counts, seeds or 0),
            by_seed=own + self.residual / articles,
            residual=self.residual,
            by_article=self.by_article,
            articles=articles,
        )

    def power(self, distance: float, level: float, margin: float) -> float:
        """Chance that a true difference is shown, or equivalence within the margin; the larger.

        For one comparison whose noise this truly is. Few seeds vary much less or more than they
        should, so it is averaged over what they may show: all pairs of GRID quantiles.
        """
        from scipy.special import gammaincinv, ndtr

        middles = (np.arange(GRID) + 0.5) / GRID
        half = [(count - 1) / 2 for count in self.counts]
        grid = np.meshgrid(*(gammaincinv(value, middles) / value for value in half))
        shown = [factor.ravel() * seed for factor, seed in zip(grid, self.by_seed, strict=True)]
        ones = np.ones(GRID ** len(half))
        seen = replace(
            self,
            by_seed=np.reshape(shown, (len(half), len(ones))),
            by_article=self.by_article * ones,
        )
        error = max(float(self.error), TINY)
        different = ndtr((distance - seen.reach(level)) / error)
        if distance >= margin:
            return float(different.mean())
        reach = seen.reach(2 * level)
        ends = margin - distance, margin + distance
        inside = sum(ndtr((end - reach) / error) for end in ends) - 1
        return float(max(different.mean(), np.maximum(0, inside).mean()))

    def reach(self, level: float) -> Figures:
        """How far from 0 a difference has to be to be shown, two-sided, at this level.

        The interval of 1 - level is the difference plus and minus this.
        """
        from scipy.special import stdtrit

        if self.articles < 2:
            return np.full_like(self.error, np.inf)
        quantiles: Figures = -stdtrit(self.freedom(np.full_like(self.error, level)), level / 2)
        return quantiles * self.error

    def p_value(self, distance: Figures) -> Figures:
        """The level at which `reach` is `distance`, from LEAST_P to 1."""
        from scipy.special import stdtr

        error = self.error
        if self.articles < 2:
            return np.ones_like(error)
        far = np.divide(distance, error, out=np.zeros_like(error), where=error > 0)
        low, high = np.full_like(error, np.log(LEAST_P)), np.zeros_like(error)
        for _ in range(60):  # the degrees of freedom depend on the level, so it is searched
            middle = (low + high) / 2
            above = 2 * stdtr(self.freedom(np.exp(middle)), -far) > np.exp(middle)
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return np.where(error > 0, np.exp(high), np.where(distance > 0, LEAST_P, 1.0))

    def freedom(self, level: Figures) -> Figures:
        """Degrees of freedom of the t distribution at this level, for more than one article."""
        if not len(self.counts):
            return np.full_like(self.error, self.articles - 1)
        doubt = np.minimum(0.5, 1.5 * level**0.6)
        each = _along(self.counts - 1, self.by_seed)
        # with PRIOR: between Satterthwaite's (0), too few here, and their form without bias (2)
        weights = _shares(self.parts[:-1] * _upper(each, 0.6 * doubt))
        seeds = 1 / (weights**2 / (each + PRIOR)).sum(axis=0) - PRIOR
        both = np.stack([self.parts[:-1].sum(axis=0) * _upper(seeds, doubt), self.parts[-1]])
        trained, articles = _shares(both)
        found: Figures = 1 / (trained**2 / seeds + articles**2 / (self.articles - 1))
        return found


def measure_noise(scores: Sequence[Figures], trained: Sequence[bool]) -> Noise:
    """Estimates the noise of a system's mean, or of the difference of two systems' means.

    Args:
        scores: (..., seeds, articles) of one system or of two, on the same articles.
        trained: whether each was trained with seeds; such a system needs two of them.
    """
    means = [values.mean(axis=-2) for values in scores]
    by_article = _variance(means[0] - means[1] if len(means) > 1 else means[0])
    seeded = [
        (values, mean) for values, mean, has in zip(scores, means, trained, strict=True) if has
    ]
    counts = np.array([float(values.shape[-2]) for values, _ in seeded])
    by_seed = [_variance(values.mean(axis=-1)) for values, _ in seeded]
    residual = [_measure_residual(values, mean) for values, mean in seeded]
    for count, square in zip(counts, residual, strict=True):
        by_article = by_article - square / count
    shape = (len(seeded), *by_article.shape)
    return Noise(
        counts=counts,
        by_seed=np.reshape(by_seed, shape),
        residual=np.reshape(residual, shape),
        by_article=np.maximum(0.0, by_article),
        articles=means[0].shape[-1],
    )


def _measure_residual(values: Figures, mean: Figures) -> Figures:
    """Mean square of the interaction of seeds and articles."""
    seeds, articles = values.shape[-2:]
    rest = values - mean[..., np.newaxis, :]
    rest -= rest.mean(axis=-1, keepdims=True)
    found: Figures = (rest**2).sum(axis=(-2, -1)) / ((seeds - 1) * max(1, articles - 1))
    return found


def _along(counts: Figures, values: Figures) -> Figures:
    """A figure of each trained system, shaped to go with `values`."""
    return counts.reshape(-1, *[1] * (values.ndim - 1))


def _variance(values: Figures) -> Figures:
    """Sample variance along the last axis; 0 of one value."""
    if values.shape[-1] < 2:
        return np.zeros(values.shape[:-1])
    found: Figures = values.var(axis=-1, ddof=1)
    return found


def _shares(parts: Figures) -> Figures:
    """Parts of their sum along the first axis; equal parts where all are 0."""
    total = parts.sum(axis=0)
    shares: Figures = np.full_like(parts, 1 / len(parts))
    np.divide(parts, total, out=shares, where=total > 0)
    return shares


def _upper(freedom: Figures, doubt: Figures) -> Figures:
    """Upper confidence limit of a variance for each unit of its estimate, wrong with `doubt`."""
    from scipy.special import gammaincinv

    found: Figures = freedom / (2 * gammaincinv(freedom / 2, doubt))
    return found
