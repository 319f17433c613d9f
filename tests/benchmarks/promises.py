"""How often a cascade's promise is broken, and how soon a drift is noticed.

Run: python -m tests.benchmarks.promises; make bench runs it. Real rows are the test articles in
data/scores.parquet: each student against the chat model by ROUGE-1 F1, with the agreement of T5's
and BART's summaries as confidence. They are left out where that file is not there. Planted rows are
harder: more of them are bad, and the confidence says little. All are split 1,000 times into a half
that calibrates and a half that comes after it.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.contest import write_table
from tests.imports import ROOT
from understudy.contract.evaluation import SCORES
from understudy.serving.drift import DriftTest
from understudy.serving.guarantee import Figures, Promise, calibrate, count_local
from understudy.texts.agreement import token_f1
from understudy.texts.words import split_words

SPLITS = 1000
EPSILON, DELTA = 0.1, 5.0
GRID = [count / 20 for count in range(20)]
STREAMS, ALIKE, LONG = 200, 1000, 10_000
RATE = 0.1
DRIFTS = [(0, 0.1, 0.2), (1000, 0.05, 0.15), (1000, 0.05, 0.2), (1000, 0.05, 0.4)]
DRIFTS += [(10_000, 0.05, 0.2), (10_000, 0.1, 0.2)]
"""Requests before the change, the rate of bad ones before it, and after it."""

Way = Callable[[Figures, Figures], float | None]
"""From confidences and shortfalls to a threshold."""


@dataclass(frozen=True)
class Rows:
    """Rows to split."""

    name: str
    confidences: Figures
    shortfalls: Figures


def read_real() -> Iterator[Rows]:
    """The sample's students; bad is what the chat model does better by more than DELTA points."""
    import pandas as pd

    if not (ROOT / SCORES).is_file():
        print(f"no {SCORES}: real scores are left out", file=sys.stderr)
        return
    scores = pd.read_parquet(ROOT / SCORES).pivot(index="id", columns="system", values="rouge1_f1")
    for source in ("gold", "written", "labelled"):
        words = []
        for family in ("t5", "bart"):
            path = ROOT / "data" / "predictions" / f"{family}-{source}.parquet"
            if not path.is_file():
                break
            texts = pd.read_parquet(path).set_index("id")["prediction"].reindex(scores.index)
            words.append([split_words(text) for text in texts])
        else:
            agreement = np.array([token_f1(*pair) for pair in zip(*words, strict=True)])
            for family in ("t5", "bart"):
                student = f"{family}-{source}"
                shortfalls = (scores["zeroshot"] - scores[student]).to_numpy(dtype=np.float64)
                yield Rows(f"`{student}`", agreement, shortfalls)


def plant(rows: int, seed: int, bad: float, informed: float) -> Rows:
    """Rows whose confidence is correlated with not being bad."""
    rng = np.random.default_rng(seed)
    quality = rng.standard_normal(rows)
    noisy = informed * quality + (1 - informed**2) ** 0.5 * rng.standard_normal(rows)
    confidences = np.round(1 / (1 + np.exp(-noisy)), 2)
    shortfalls = np.where(quality < np.quantile(quality, bad), 2 * DELTA, 0.0)
    return Rows(f"planted, {bad:.0%} bad", confidences, shortfalls)


def promise_by(horizon: int | None, grid: list[float] | None = None) -> Way:
    """A threshold with a promise."""

    def pick(confidences: Figures, shortfalls: Figures) -> float | None:
        promise = Promise(EPSILON, DELTA, horizon=horizon)
        found = calibrate(confidences, shortfalls, promise, grid).certified
        return found.threshold if found else None

    return pick


def pick_naively(confidences: Figures, shortfalls: Figures) -> float | None:
    """The loosest threshold whose share of bad local answers is EPSILON or less on the rows."""
    thresholds = np.unique(confidences)[::-1]
    counts = count_local(confidences, shortfalls > DELTA, thresholds)[1]
    kept = thresholds[counts <= EPSILON * len(confidences)]
    return float(kept[-1]) if len(kept) else None


