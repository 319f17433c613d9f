"""How often the verdict on a recipe is wrong, simulated: two recipes alike, 2,000 times a cell.

Run: python -m tests.benchmarks.calibration; make bench runs it. A score is the mean, plus an effect
of the seed, of the article, and a residual (understudy/scoring/noise.py), of the sizes that the
sample's T5 has. The one-checkpoint test is the paired t test of the first seeds' models, the fast
equal of the randomization test behind a verdict on one model. If data/scores.parquet is there, its
articles are drawn again too, since real scores are neither normal nor symmetric.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.benchmarks.contest import write_table
from tests.imports import ROOT
from understudy.contract.evaluation import SCORES
from understudy.contract.lineup import Lineup
from understudy.scoring.bootstrap import Figures
from understudy.scoring.comparisons import ALPHA
from understudy.scoring.noise import Noise, measure_noise

LINEUP = Lineup(("gold", "written"))
PAIRS, SYSTEMS, TRAINED = LINEUP.pairs, LINEUP.systems, LINEUP.trained
"""The study's own: what docs/benchmarks.md has figures of."""
TRIALS, CHUNK = 2000, 250
ARTICLE_SD, RESIDUAL_SD, MARGIN = 12.0, 12.0, 1.0
SEED_SDS = (0.3, 1.5, 4.0)
SEEDS = (2, 3, 5)
ARTICLES = (60, 200, 600, 2000)


@dataclass(frozen=True)
class Case:
    """Two recipes with the same mean over all seeds and articles."""

    seeds: tuple[int, int] = (2, 2)
    """0: a system that is not trained."""
    ratio: tuple[float, float] = (1.0, 1.0)
    """Of the seeds' standard deviations."""
    shared: float = 1.0
    """Correlation of the systems' article effects; 1: a recipe and itself."""
    real: Figures | None = None
    """(articles,): scores, centred and of variance 1, that effects are drawn from."""


@dataclass(frozen=True)
class Rates:
    """Percent of trials."""

    wrong: float
    covered: float
    one_checkpoint: float
    equivalent: float
    """Said of recipes that differ by the margin."""


def draw_scores(case: Case, articles: int, sd: float, rng: np.random.Generator) -> list[Figures]:
    """(CHUNK, seeds, articles) of both systems."""

    def effects(*shape: int) -> Figures:
        if case.real is None:
            return rng.standard_normal(shape)
        return case.real[rng.integers(len(case.real), size=shape)]

    common = effects(CHUNK, 1, articles) * ARTICLE_SD * case.shared**0.5
    drawn = []
    for seeds, ratio in zip(case.seeds, case.ratio, strict=True):
        scores = effects(CHUNK, seeds or 1, articles)
        scores *= RESIDUAL_SD
        scores += common
        if case.shared < 1:
            scores += effects(CHUNK, 1, articles) * ARTICLE_SD * (1 - case.shared) ** 0.5
        if seeds:
            scores += ratio * sd * rng.standard_normal((CHUNK, seeds, 1))
        drawn.append(scores)
    return drawn


def judge(scores: list[Figures], trained: list[bool]) -> tuple[Figures, Noise]:
    """The differences of the means, and their noise."""
    first, second = scores
    return first.mean(axis=(-2, -1)) - second.mean(axis=(-2, -1)), measure_noise(scores, trained)


