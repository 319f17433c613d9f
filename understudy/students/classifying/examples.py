"""Texts with the numbers of their labels, as training reads them."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from understudy.contract.kind import this_kind
from understudy.contract.pairs import LEARNING_SPLITS
from understudy.contract.params.classifying import Weights
from understudy.contract.trained import CutCounts, CutTexts
from understudy.core.errors import StudentError
from understudy.core.tables import iterate_table
from understudy.students.classifying.grams import cut_text
from understudy.students.model.tokens import count_pairs

SHOWN = 3
"""Labels that a message names."""


@dataclass(frozen=True)
class Examples:
    """A split in memory."""

    texts: list[str]
    numbers: np.ndarray
    """Of their labels, in the order of task.labels."""

    def __len__(self) -> int:
        return len(self.texts)


def read_examples(pairs: Mapping[str, Path], labels: Sequence[str]) -> dict[str, Examples]:
    """Reads both splits.

    Raises:
        StudentError: one has no pair, or a label that is not listed.
        DataError: a file cannot be read.
    """
    kind, known = this_kind(), {label: number for number, label in enumerate(labels)}
    found = {}
    for split in LEARNING_SPLITS:
        count_pairs(pairs[split])
        rows = list(iterate_table(pairs[split], (kind.input, kind.output)))
        for row in rows:
            if row[kind.output] not in known:
                raise StudentError(
                    f"{pairs[split]}: {row[kind.output]!r} is none of task.labels; list it there, "
                    "or run `dvc repro` to make the pairs again"
                )
        numbers = np.array([known[row[kind.output]] for row in rows])
        found[split] = Examples([row[kind.input] for row in rows], numbers)
    return found


def cut_examples(
    examples: Mapping[str, Examples], max_words: int
) -> tuple[dict[str, Examples], CutCounts]:
    """The same with texts of at most so many words, and how many were cut."""
    cut, counts = {}, {}
    for split, one in examples.items():
        cut[split] = replace(one, texts=[cut_text(text, max_words) for text in one.texts])
        pairs = zip(cut[split].texts, one.texts, strict=True)
        counts[split] = CutTexts(inputs=sum(len(short) < len(text) for short, text in pairs))
    return cut, CutCounts(**counts)


def warn_of_absent(label: str, numbers: np.ndarray, labels: Sequence[str]) -> None:
    """Says on stderr which labels have no example to learn from, if there are such."""
    absent = sorted(set(range(len(labels))) - set(numbers.tolist()))
    if absent:
        shown = ", ".join(repr(labels[number]) for number in absent[:SHOWN])
        more = f" and {len(absent) - SHOWN:,} more" * (len(absent) > SHOWN)
        print(f"{label}: no example of {shown}{more}: hardly ever answered", file=sys.stderr)


def weigh_labels(numbers: np.ndarray, labels: int, weights: Weights) -> np.ndarray:
    """What an example of each label weighs in the loss: 1 on average over the examples.

    Args:
        numbers: of the labels of the training examples.
        labels: how many there are.
        weights: of the params.
    """
    if weights == "none":
        return np.ones(labels)
    counts = Counter(numbers.tolist())
    share = len(numbers) / len(counts)
    return np.array([share / counts[number] if counts[number] else 1.0 for number in range(labels)])


def list_files(start: str | None) -> tuple[Path, ...]:
    """The files of what training starts from, where that is a folder or a file."""
    path = Path(start or "")
    found = sorted(path.iterdir()) if start and path.is_dir() else [path]
    return tuple(one for one in found if one.is_file())
