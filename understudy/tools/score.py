"""Scores any file of predictions against a file of references, with intervals.

In:  two files: .txt with a text a line, or .jsonl, .csv, .parquet with a named column. Rows belong
     together by their `id`, where both files have one, and by their order otherwise.
Out: on stdout, ROUGE-1/2/L/Lsum recall, precision and F1 with their 95% intervals; with --against,
     the verdict on the predictions beside those of another system.
Run: understudy score REFERENCES PREDICTIONS [--against OTHERS] [--json]
"""

import argparse
import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from understudy.contract.names import KINDS, MEASURES, TITLES
from understudy.contract.params.evaluate import Judgement
from understudy.contract.verdicts import MINUS, describe
from understudy.rows.texts import Texts, align, read_texts
from understudy.scoring.bootstrap import Figures
from understudy.scoring.rows import score_rows
from understudy.scoring.scoreboard import Scoreboard

SYSTEM, OTHER = "predictions", "others"


def score_files(options: Namespace) -> dict[str, Any]:
    """Scores under [type][measure]; with other predictions, a verdict by type under `verdict`."""
    references = read_texts(options.references, options.reference_column, "--reference-column")
    files = {SYSTEM: options.predictions, OTHER: options.against}
    rows = {
        name: _score(references, path, options) for name, path in files.items() if path is not None
    }
    board = Scoreboard(rows, Judgement(options.margin, options.resamples, options.seed))
    found: dict[str, Any] = {"rows": len(references.texts), **board.summarize(SYSTEM)}
    if OTHER in rows:
        (verdicts,) = board.compare([(SYSTEM, OTHER)]).values()
        words = {
            kind: {**figures, "verdict": describe(figures)} for kind, figures in verdicts.items()
        }
        found |= {OTHER: board.summarize(OTHER), SYSTEM + MINUS + OTHER: words}
    return found


def _score(references: Texts, path: Path, options: Namespace) -> Figures:
    predictions = read_texts(path, options.prediction_column, "--prediction-column")
    texts = align(references, predictions)
    rows = score_rows(texts, references.texts, stemmer=not options.no_stemmer)
    return np.array([rows[kind][measure] for kind in KINDS for measure in MEASURES]).T


def render(found: dict[str, Any]) -> str:
    """A table for people."""
    lines = [f"{found['rows']:,} rows; 95% intervals in brackets", ""]
    lines.append(f"{'':<12}" + "".join(f"{measure:>24}" for measure in MEASURES))
    for kind, name in TITLES.items():
        scores = found[kind]
        cells = [
            f"{scores[m]:.2f} [{scores[f'{m}_low']:.2f}, {scores[f'{m}_high']:.2f}]"
            for m in MEASURES
        ]
        lines.append(f"{name:<12}" + "".join(f"{cell:>24}" for cell in cells))
    verdicts = found.get(SYSTEM + MINUS + OTHER, {})
    if verdicts:
        lines += ["", "F1 minus that of the others:"]
    for kind, figures in verdicts.items():
        change = f"{figures['f1']:+.2f} [{figures['f1_low']:+.2f}, {figures['f1_high']:+.2f}]"
        verdict = f"p = {figures['p']:.4f}  {figures['verdict']}"
        lines.append(f"{TITLES[kind]:<12}{change:>24}  {verdict}")
    return "\n".join(lines)


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def _margin(text: str) -> float:
    if not 0 < float(text) <= 100:
        raise ValueError
    return float(text)


_count.__name__, _margin.__name__ = "count of 1 or more", "margin in points of 0 to 100"


def main(arguments: Sequence[str] | None = None) -> None:
    """Scores, and prints the scores."""
    parser = argparse.ArgumentParser(prog="understudy score", description=__doc__.split("\n")[0])
    parser.add_argument("references", type=Path, metavar="REFERENCES", help="gold summaries")
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS", help="summaries to score")
    parser.add_argument(
        "--against", type=Path, metavar="OTHERS", help="another system's, to compare"
    )
    parser.add_argument("--reference-column", default="highlights", metavar="NAME")
    parser.add_argument("--prediction-column", default="prediction", metavar="NAME")
    parser.add_argument("--no-stemmer", action="store_true", help="compare words, not their stems")
    parser.add_argument("--resamples", type=_count, default=1000, help="random samples (1000)")
    parser.add_argument("--seed", type=_count, default=1)
    parser.add_argument(
        "--margin", type=_margin, default=1.0, help="points that are as good as none (1)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    options = parser.parse_args(arguments)
    found = score_files(options)
    print(json.dumps(found, indent=2) if options.json else render(found))
