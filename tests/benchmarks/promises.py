"""How often a cascade's promise is broken, and how soon a drift is noticed.

Run: python -m tests.benchmarks.promises; make bench runs it. Real rows are the validation and test
inputs of the last run of each pipeline: each student that ships answers them, and is compared with
the chat model by ROUGE-1 F1, or by its label, as the stage calibrate does it. They are left out
where there is no last run. Planted rows are harder: more of them are bad, and the confidence says
little; planted labels have confidences that many share. All are split 1,000 times into a half that
calibrates, a third of which fits the confidence where there are signals, and the half that comes
after it.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stages.calibrate.thresholds import PARTS
from tests.benchmarks.contest import write_table
from tests.benchmarks.drifts import write_drifts, write_watched
from tests.benchmarks.real_rows import Rows, read_real
from tests.imports import ROOT
from understudy.serving.confidence import Confidence, fit_confidence
from understudy.serving.guarantee import Figures, Promise, calibrate, count_local

SPLITS = 1000
EPSILON, DELTA = 0.1, 5.0
GRID = [count / 20 for count in range(20)]

Way = Callable[[Figures, Figures], float | None]
"""From confidences and shortfalls to a threshold."""
Picked = npt.NDArray[np.int64]


def plant(rows: int, seed: int, bad: float, informed: float) -> Rows:
    """Rows whose confidence is correlated with not being bad."""
    rng = np.random.default_rng(seed)
    quality = rng.standard_normal(rows)
    noisy = informed * quality + (1 - informed**2) ** 0.5 * rng.standard_normal(rows)
    confidences = np.round(1 / (1 + np.exp(-noisy)), 2)
    shortfalls = np.where(quality < np.quantile(quality, bad), 2 * DELTA, 0.0)
    return Rows(f"planted, {bad:.0%} bad", shortfalls, confidences)


def plant_labels(rows: int, seed: int, classes: int, sharpness: float) -> Rows:
    """Labels by their probability, which is right on average; many are all but certain.

    A row's evidence for each class is drawn, sharper or less sharp, and the teacher's label by the
    probabilities that follow. The student answers the most probable one, and is as sure as that.
    """
    rng = np.random.default_rng(seed)
    evidence = sharpness * rng.standard_normal((rows, classes))
    shares = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    drawn = (shares.cumsum(axis=1) < rng.uniform(size=(rows, 1))).sum(axis=1)
    shortfalls = np.where(drawn == shares.argmax(axis=1), 0.0, 100.0)
    confidences = np.round(shares.max(axis=1), 3)
    return Rows(f"planted labels, {(shortfalls > 0).mean():.0%} bad", shortfalls, confidences)


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


def split(rows: Rows, rng: np.random.Generator) -> tuple[Figures, Picked, Picked]:
    """Confidences of all rows; the rows that calibrate, and those that come after."""
    order = rng.permutation(len(rows.shortfalls))
    half = len(order) // 2
    seen, unseen = order[:half], order[half:]
    if rows.confidences is not None:
        return rows.confidences, seen, unseen
    fitted, calibrated = seen[: half // PARTS], seen[half // PARTS :]
    good = (rows.shortfalls[fitted] <= DELTA).tolist()
    confidence = fit_confidence([rows.signals[at] for at in fitted], good)
    return confidence.rate(rows.signals), calibrated, unseen


def measure(rows: Rows, ways: dict[str, Way]) -> dict[str, list[str]]:
    """Percent: splits with a promise, answered locally, broken in all rows, in the other half."""
    rng = np.random.default_rng(15)
    bad = rows.shortfalls > DELTA
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
    for _ in range(SPLITS):
        confidences, calibrated, unseen = split(rows, rng)
        for name, way in ways.items():
            threshold = way(confidences[calibrated], rows.shortfalls[calibrated])
            served = confidences >= (np.inf if threshold is None else threshold)
            risks = [(served & bad)[part].mean() > EPSILON + 1e-9 for part in (slice(None), unseen)]
            found[name].append((threshold is not None, served[unseen].mean(), *risks))
    return {
        name: [f"{100 * part:.1f}%" for part in np.mean(parts, axis=0)]
        for name, parts in found.items()
    }


def write_promises(sets: list[Rows]) -> None:
    """The table of broken promises."""
    table = []
    for rows in sets:
        count = len(rows.shortfalls)
        ways = {
            "promised of the rate": promise_by(None),
            "the same, thresholds fixed beforehand": promise_by(None, GRID),
            "promised of the other half": promise_by(count - count // 2),
            "naive": pick_naively,
        }
        for name, cells in measure(rows, ways).items():
            table.append([rows.name, f"{count:,}", name, *cells])
    head = ("rows", "count", "threshold", "there is one", "answered locally")
    write_table(
        "promises",
        (*head, "broken: the rate", "broken: the other half"),
        table,
        f"{SPLITS:,} splits in halves; with 95% confidence at most {EPSILON:.0%} of requests are "
        f"answered locally and worse by more than {DELTA:g} points, or with another label; the "
        "rate: of all rows.",
    )


def write_tested(sets: list[Rows]) -> None:
    """The table of what the stage calibrate has picked, asked about test articles."""
    table = []
    for rows in sets:
        picked = rows.picked
        if not rows.tested or picked is None:
            continue
        confidences = Confidence.from_record(picked.confidence).rate(rows.signals[-rows.tested :])
        served = confidences >= (np.inf if picked.threshold is None else picked.threshold)
        bad = rows.shortfalls > DELTA
        tested = bad[-rows.tested :]
        figures = [bad[: -rows.tested].mean(), tested.mean(), served.mean()]
        cells = [f"{100 * figure:.1f}%" for figure in (*figures, (served & tested).mean())]
        table.append([rows.name, str(picked.rows), f"{picked.share_local:.1f}%", *cells])
    write_table(
        "tested",
        (
            *("student", "rows", "answered locally", "bad in validation", "bad in test"),
            *("answered locally in test", "and bad"),
        ),
        table,
        f"Thresholds of the stage `calibrate`, asked about test articles; at most {EPSILON:.0%} "
        "may be answered locally and bad.",
    )


def main() -> None:
    """Prints all tables."""
    real, classified = read_real(ROOT), read_real(ROOT / "classification")
    labels = [plant_labels(400, 3, 8, 2.5), plant_labels(4000, 4, 8, 2.5)]
    planted = [plant(400, 1, 0.4, 0.5), plant(4000, 2, 0.4, 0.5)]
    write_promises([*real, *classified, *planted, *labels])
    write_tested([*real, *classified])
    write_drifts()
    write_watched(real)


if __name__ == "__main__":
    main()
