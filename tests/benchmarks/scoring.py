"""Scoring of as many pairs as CNN/DailyMail's test split has, with intervals, against a plain loop.

Run: python -m tests.benchmarks.scoring; make bench runs it. The loop is what everybody writes: one
`rouge_score` scorer, one process, no interval. Ours is all of `understudy score`, from
files, with 1,000 bootstrap samples.
"""

import json
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.contest import (
    REAL,
    describe_machine,
    peak_megabytes,
    run_in_turn,
    write_table,
)

PAIRS = 11_490
ROUNDS = 3
CONTESTANTS = {"rouge_score, one process, no intervals": "plain", "ours, with intervals": "ours"}


def write_files(folder: Path) -> tuple[Path, Path]:
    """References and predictions: published summaries, again and again with their words mixed."""
    text = (REAL / "rouge155" / "pairs.jsonl").read_text(encoding="utf-8")
    pairs = [json.loads(line) for line in text.splitlines()]
    draw = random.Random(1)
    paths = folder / "references.jsonl", folder / "predictions.jsonl"
    names = {"highlights": "reference", "prediction": "prediction"}
    for path, (column, name) in zip(paths, names.items(), strict=True):
        with path.open("w", encoding="utf-8") as file:
            for row in range(PAIRS):
                words = pairs[row % len(pairs)][name].split(" ")
                if row >= len(pairs):
                    draw.shuffle(words)
                print(json.dumps({"id": str(row), column: " ".join(words)}), file=file)
    return paths


def child(kind: str, references: str, predictions: str) -> None:
    """Scores one way; prints seconds, and ROUGE-1 F1 for the check that both agree."""
    started = time.perf_counter()
    score = _score_plainly if kind == "plain" else _score_ours
    f1 = score(Path(references), Path(predictions))
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "f1": f1, "megabytes": peak_megabytes()}))


def _score_plainly(references: Path, predictions: Path) -> float:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"], use_stemmer=True)
    texts = (
        [json.loads(line)[name] for line in path.read_text(encoding="utf-8").splitlines()]
        for path, name in ((references, "highlights"), (predictions, "prediction"))
    )
    scores = [scorer.score(*pair) for pair in zip(*texts, strict=True)]
    return float(100 * sum(score["rouge1"].fmeasure for score in scores) / len(scores))


def _score_ours(references: Path, predictions: Path) -> float:
    import subprocess

    command = [sys.executable, "-m", "understudy.tools", "score", str(references), str(predictions)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["rouge1"]["f1"])


def main() -> None:
    """Both ways in turn, so that a slow minute of the machine hits both."""
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:5])
        return
    if not REAL.is_dir():
        print(f"skipped: {REAL} is absent", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(Path(folder))
        given = {name: (kind, *files) for name, kind in CONTESTANTS.items()}
        found = run_in_turn("scoring", given, ROUNDS)
    base = next(iter(found.values()))
    rows = []
    for name, runs in found.items():
        seconds = median(run["seconds"] for run in runs)
        ratio = median(
            mine["seconds"] / theirs["seconds"] for mine, theirs in zip(runs, base, strict=True)
        )
        rows.append([name, f"{seconds:.1f}", f"{ratio:.0%}", f"{runs[0]['f1']:.2f}"])
    write_table(
        "scoring on cpu",
        ("", "seconds", "of the loop's time", "ROUGE-1 F1"),
        rows,
        f"{describe_machine()}; {PAIRS:,} pairs, ROUGE-1/2/L/Lsum with stemmer, {ROUNDS} rounds, "
        "medians.",
    )


if __name__ == "__main__":
    main()