def measure(rows: Rows, way: Way) -> list[str]:
    """Percent: splits with a promise, answered locally, broken in all rows, in the other half."""
    rng = np.random.default_rng(15)
    half = len(rows.confidences) // 2
    bad = rows.shortfalls > DELTA
    promised, local, after, altogether = [], [], [], []
    for _ in range(SPLITS):
        order = rng.permutation(len(rows.confidences))
        seen, unseen = order[:half], order[half:]
        threshold = way(rows.confidences[seen], rows.shortfalls[seen])
        promised.append(threshold is not None)
        served = rows.confidences >= (np.inf if threshold is None else threshold)
        local.append(served[unseen].mean())
        after.append((served & bad)[unseen].mean() > EPSILON + 1e-9)
        altogether.append((served & bad).mean() > EPSILON + 1e-9)
    return [f"{100 * np.mean(part):.1f}%" for part in (promised, local, altogether, after)]


def write_promises() -> None:
    """The table of broken promises."""
    sets = [*read_real(), plant(400, 1, 0.4, 0.5), plant(4000, 2, 0.4, 0.5)]
    table = []
    for rows in sets:
        count = len(rows.confidences)
        ways = {
            "promised of the rate": promise_by(None),
            "the same, thresholds fixed beforehand": promise_by(None, GRID),
            "promised of the other half": promise_by(count - count // 2),
            "naive": pick_naively,
        }
        for name, way in ways.items():
            table.append([rows.name, f"{count:,}", name, *measure(rows, way)])
    head = ("rows", "count", "threshold", "there is one", "answered locally")
    write_table(
        "promises",
        (*head, "broken: the rate", "broken: the other half"),
        table,
        f"{SPLITS:,} splits in halves; with 95% confidence at most {EPSILON:.0%} of requests are "
        f"answered locally and worse by more than {DELTA:g} points; the rate: of all rows.",
    )


def count_until_alarm(rng: np.random.Generator, calm: int, before: float, after: float) -> int:
    """Requests of a stream until the alarm; LONG requests after the change, it ends without."""
    test = DriftTest(RATE)
    draws = rng.uniform(size=calm + LONG) < np.repeat([before, after], [calm, LONG])
    for bad in draws.tolist():
        test.add(bad)
        if test.alarmed:
            break
    return test.requests


def write_drifts() -> None:
    """The table of alarms."""
    table = []
    rng = np.random.default_rng(16)
    alike = [count_until_alarm(rng, 0, RATE, RATE) < LONG for _ in range(ALIKE)]
    for streams in (STREAMS, ALIKE):
        head = f"{RATE:.0%} for {LONG:,} requests, {streams:,} streams"
        table.append([head, f"{100 * np.mean(alike[:streams]):.1f}%", "–", "–", "–"])
    for calm, before, after in DRIFTS:
        found = np.array([count_until_alarm(rng, calm, before, after) for _ in range(STREAMS)])
        delays = found[found > calm] - calm
        gain = after * np.log(after / RATE) + (1 - after) * np.log((1 - after) / (1 - RATE))
        table.append(
            [
                f"{before:.0%} for {calm:,} requests, then {after:.0%}" if calm else f"{after:.0%}",
                f"{100 * np.mean(found <= calm):.1f}%",
                *(f"{np.quantile(delays, part):.0f}" for part in (0.5, 0.9)),
                f"{np.log(20) / gain:.0f}",
            ]
        )
    write_table(
        "drifts",
        ("bad requests", "false alarms", "requests to the alarm, median", "90% below", "ideal"),
        table,
        f"{STREAMS} streams of each drift, calibrated at {RATE:.0%}, alpha 5%; ideal: "
        "log(1 / alpha) by the divergence, which only a test that knows both rates and the moment "
        "reaches.",
    )


def main() -> None:
    """Prints both tables."""
    write_promises()
    write_drifts()


if __name__ == "__main__":
    main()
