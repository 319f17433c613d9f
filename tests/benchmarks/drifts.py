"""How soon a drift is noticed, and how often one that is none; see tests/benchmarks/promises.py."""

from functools import partial

import numpy as np
import numpy.typing as npt

from stages.calibrate.thresholds import PARTS, watch
from tests.benchmarks.contest import write_table
from tests.benchmarks.real_rows import Rows
from understudy.serving.drift import ALPHA, DriftTest

STREAMS, ALIKE, LONG = 200, 1000, 10_000
RATE = 0.1
DRIFTS = [(0, 0.1, 0.2), (1000, 0.05, 0.15), (1000, 0.05, 0.2), (1000, 0.05, 0.4)]
DRIFTS += [(10_000, 0.05, 0.2), (10_000, 0.1, 0.2)]
"""Requests before the change, the rate of bad ones before it, and after it."""
SHUFFLED = (0.1, 0.3, 1.0)
"""Shares of requests whose answer is that to another article, after the change."""


def count_until_alarm(rng: np.random.Generator, calm: int, before: float, after: float) -> int:
    """Requests of a stream until the alarm; LONG requests after the change, it ends without."""
    draws = rng.uniform(size=calm + LONG) < np.repeat([before, after], [calm, LONG])
    return follow(DriftTest(RATE), draws)


def follow(test: DriftTest, draws: npt.NDArray[np.bool_]) -> int:
    """Requests until the alarm, or all of them."""
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
                f"{np.log(1 / ALPHA) / gain:.0f}",
            ]
        )
    write_table(
        "drifts",
        ("bad requests", "false alarms", "requests to the alarm, median", "90% below", "ideal"),
        table,
        f"{STREAMS} streams of each drift, calibrated at {RATE:.0%}, alpha {ALPHA:.0%}; ideal: "
        "log(1 / alpha) by the divergence, which only a test that knows both rates and the moment "
        "reaches.",
    )


def watch_stream(rows: Rows, rng: np.random.Generator, share: float) -> int | None:
    """Requests until the alarm, LONG without one; None where nothing can be watched.

    As the stage does it: a part sets the floor, another the rate. Requests are drawn from the rows
    that are left; of a share of them the answer is that to another article.
    """
    assert rows.agreement is not None
    assert rows.shuffled is not None
    order = rng.permutation(len(rows.agreement))
    half = len(order) // 2
    fitted, calibrated, unseen = np.split(order, [half // PARTS, half])
    watched = watch(rows.agreement[fitted], rows.agreement[calibrated], 0.95)
    if watched is None:
        return None
    drawn = rng.choice(unseen, size=LONG)
    wrong = rng.uniform(size=LONG) < share
    agreement = np.where(wrong, rows.shuffled[drawn], rows.agreement[drawn])
    return follow(DriftTest(watched.rate), agreement < watched.floor)


def write_watched(sets: list[Rows]) -> None:
    """The table of alarms by agreement."""
    table = []
    for rows in (rows for rows in sets if rows.agreement is not None):
        rng = np.random.default_rng(17)
        run = partial(watch_stream, rows, rng)
        alike = [found for _ in range(STREAMS) if (found := run(0.0)) is not None]
        cells = [f"{100 * np.mean(np.array(alike) < LONG):.1f}%" if alike else "–"]
        for share in SHUFFLED:
            delays = [found for _ in range(STREAMS) if (found := run(share)) is not None]
            late = np.mean(np.array(delays) == LONG) if delays else 1
            shown = f"{np.median(delays):,.0f}" if delays and late < 0.5 else "none"
            cells.append(shown)
        table.append([rows.name, f"{len(alike)}", *cells])
    write_table(
        "watched",
        (
            *("student", "streams", "alarms without a drift"),
            *(f"median requests to the alarm, {share:.0%} wrong" for share in SHUFFLED),
        ),
        table,
        f"{LONG:,} requests a stream, alpha {ALPHA:.0%}; floor and rate as `calibrate` writes "
        "them, from half of the rows, requests from the others; wrong: the answer to another "
        "article.",
    )
