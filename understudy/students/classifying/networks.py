"""Trains LSTM and BERT, and writes them as ONNX graphs that were compared with what was trained."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from understudy.contract.conversion import ConversionCheck
from understudy.contract.params.classifying import BertRun, LstmRun
from understudy.contract.params.export import CHECK
from understudy.contract.trained import CutCounts, CutTexts, ExampleCounts
from understudy.core.errors import StudentError
from understudy.students.classifying.answers import to_log_probabilities
from understudy.students.classifying.encoders import Encoder, open_encoder
from understudy.students.classifying.examples import (
    Examples,
    list_files,
    read_examples,
    warn_of_absent,
    weigh_labels,
)
from understudy.students.classifying.exporting import export_graph, quantize
from understudy.students.classifying.graphs import GRAPH, open_session, pad, run_graph
from understudy.students.classifying.loop import Loop, TokenTexts
from understudy.students.classifying.recurrent import Lstm, read_vectors, train_words
from understudy.students.model.tokens import encode_texts
from understudy.students.training.resume import Stopwatch
from understudy.students.training.trainer import Trained

FLOAT_LIMIT = 0.001
"""Largest mean difference of log-probabilities between a float32 graph and the trained model."""


class NetworkLearner:
    """See `Learner`."""

    commit: str | None = None

    def __init__(self, params: LstmRun | BertRun, labels: Sequence[str]) -> None:
        self._params, self._labels = params, labels
        self.parameters = 0
        start = params.model if isinstance(params, BertRun) else params.word_vectors
        self.files = list_files(start)
        self._model: Any
        self._tokenizer: Any
        self._checked: list[list[int]]
        self._label = ""

    def versions(self) -> dict[str, str]:
        """See `Learner`."""
        import onnxruntime

        modules = {"torch": torch, "onnxruntime": onnxruntime}
        if isinstance(self._params, BertRun):
            import transformers

            modules["transformers"] = transformers
        return {name: module.__version__ for name, module in modules.items()}

    def train(self, pairs: Mapping[str, Path], state: Path, label: str) -> Trained:
        """See `Learner`."""
        stopwatch, examples = Stopwatch(state), read_examples(pairs, self._labels)
        numbers = examples["train"].numbers
        warn_of_absent(label, numbers, self._labels)
        self._open(examples["train"].texts)
        data, cut = self._encode(examples)
        self.parameters = sum(one.numel() for one in self._model.parameters())
        weights = weigh_labels(numbers, len(self._labels), self._params.class_weights)
        loop = Loop(self._model, data, weights, self._params, state, stopwatch)
        best = loop.run(label)
        self._model = self._model.to("cpu").eval()
        rows = np.linspace(0, len(data["validation"].ids) - 1, self._params.check_rows, dtype=int)
        self._checked = [[*data["validation"].ids[row]] for row in np.unique(rows)]
        self._label = label
        return Trained(
            curve=loop.curve,
            examples=ExampleCounts(**{split: len(one) for split, one in examples.items()}),
            cut=cut,
            lost=None,
            best_step=best.step,
            best_validation_loss=best.validation_loss,
            seconds=stopwatch.seconds,
        )

    def _open(self, texts: Sequence[str]) -> None:
        params = self._params
        if isinstance(params, BertRun):
            model, self._tokenizer, self.commit = open_encoder(params, self._labels, texts)
            self._model = Encoder(model)
            return
        self._tokenizer = train_words(texts, params.vocabulary)
        torch.manual_seed(params.seed)
        known = self._tokenizer.get_vocab()
        vectors = torch.randn(len(known), params.width) * 0.1
        if params.word_vectors is not None:
            vectors = read_vectors(Path(params.word_vectors), known)
        self._model = Lstm(vectors, len(self._labels), params)

    def _encode(self, examples: Mapping[str, Examples]) -> tuple[dict[str, TokenTexts], CutCounts]:
        data, cut = {}, {}
        for split, one in examples.items():
            ids, over = encode_texts(self._tokenizer, one.texts, self._params.max_input_tokens)
            data[split], cut[split] = TokenTexts(ids, one.numbers), CutTexts(inputs=over)
        return data, CutCounts(**cut)

    def save(self, folder: Path) -> None:
        """See `Learner`."""
        if isinstance(self._model, Encoder):
            from transformers.utils import logging

            logging.disable_progress_bar()
            self._model.model.save_pretrained(folder)
            self._tokenizer.model_max_length = self._params.max_input_tokens
            self._tokenizer.save_pretrained(folder)
        else:
            self._tokenizer.save(folder)
        export_graph(self._model, folder / GRAPH)
        check = self._check(folder)
        if check.why:
            print(f"{self._label}: {check.why}", file=sys.stderr)
        check.write(folder / CHECK)

    def _check(self, folder: Path) -> ConversionCheck:
        """Compares the graph with the model, and keeps it in int8 where that keeps its promise."""
        params, path = self._params, folder / GRAPH
        expected = self._score_trained()
        floats = _compare(path, self._checked, expected)
        if not floats["mean_difference"] <= FLOAT_LIMIT:  # NaN is not
            raise StudentError(
                f"its ONNX graph is off by {floats['mean_difference']:.3g} nats a label from the "
                "trained model; another checkpoint, or other versions of torch and onnxruntime, "
                "may export well"
            )
        kept: dict[str, Any] = {"passed": True, "rows": len(self._checked)}
        if params.quantization == "float32":
            return ConversionCheck(quantization="float32", limit=FLOAT_LIMIT, **kept, **floats)
        small = folder / f"int8-{GRAPH}"
        quantize(path, small)
        found = _compare(small, self._checked, expected)
        if found["equal"] >= params.equal_labels:
            small.replace(path)
            return ConversionCheck(quantization="int8", **kept, **found)
        small.unlink()
        why = (
            f"int8 gives {found['equal']:.1%} of {len(self._checked)} validation texts the label "
            f"of the trained model, below equal_labels = {params.equal_labels:g}: float32 is kept"
        )
        return ConversionCheck(quantization="float32", limit=FLOAT_LIMIT, why=why, **kept, **floats)

    def _score_trained(self) -> np.ndarray:
        """Log-probabilities (texts, labels) of what was trained, in float32."""
        with torch.inference_mode():
            scores = [
                self._model(*map(torch.from_numpy, pad([ids]))).numpy() for ids in self._checked
            ]
        return to_log_probabilities(np.concatenate(scores))


def _compare(path: Path, encoded: Sequence[list[int]], expected: np.ndarray) -> dict[str, Any]:
    session = open_session(path, 1)
    found = to_log_probabilities(np.concatenate([run_graph(session, [ids]) for ids in encoded]))
    differences = np.abs(found - expected)
    return {
        "mean_difference": round(float(differences.mean()), 6),
        "largest_difference": round(float(differences.max()), 6),
        "equal": round(float((found.argmax(1) == expected.argmax(1)).mean()), 6),
    }
