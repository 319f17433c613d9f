"""Names of what is compared: systems that are not trained, ROUGE types and measures."""

from typing import Literal

from understudy.contract.kind import SUMMARIZATION

ZEROSHOT = "zeroshot"
LEAD = SUMMARIZATION.baselines[0]

TITLES = SUMMARIZATION.types
KINDS = tuple(TITLES)
MEASURES = tuple(SUMMARIZATION.measures)
COLUMNS = SUMMARIZATION.score_columns
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