def measure(case: Case, articles: int, sd: float) -> Rates:
    """Rates of one cell."""
    rng = np.random.default_rng([articles, round(10 * sd), *case.seeds])
    found = []
    for _ in range(TRIALS // CHUNK):
        scores = draw_scores(case, articles, sd, rng)
        means, noise = judge(scores, [seeds > 0 for seeds in case.seeds])
        paired = scores[0][:, 0] - scores[1][:, 0]
        one = np.abs(paired.mean(axis=-1)) / paired.std(axis=-1, ddof=1) * articles**0.5
        outside = np.abs(means) > noise.reach(ALPHA)
        same = np.abs(means + MARGIN) + noise.reach(2 * ALPHA) < MARGIN
        found.append([outside, ~outside, one > t_quantile(articles - 1), same])
    return Rates(*(100 * np.mean(found, axis=(0, 2))))


def t_quantile(freedom: int) -> float:
    """Of the one-checkpoint test, two-sided."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - ALPHA / 2))


def measure_family(seeds: int, articles: int, sd: float) -> float:
    """Percent of studies of six systems alike in which any of the pairs is called different."""
    rng = np.random.default_rng([7, seeds, articles, round(10 * sd)])
    wrong = []
    for _ in range(TRIALS // CHUNK):
        common = ARTICLE_SD * rng.standard_normal((CHUNK, 1, articles))
        scores = {}
        for name in SYSTEMS:
            case = Case((seeds if name in TRAINED else 0, 0), shared=0)
            scores[name] = draw_scores(case, articles, sd, rng)[0] + common
        called = np.zeros(CHUNK, dtype=bool)
        for pair in PAIRS:
            means, noise = judge([scores[n] for n in pair], [n in TRAINED for n in pair])
            called |= np.abs(means) > noise.reach(ALPHA / len(PAIRS))
        wrong.append(called)
    return float(100 * np.mean(wrong))


def cases(real: Figures | None) -> Iterator[tuple[str, list[Case]]]:
    """What is simulated, with a name."""
    alike = [Case((seeds, seeds)) for seeds in SEEDS]
    yield "a recipe and itself", alike
    yield "two recipes alike on average", [replace(case, shared=0.5) for case in alike]
    yield "2 and 5 seeds", [Case((2, 5), shared=0.5)]
    yield "seeds' SD 1:3", [replace(case, ratio=(1.0, 3.0), shared=0.5) for case in alike]
    yield "a student and the teacher", [Case((seeds, 0), shared=0.5) for seeds in SEEDS]
    if real is not None:
        yield "a recipe and itself, real scores", [replace(case, real=real) for case in alike]


def read_real() -> Figures | None:
    """Scores of the sample's articles by T5 on gold pairs, centred and of variance 1."""
    import pandas as pd

    if not (ROOT / SCORES).is_file():
        print(f"no {SCORES}: real scores are left out", file=sys.stderr)
        return None
    table = pd.read_parquet(ROOT / SCORES)
    scores = table.loc[table["system"] == "t5-gold", "rouge1_f1"].to_numpy(dtype=np.float64)
    centred: Figures = (scores - scores.mean()) / scores.std()
    return centred


def write_cells(rates: dict[int, dict[tuple[float, int], Rates]]) -> None:
    """The table of a recipe and itself, by number of seeds, then SD of seeds and articles."""
    rows = [
        [
            str(seeds),
            f"{articles:,}",
            *(
                f"{cell.wrong:.1f} · {cell.covered:.1f} · {cell.one_checkpoint:.1f}"
                for cell in (cells[sd, articles] for sd in SEED_SDS)
            ),
        ]
        for seeds, cells in rates.items()
        for articles in ARTICLES
    ]
    write_table(
        "calibration of a recipe and itself",
        ("seeds", "articles", *(f"seeds' SD {sd} points" for sd in SEED_SDS)),
        rows,
        f"Percent of {TRIALS:,}: called better or worse by the recipe's test · its 95% interval "
        "holds the truth · called better or worse by the one-checkpoint test.",
    )


def summarize(name: str, case: Case, cells: list[Rates]) -> list[str]:
    """A row of the second table."""
    first, second = case.seeds
    covered = [cell.covered for cell in cells]
    return [
        name,
        f"{first}" if second in (0, first) else f"{first} and {second}",
        f"{np.mean([cell.wrong for cell in cells]):.1f}%",
        f"{max(cell.wrong for cell in cells):.1f}%",
        f"{min(covered):.1f} to {max(covered):.1f}%",
        f"{max(cell.equivalent for cell in cells):.1f}%",
        f"{np.mean([cell.one_checkpoint for cell in cells]):.1f}%",
    ]


def main() -> None:
    """Simulates every case in all cells, then whole studies; prints both tables."""
    grid = [(sd, articles) for sd in SEED_SDS for articles in ARTICLES]
    rows: list[list[str]] = []
    for name, group in cases(read_real()):
        rates = {case.seeds[0]: {at: measure(case, at[1], at[0]) for at in grid} for case in group}
        if not rows:
            write_cells(rates)
        rows += [summarize(name, case, list(rates[case.seeds[0]].values())) for case in group]
    for seeds in SEEDS:
        wrong = [measure_family(seeds, 200, sd) for sd in SEED_SDS]
        called = [f"{np.mean(wrong):.1f}%", f"{max(wrong):.1f}%"]
        rows.append([f"any of {len(PAIRS)} pairs, corrected", str(seeds), *called, *["–"] * 3])
    write_table(
        "calibration",
        (
            *("two recipes alike", "seeds", "called better or worse", "worst cell"),
            *("interval holds the truth", "wrongly equivalent, worst cell", "one checkpoint"),
        ),
        rows,
        f"{TRIALS:,} comparisons a cell (standard error 0.5%); cells: seeds' SD of "
        f"{', '.join(map(str, SEED_SDS))} points by {', '.join(map(str, ARTICLES))} articles "
        f"(whole studies: 200); articles' SD {ARTICLE_SD:g}, residual SD {RESIDUAL_SD:g}; wrongly "
        "equivalent: the true difference is the margin of 1 point.",
    )


if __name__ == "__main__":
    main()
