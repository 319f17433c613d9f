"""Trains GBDT: trees that go on from what a linear model says of texts it has not learned from.

LightGBM alone needs many more texts than most tasks have, to learn what each of thousands of words
says. A linear model takes that part, and the trees what words say together.
"""

import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.contract.params.classifying import GbdtRun
from understudy.contract.trained import CurvePoint, ExampleCounts
from understudy.core.files import replacing
from understudy.students.classifying.boosted import TREES, WEIGHTS, Asked, Linear
from understudy.students.classifying.embeddings import Embedder, Features
from understudy.students.classifying.examples import (
    Examples,
    cut_examples,
    list_files,
    read_examples,
    warn_of_absent,
    weigh_labels,
)
from understudy.students.classifying.grams import fit_grams, load_grams
from understudy.students.model.machine import count_cores
from understudy.students.training.halting import check_loss
from understudy.students.training.resume import Stopwatch
from understudy.students.training.trainer import Trained

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

COEFFICIENTS = 4_000_000
"""Of a linear model at most: with many labels, fewer n-grams are known."""
TOLERANCE, ITERATIONS = 2e-4, 200
"""The gradient at which a linear model is done, divided by its labels, and steps at most: with many
labels, each coefficient's share of the loss is small from the start."""
STARTS = "starts.npz"


