"""LSTM and BERT at work: an ONNX graph, run by onnxruntime."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from understudy.contract.conversion import ConversionCheck
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CHECK
from understudy.core.errors import DataError, StudentError, one_line
from understudy.core.hub import first_line
from understudy.students.classifying.answers import LabelEngine, rate_labels
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.model.fast import FastTokenizer
from understudy.students.model.machine import count_cores
from understudy.students.model.spelling import Spelling
from understudy.students.model.tokens import encode_texts, split_by_length

GRAPH = "model.onnx"


class Graph(LabelEngine):
    """See `Engine`.

    int8 rounds all of a batch by its largest number, so that a text's scores would depend on its
    company: it reads text by text, a core each.
    """

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        """Loads a model folder; a StudentError says why it cannot."""
        super().__init__(folder)
        cores = threads or count_cores()
        try:
            check = ConversionCheck.load(folder / CHECK)
            self._alone = check.quantization == "int8"
            self._session = open_session(folder / GRAPH, 1 if self._alone else cores)
            self._tokenizer = FastTokenizer.load(folder)
        except (OSError, ValueError, RuntimeError, DataError) as error:
            raise StudentError(
                f"{folder}: not a usable {self.family} ({one_line(first_line(error))}); copy the "
                "model folder again"
            ) from None
        self._pool = ThreadPoolExecutor(cores)

    def encode(
        self, texts: Sequence[str], params: DecodingParams, spelling: Spelling | None = None
    ) -> tuple[list[list[int]], int]:
        """See `Engine`."""
        return encode_texts(self._tokenizer, texts, self.longest)

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        """See `Engine`."""
        if len(encoded) == 1 or not self._alone:
            batches = split_by_length(encoded, params.tokens_per_batch)
            for batch in batches:
                scores = run_graph(self._session, [encoded[index] for index in batch])
                yield from zip(batch, rate_labels(scores), strict=True)
        else:
            found = self._pool.map(lambda ids: run_graph(self._session, [ids]), encoded)
            yield from enumerate(rate_labels(np.concatenate(list(found))))

    def count(self, text: str, most: int) -> int:
        """See `Engine`."""
        return len(self._tokenizer(text, True, most, add_special_tokens=False)["input_ids"])


def open_session(graph: Path | bytes, threads: int) -> Any:
    """An ONNX graph that is ready to run; an error of onnxruntime is a RuntimeError."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    # Threads that wait would spin, and take the cores from whatever else runs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - its errors have no common class
        raise RuntimeError(str(error)) from None


def run_graph(session: Any, encoded: Sequence[Sequence[int]]) -> np.ndarray:
    """Scores (texts, labels) of texts as token ids."""
    ids, attended = pad(encoded)
    [scores] = session.run(None, {"input_ids": ids, "attention_mask": attended})
    return np.asarray(scores)


def pad(encoded: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids (texts, tokens), padded with 0, and where there is no padding."""
    lengths = np.array([len(ids) for ids in encoded])
    ids = np.zeros((len(encoded), lengths.max()), dtype=np.int64)
    attended = (np.arange(ids.shape[1]) < lengths[:, None]).astype(np.int64)
    ids[attended == 1] = np.concatenate(encoded)
    return ids, attended
