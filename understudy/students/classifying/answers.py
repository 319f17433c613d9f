"""What the engines that only classify have in common: labels for ids, and their probabilities."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from understudy.contract.params.decoding import DecodingParams
from understudy.contract.trained import TrainedSettings
from understudy.core.errors import DataError, StudentError
from understudy.students.decoding.hypotheses import NAN, Hypothesis
from understudy.students.model.spelling import Spelling


class Labels:
    """Answers that are labels: an answer's only id is the number of its label."""

    def __init__(self, labels: Sequence[str]) -> None:
        """Takes the labels in the order of their ids."""
        self.labels = list(labels)

    def spell(self, ids: Sequence[int]) -> str:
        """See `Engine`."""
        return "".join(self.labels[number] for number in ids)

    def strip(self, ids: Sequence[int]) -> list[int]:
        """See `Engine`."""
        return list(ids)


class LabelEngine(Labels):
    """A model folder that names a class."""

    device = "cpu"

    def __init__(self, folder: Path) -> None:
        """Reads what training has written; a StudentError says what is wrong with it."""
        try:
            settings = TrainedSettings.load(TrainedSettings.path_in(folder))
        except DataError as error:
            raise StudentError(str(error)) from None
        if not settings.labels:
            raise StudentError(f"{folder}: its settings.json has no labels; train it again")
        super().__init__(settings.labels)
        self.family = settings.family
        self.longest = settings.params.max_input_tokens
        """Tokens at which a text is cut, as in training."""

    def limit(self, params: DecodingParams) -> int:
        """See `Engine`."""
        return self.longest

    def open_spelling(self) -> Spelling | None:
        """See `Engine`: what tells no class apart may well get lost."""
        return None


def to_log_probabilities(scores: np.ndarray) -> np.ndarray:
    """The logarithm of the softmax of scores (rows, labels)."""
    whole = scores.astype(np.float64)
    found: np.ndarray = whole - np.logaddexp.reduce(whole, axis=1, keepdims=True)
    return found


def rate_labels(scores: np.ndarray) -> Iterator[Hypothesis]:
    """The likeliest label of each row of scores (rows, labels); the first of them on a tie."""
    logs = to_log_probabilities(scores)
    best = logs.argmax(axis=1)
    top = logs[np.arange(len(logs)), best]
    logs[np.arange(len(logs)), best] = -np.inf
    seconds = logs.max(axis=1) if logs.shape[1] > 1 else np.full(len(logs), NAN)
    for number, first, second in zip(best.tolist(), top.tolist(), seconds.tolist(), strict=True):
        yield Hypothesis([number], first, first - second)
