"""Scores any file of predictions against a file of references, with intervals.

In:  two files: .txt with a text a line, or .jsonl, .csv, .parquet with a named column, or only one
     of texts. Rows belong together by their `id`, where both files have one, and by their order
     otherwise. A prediction that is null counts as empty; a reference must be text.
Out: on stdout, ROUGE-1/2/L/Lsum recall, precision and F1 with their 95% intervals or, with --labels
     and in a classification, accuracy, balanced accuracy and macro F1; with --against, the verdict
     on the predictions beside those of another system.
Run: understudy score references.jsonl predictions.jsonl --against others.jsonl
"""

import json
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, get_args

from understudy.contract.kind import CLASSIFICATION, this_kind
from understudy.contract.names import KINDS, MEASURES, TITLES, name_pair
from understudy.contract.params.evaluate import Words
from understudy.core.parser import command_parser, whole_number

SYSTEM, OTHER = "predictions", "others"
PAIR = name_pair(SYSTEM, OTHER)


def main(arguments: Sequence[str] | None = None) -> None:
    """Scores, and prints the scores."""
    parser = command_parser("understudy score", __doc__)
    add = parser.add_argument
    add("references", type=Path, metavar="REFERENCES", help="gold answers")
    add("predictions", type=Path, metavar="PREDICTIONS", help="answers to score")
    add("--against", type=Path, metavar="OTHERS", help="another system's, to compare")
    column = "default: highlights, or label"
    add("--reference-column", metavar="NAME", help=column)
    add("--prediction-column", default="prediction", metavar="NAME", help="default: %(default)s")
    add("--labels", action="store_true", help="compare labels; the default in a classification")
    add("--no-stemmer", action="store_true", help="compare words, not their stems")
    add("--words", choices=get_args(Words), default="english", help="unicode: words of all scripts")
    samples = partial(whole_number, least=100)
    add("--resamples", type=samples, default=1000, help="bootstrap samples (%(default)s)")
    add("--seed", type=partial(whole_number, least=0), default=1, help="random seed (%(default)s)")
    equivalent = "points within which two systems count as equivalent (%(default)s)"
    add("--margin", type=margin, default=1.0, help=equivalent)
    add("--json", action="store_true", help="one JSON object, for machines")
    options = parser.parse_args(arguments)
    kind = CLASSIFICATION if options.labels else this_kind()
    options.reference_column = options.reference_column or kind.output
    if not kind.has_labels:
        found, show = score_files(options), render
    else:
        from understudy.tools.label_scores import render_labels, score_label_files

        references, texts, _ = read_files(options)
        found, show = score_label_files(options, references, texts), render_labels
    print(json.dumps(found, indent=2) if options.json else show(found))


def read_files(options: Namespace) -> tuple[list[str], dict[str, list[str]], dict[str, list[str]]]:
    """The references, the answers of each system row by row, and all of them by file."""
    from understudy.rows.texts import align, read_texts

    references = read_texts(options.references, options.reference_column, "--reference-column")
    files, texts = {str(options.references): references.texts}, {}
    for name, path in ((SYSTEM, options.predictions), (OTHER, options.against)):
        if path is not None:
            column, option = options.prediction_column, "--prediction-column"
            predictions = read_texts(path, column, option, may_lack=True)
            files[str(path)] = texts[name] = align(references, predictions)
    return references.texts, texts, files


def score_files(options: Namespace) -> dict[str, Any]:
    """Scores under [type][measure]; with other predictions, a verdict by type under `verdict`."""
    import numpy as np

    from understudy.contract.evaluation import ByKind, Difference
    from understudy.contract.params.evaluate import Judgement
    from understudy.rendering.verdicts import describe_verdict
    from understudy.scoring.letters import check_letters
    from understudy.scoring.rows import score_rows
    from understudy.scoring.scoreboard import Scoreboard

    references, texts, files = read_files(options)
    check_letters(files, options.words, "add --words unicode")
    scores = {}
    for name, system in texts.items():
        stemmer, words = not options.no_stemmer, options.words
        rows = score_rows(system, references, stemmer=stemmer, words=words)
        columns = [rows[kind][measure] for kind in KINDS for measure in MEASURES]
        scores[name] = np.array(columns).T
    board = Scoreboard(scores, Judgement(options.margin, options.resamples, options.seed))
    found: dict[str, Any] = {"rows": len(references), **_round(board.summarize(SYSTEM))}
    if OTHER in scores:
        found[OTHER] = _round(board.summarize(OTHER))
        pair = board.compare([(SYSTEM, OTHER)], texts)[PAIR]
        found[PAIR] = {
            kind: {**each.model_dump(exclude_none=True), "verdict": describe_verdict(each)}
            for kind, each in ByKind[Difference].model_validate(pair)
        }
    return found


def _round(scores: dict[str, Any]) -> dict[str, Any]:
    from understudy.contract.evaluation import ByKind, Measures

    return ByKind[Measures].model_validate(scores).model_dump()


def render(found: dict[str, Any]) -> str:
    """A table for people."""
    lines = [f"{found['rows']:,} rows; 95% intervals in brackets", ""]
    lines.append(f"{'':<12}" + "".join(f"{measure:>24}" for measure in MEASURES))
    for kind, name in TITLES.items():
        cells = (_interval(found[kind], measure) for measure in MEASURES)
        lines.append(f"{name:<12}" + "".join(f"{cell:>24}" for cell in cells))
    if verdicts := found.get(PAIR):
        lines += ["", "F1 minus that of the others:"]
        for kind, name in TITLES.items():
            verdict = f"p = {verdicts[kind]['p']:.4f}  {verdicts[kind]['verdict']}"
            lines.append(f"{name:<12}{_interval(verdicts[kind], 'f1', '+'):>24}  {verdict}")
    return "\n".join(lines)


def _interval(scores: dict[str, float], measure: str, sign: str = "") -> str:
    low, high = (format(scores[f"{measure}_{end}"], f"{sign}.2f") for end in ("low", "high"))
    return f"{format(scores[measure], f'{sign}.2f')} [{low}, {high}]"


def margin(text: str) -> float:
    """Points of the command line, above 0 and up to 100."""
    with suppress(ValueError):
        if 0 < float(text) <= 100:
            return float(text)
    raise ArgumentTypeError(f"{text}: expected a number above 0, up to 100")
