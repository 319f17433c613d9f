"""Names of what is compared: systems, the pairs of the study, ROUGE types and measures."""

from itertools import chain
from typing import Literal

from understudy.contract.params.training import SOURCES

STUDENTS = ("t5", "bart")
ZEROSHOT, LEAD = "zeroshot", "lead-3"
TRAINED = tuple(f"{student}-{source}" for student in STUDENTS for source in SOURCES)
SYSTEMS = (*TRAINED, ZEROSHOT, LEAD)

QUESTIONS = {
    "source": tuple((f"{student}-written", f"{student}-gold") for student in STUDENTS),
    "teacher": tuple((student, ZEROSHOT) for student in TRAINED),
    "size": tuple((f"bart-{source}", f"t5-{source}") for source in SOURCES),
    "lead": tuple((system, LEAD) for system in (*TRAINED, ZEROSHOT)),
}
"""The pairs that the study compares, by what they are compared for; the first minus the second."""
PAIRS = tuple(chain.from_iterable(QUESTIONS.values()))

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
