"""What a retrain does to the sample: how often a verdict calls a recipe different from itself.

Run: python -m tests.benchmarks.retraining; make bench runs it. It takes half an hour: T5 learns
from the sample's gold pairs with ten seeds. Every two of the ten models are compared as models, and
every split into five and five as recipes; all are the same recipe, so any difference that is
called is called wrongly. Then the whole sample runs with two threads in place of one, and its
verdicts are compared with the committed ones. With a folder as an argument, the ten seeds that
were trained in that project are compared, and nothing is trained.
"""

import itertools
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.contest import describe_machine, write_table
from tests.imports import ROOT
from tests.project import Project, copy_project
from understudy.contract.evaluation import Comparison, Gap
from understudy.contract.lineup import Lineup
from understudy.contract.names import name_pair
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.predictions import PREDICTIONS, seed_predictions_path
from understudy.contract.recipes import RecipeDifference
from understudy.core.tables import read_table
from understudy.scoring.bootstrap import Figures
from understudy.scoring.comparisons import compare_all
from understudy.scoring.recipes import compare_recipes
from understudy.scoring.rows import score_rows

SYSTEM, SEEDS = "t5-gold", list(range(13, 23))
PARAMS = EvaluateParams()
MODELS_HEAD = ("verdict on", "comparisons", "better or worse", "equivalent", "undecided")


def train_seeds(folder: Path) -> Project:
    """The sample's T5 with every seed, on gold pairs, decoded."""
    project = copy_project(folder, "sample", {})
    project.change_params(train_T5__seeds=SEEDS)
    project.run("dvc", "repro", *(f"predict-t5@{SYSTEM}-{seed}" for seed in SEEDS))
    return project


def score_seeds(folder: Path) -> Figures:
    """ROUGE-1 F1 in points: (seeds, test articles)."""
    test = pd.read_parquet(folder / "data/gold/test.parquet")
    scores = []
    for seed in SEEDS:
        path = seed_predictions_path(SYSTEM, seed, folder / PREDICTIONS)
        texts = list(read_table(path, ("id", "prediction"))["prediction"])
        rows = score_rows(texts, list(test["highlights"]), PARAMS.stemmer, ["rouge1"])
        scores.append(rows["rouge1"]["f1"])
    return np.array(scores)


def compare_models(scores: Figures) -> Iterator[Comparison]:
    """Every two models, each pair on its own."""
    for first, second in itertools.combinations(scores, 2):
        differences = (first - second)[:, np.newaxis]
        yield from compare_all(differences, PARAMS.margin, PARAMS.resamples, PARAMS.seed)


def compare_halves(scores: Figures) -> Iterator[RecipeDifference]:
    """Every split into two halves, each on its own."""
    seeds = range(len(scores))
    for half in itertools.combinations(seeds, len(scores) // 2):
        if 0 in half:  # the other half has had its turn
            rest = [seed for seed in seeds if seed not in half]
            sides = {"a": scores[list(half)], "b": scores[rest]}
            yield from compare_recipes(sides, [("a", "b")], ("a", "b"), PARAMS.margin)


def tell(name: str, verdicts: Sequence[str]) -> tuple[str, ...]:
    """A row of the table."""
    counts = Counter(verdicts)
    called = counts["better"] + counts["worse"]
    total = len(verdicts)
    return (
        name,
        str(total),
        f"{called} ({called / total:.0%})",
        f"{counts['equivalent']} ({counts['equivalent'] / total:.0%})",
        f"{counts['undecided']} ({counts['undecided'] / total:.0%})",
    )


def measure_seeds(folder: Path) -> None:
    """Writes the table of the ten seeds."""
    scores = score_seeds(folder)
    means = scores.mean(axis=1)
    models = [one.verdict for one in compare_models(scores)]
    halves = [one.verdict for one in compare_halves(scores)]
    write_table(
        "retraining",
        MODELS_HEAD,
        [
            tell("this model: every two of ten", models),
            tell("this recipe: every five against the other five", halves),
        ],
        f"{describe_machine()}; the sample's `{SYSTEM}` with the seeds {SEEDS[0]} to {SEEDS[-1]}, "
        f"{scores.shape[1]} test articles, ROUGE-1 F1 {means.mean():.1f} on average, "
        f"{means.min():.1f} to {means.max():.1f}, standard deviation {means.std(ddof=1):.2f}; "
        f"margin {PARAMS.margin:g}; at 5%, each comparison on its own.",
    )


def read_verdicts(folder: Path) -> Mapping[str, tuple[str, float]]:
    """Verdict and difference in ROUGE-1 F1 of every pair."""
    gap = Gap.load(folder / Gap.PATH)
    pairs = (name_pair(*pair) for pair in Lineup().pairs)
    return {name: (gap[name]["rouge1"].verdict, gap[name]["rouge1"].judged) for name in pairs}


def measure_threads(folder: Path) -> None:
    """Writes the table of one and two threads."""
    project = copy_project(folder, "sample", {})
    found = {"committed": read_verdicts(ROOT)}
    project.change_params(train_T5__settings__threads=2, train_BART__settings__threads=2)
    project.run("dvc", "repro")
    found["2 threads"] = read_verdicts(project.path)
    rows, differing = [], 0
    for pair in found["committed"]:
        verdicts = [run[pair] for run in found.values()]
        rows.append((f"`{pair}`", *(f"{verdict} {f1:+.1f}" for verdict, f1 in verdicts)))
        differing += len({verdict for verdict, _ in verdicts}) > 1
    write_table(
        "threads",
        ("pair", *found),
        rows,
        f"{describe_machine()}; verdicts on the models that ship, and differences in ROUGE-1 F1; "
        f"the committed ones are of 1 thread; {differing} of {len(rows)} verdicts differ.",
    )


def main() -> None:
    """Measures both, or the seeds of a project that has them."""
    if len(sys.argv) > 1:
        measure_seeds(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        measure_seeds(train_seeds(Path(scratch, "seeds", "clone")).path)
        measure_threads(Path(scratch, "threads", "clone"))


if __name__ == "__main__":
    main()
