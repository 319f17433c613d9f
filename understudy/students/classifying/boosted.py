"""GBDT at work: tf-idf, a linear model, and trees that go on from its scores."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.contract.params.decoding import DecodingParams
from understudy.core.errors import StudentError, one_line
from understudy.students.classifying.answers import LabelEngine, rate_labels
from understudy.students.classifying.embeddings import Embedder, Features
from understudy.students.classifying.grams import cut_text, load_grams
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.model.spelling import Spelling

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

TREES, WEIGHTS = "model.txt", "linear.safetensors"
ROWS = 512
"""Texts that are answered at once."""


class Linear:
    """Scores of each label from tf-idf; a label without examples gets less than one in a table."""

    def __init__(self, weights: np.ndarray, bias: np.ndarray, rows: int) -> None:
        """Takes weights (columns, labels) and bias (labels), NaN of labels without examples."""
        self.weights, self.bias, self._rows = weights, bias, rows

    def score(self, matrix: "csr_matrix") -> np.ndarray:
        """Scores (rows, labels), whose softmax is a probability."""
        scores: np.ndarray = np.asarray(matrix @ self.weights, dtype=np.float64) + self.bias
        absent = np.isnan(self.bias)
        if absent.any():
            known = scores[:, ~absent]
            total = np.logaddexp.reduce(known, axis=1, keepdims=True)
            scores[:, absent] = total - np.log(self._rows + len(self.bias))
        return scores

    def save(self, path: Path, features: Features, asked: np.ndarray) -> None:
        """Writes it, what weighs and embeds texts, and the columns that the trees ask about."""
        from safetensors.numpy import save_file

        idf, embedder = features.grams.idf, features.embedder
        tensors = {"idf": idf, "weights": self.weights, "bias": self.bias, "asked": asked}
        tensors |= embedder.tensors() if embedder else {}
        save_file(tensors | {"rows": np.array([self._rows])}, path)


class Asked:
    """The columns that the trees ask about, as a dense matrix."""

    def __init__(self, columns: np.ndarray, width: int) -> None:
        """Takes them in the trees' order, and the number of all columns."""
        self._size = len(columns)
        self._places = np.full(width, -1)
        self._places[columns] = np.arange(self._size)

    def fill(self, matrix: "csr_matrix") -> np.ndarray:
        """Picks them out of rows of tf-idf."""
        dense = np.zeros((matrix.shape[0], self._size), dtype=np.float32)
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        places = self._places[matrix.indices]
        known = places >= 0
        dense[rows[known], places[known]] = matrix.data[known]
        return dense


class Boosted(LabelEngine):
    """See `Engine`; a token is an n-gram."""

    def __init__(self, folder: Path) -> None:
        """Loads a model folder; a StudentError says why it cannot."""
        import lightgbm
        from safetensors.numpy import load_file

        super().__init__(folder)
        try:
            tensors = load_file(folder / WEIGHTS)
            self._features = Features(load_grams(folder, tensors["idf"]), Embedder.load(tensors))
            self._trees: Any = lightgbm.Booster(model_file=str(folder / TREES))
        except (
            OSError, ValueError, KeyError, RuntimeError, lightgbm.basic.LightGBMError
        ) as error:  # fmt: skip
            raise StudentError(
                f"{folder}: not a usable gbdt ({one_line(error)}); copy the model folder again"
            ) from None
        rows = int(tensors["rows"][0])
        self._linear = Linear(tensors["weights"], tensors["bias"], rows)
        self._asked = Asked(tensors["asked"], len(tensors["weights"]))

    def encode(
        self, texts: Sequence[str], params: DecodingParams, spelling: Spelling | None = None
    ) -> tuple[list[list[int]], int]:
        """See `Engine`."""
        cut = [cut_text(text, self.longest) for text in texts]
        over = sum(map(len, cut)) < sum(map(len, texts)) and sum(
            len(short) < len(text) for short, text in zip(cut, texts, strict=True)
        )
        return self._features.encode(cut), int(over)

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        """See `Engine`."""
        for start in range(0, len(encoded), ROWS):
            matrix = self._features.weigh(encoded[start : start + ROWS])
            # One thread: the trees take less than tf-idf, and threads that wait would spin.
            grown = self._trees.predict(self._asked.fill(matrix), raw_score=True, num_threads=1)
            found = rate_labels(self._linear.score(matrix) + grown)
            yield from enumerate(found, start)

    def count(self, text: str, most: int) -> int:
        """See `Engine`."""
        return min(most, len(self._features.grams.encode(text)))