class GbdtLearner:
    """See `Learner`."""

    commit: str | None = None

    def __init__(self, params: GbdtRun, labels: Sequence[str]) -> None:
        self._params, self._labels = params, labels
        self.parameters = 0
        self.files = list_files(params.embeddings)
        self._embedder: Embedder | None = None
        self._features: Features
        self._linear: Linear
        self._columns: np.ndarray
        self._trees: Any

    def versions(self) -> dict[str, str]:
        """See `Learner`."""
        encoding = ["onnxruntime", "torch", "transformers"] if self._params.embeddings else []
        return {name: version(name) for name in ("lightgbm", "scikit-learn", *encoding)}

    def train(self, pairs: Mapping[str, Path], state: Path, label: str) -> Trained:
        """See `Learner`. What was learned before the first tree is kept for a next start."""
        stopwatch, examples = Stopwatch(state), read_examples(pairs, self._labels)
        warn_of_absent(label, examples["train"].numbers, self._labels)
        examples, cut = cut_examples(examples, self._params.max_input_tokens)
        if self._params.embeddings:
            from understudy.students.classifying.sentence_encoders import open_embedder

            name, revision = self._params.embeddings, self._params.embeddings_revision
            self._embedder, self.commit = open_embedder(name, revision)
        known: dict[str, csr_matrix] = {}
        if not (state / STARTS).exists():
            known["train"] = self._learn_linear(examples["train"], state)
            stopwatch.save()
        starts = np.load(state / STARTS)
        self._features = Features(load_grams(state, starts["idf"]), self._embedder)
        self._linear = Linear(starts["weights"], starts["bias"], len(examples["train"]))
        for split in examples.keys() - known.keys():
            known[split] = self._features.weigh(self._features.encode(examples[split].texts))
        curve = self._grow(examples, known, starts["scores"])
        best = min(curve, key=lambda point: point.validation_loss)
        leaves = (tree["num_leaves"] for tree in self._trees.dump_model()["tree_info"])
        self.parameters = self._linear.weights.size + sum(leaves)
        return Trained(
            curve=curve,
            examples=ExampleCounts(**{split: len(one) for split, one in examples.items()}),
            cut=cut,
            lost=None,
            best_step=best.step,
            best_validation_loss=best.validation_loss,
            seconds=stopwatch.seconds,
        )

    def _learn_linear(self, train: Examples, state: Path) -> "csr_matrix":
        """Writes vocabulary, linear model, and what others say of texts new to them; the rows."""
        params, labels = self._params, len(self._labels)
        most = max(1, COEFFICIENTS // labels)
        grams = fit_grams(train.texts, min(params.words, most), min(params.characters, most))
        features = Features(grams, self._embedder)
        matrix = features.weigh(features.encode(train.texts))
        weights = weigh_labels(train.numbers, labels, params.class_weights)
        order = np.random.default_rng(params.seed).permutation(len(train))
        fold = np.empty(len(train), dtype=np.int64)
        fold[order] = np.arange(len(train)) % min(params.folds, len(train))
        scores = np.zeros((len(train), labels))
        for number in range(fold.max() + 1):
            rest = np.flatnonzero(fold != number)
            rest = rest if len(rest) else np.arange(len(train))  # a lone example has no other
            linear = fit_linear(matrix[rest], train.numbers[rest], weights, params.linear)
            scores[fold == number] = linear.score(matrix[fold == number])
        linear = fit_linear(matrix, train.numbers, weights, params.linear)
        grams.save(state)
        with replacing(state / STARTS) as partial, partial.open("wb") as file:
            np.savez(file, idf=grams.idf, weights=linear.weights, bias=linear.bias, scores=scores)
        return matrix

    def _grow(
        self,
        examples: Mapping[str, Examples],
        matrices: Mapping[str, "csr_matrix"],
        scores: np.ndarray,
    ) -> list[CurvePoint]:
        """Grows the trees, and keeps those up to the best validation loss."""
        import lightgbm
        from sklearn.feature_selection import chi2

        params, labels = self._params, len(self._labels)
        known, width = len(self._features.grams), matrices["train"].shape[1]
        told = chi2(matrices["train"][:, :known], examples["train"].numbers)[0]
        best = np.sort(np.argsort(-np.nan_to_num(told), kind="stable")[: params.features])
        self._columns = np.concatenate([best, np.arange(known, width)])
        asked = Asked(self._columns, width)
        weights = weigh_labels(examples["train"].numbers, labels, params.class_weights)
        starts = {"train": scores, "validation": self._linear.score(matrices["validation"])}
        sets: dict[str, Any] = {}
        for split, one in examples.items():
            sets[split] = lightgbm.Dataset(
                asked.fill(matrices[split]),
                one.numbers,
                weight=weights[one.numbers],
                init_score=starts[split],
                reference=sets.get("train"),
                params={"verbose": -1, "min_data_in_bin": 1, "feature_pre_filter": False},
            )
        losses: dict[str, dict[str, list[float]]] = {}
        callbacks = [lightgbm.record_evaluation(losses)]
        if params.patience is not None:
            callbacks.append(lightgbm.early_stopping(params.patience, verbose=False))
        self._trees = lightgbm.train(
            {
                "objective": "multiclass",
                "num_class": labels,
                "learning_rate": params.learning_rate,
                "num_leaves": params.leaves,
                "min_data_in_leaf": params.examples_a_leaf,
                "feature_fraction": 0.5,
                "seed": params.seed,
                "num_threads": params.threads or count_cores(),
                "deterministic": True,
                "force_row_wise": True,
                "verbose": -1,
            },
            sets["train"],
            params.rounds,
            valid_sets=[sets["train"], sets["validation"]],
            valid_names=["train", "validation"],
            callbacks=callbacks,
        )
        pairs = zip(*(losses[split]["multi_logloss"] for split in examples), strict=True)
        curve = list[CurvePoint]()
        for step, (learned, held_out) in enumerate(pairs, start=1):
            check_loss(held_out, step)
            curve.append(
                CurvePoint(step=step, epoch=step, train_loss=learned, validation_loss=held_out)
            )
        return curve

    def save(self, folder: Path) -> None:
        """See `Learner`."""
        best = self._trees.best_iteration
        self._trees.save_model(folder / TREES, num_iteration=best if best > 0 else None)
        self._features.grams.save(folder)
        self._linear.save(folder / WEIGHTS, self._features, self._columns)


def fit_linear(
    matrix: "csr_matrix", numbers: np.ndarray, weights: np.ndarray, closeness: float
) -> Linear:
    """A logistic regression over the labels that have examples.

    Args:
        matrix: rows of tf-idf.
        numbers: of the rows' labels.
        weights: of each label in the loss; as many as there are labels.
        closeness: scikit-learn's C.
    """
    from sklearn.linear_model import LogisticRegression

    found = np.full((matrix.shape[1], len(weights)), 0.0, dtype=np.float32)
    bias = np.full(len(weights), np.nan)
    known = np.unique(numbers)
    if len(known) == 1:
        bias[known] = 0.0
        return Linear(found, bias, len(numbers))
    model = LogisticRegression(C=closeness, tol=TOLERANCE / len(known), max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # near enough after so many iterations
        model.fit(matrix, numbers, sample_weight=weights[numbers])
    if len(known) == 2:  # one row of weights, for the second label
        found[:, known[1]], bias[known] = model.coef_[0], [0.0, model.intercept_[0]]
    else:
        found[:, known], bias[known] = model.coef_.T, model.intercept_
    return Linear(found, bias, len(numbers))
