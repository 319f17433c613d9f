"""Names of what is compared: students, systems that are not trained, ROUGE types and measures."""

from typing import Literal

STUDENTS = ("t5", "bart")
ZEROSHOT, LEAD = "zeroshot", "lead-3"

TITLES = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougel": "ROUGE-L", "rougelsum": "ROUGE-Lsum"}
KINDS = tuple(TITLES)
MEASURE_TITLES = {"recall": "recall", "precision": "precision", "f1": "F1"}
MEASURES = tuple(MEASURE_TITLES)
COLUMNS = tuple(f"{kind}_{measure}" for kind in KINDS for measure in MEASURES)
"""Columns of a table or an array with all scores of an article."""

Verdict = Literal["equivalent", "better", "worse", "undecided", "identical", "void", "unknown"]
MINUS = "-minus-"


def name_model(system: str, seed: int) -> str:
    """One trained model of a system, such as t5-gold-13."""
    return f"{system}-{seed}"


def name_pair(first: str, second: str) -> str:
    """A pair's key in metrics/gap.json, the first system minus the second."""
    return f"{first}{MINUS}{second}"


def split_pair(name: str) -> tuple[str, str]:
    """The two systems of a pair's key."""
    first, _, second = name.partition(MINUS)
    return first, second
