"""Sentence embeddings beside tf-idf: what an encoder makes of a text, as one vector."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

import numpy as np
from tokenizers import Tokenizer

from understudy.students.classifying.grams import Grams
from understudy.students.classifying.graphs import open_session, run_graph
from understudy.students.model.machine import count_cores

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Embedder:
    """An encoder as an ONNX graph in int8, which reads text by text, a core each."""

    def __init__(self, graph: bytes, tokenizer: bytes, longest: int) -> None:
        """Takes the graph, the tokenizer's JSON, and the tokens at which a text is cut."""
        self._files, self._longest = (graph, tokenizer), longest
        self._session = open_session(graph, 1)
        self._tokenizer = Tokenizer.from_str(tokenizer.decode("utf-8"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(longest)
        self._pool = ThreadPoolExecutor(count_cores())

    @classmethod
    def load(cls, tensors: Mapping[str, np.ndarray]) -> Self | None:
        """What `tensors` made; None where there is none."""
        if "encoder" not in tensors:
            return None
        graph, tokenizer = (tensors[name].tobytes() for name in ("encoder", "tokenizer"))
        return cls(graph, tokenizer, int(tensors["longest"][0]))

    def tensors(self) -> dict[str, np.ndarray]:
        """The files as bytes, to be saved beside weights."""
        graph, tokenizer = (np.frombuffer(file, dtype=np.uint8) for file in self._files)
        return {"encoder": graph, "tokenizer": tokenizer, "longest": np.array([self._longest])}

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""
        return [found.ids for found in self._tokenizer.encode_batch(list(texts))]

    def embed(self, encoded: Sequence[Sequence[int]]) -> np.ndarray:
        """Vectors (texts, width) of length 1, from token ids."""
        found = self._pool.map(lambda ids: run_graph(self._session, [ids]), encoded)
        vectors = np.concatenate(list(found))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


class Features:
    """What GBDT reads of a text: tf-idf, and behind it the embedding where there is an encoder.

    A text is encoded in the vocabularies of both, n-grams first.
    """

    def __init__(self, grams: Grams, embedder: Embedder | None = None) -> None:
        self.grams, self.embedder = grams, embedder

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The columns of each text's n-grams, and behind all columns its token ids."""
        found = [self.grams.encode(text) for text in texts]
        if self.embedder is not None:
            for columns, ids in zip(found, self.embedder.encode(texts), strict=True):
                columns += [len(self.grams) + number for number in ids]
        return found

    def weigh(self, encoded: Sequence[Sequence[int]]) -> "csr_matrix":
        """Rows (texts, columns) in float32; words, characters and embedding have length 1 each."""
        if self.embedder is None:
            return self.grams.weigh(encoded)
        from scipy.sparse import csr_matrix, hstack

        size = len(self.grams)
        columns = [[one for one in text if one < size] for text in encoded]
        ids = [[one - size for one in text if one >= size] for text in encoded]
        parts = [self.grams.weigh(columns), csr_matrix(self.embedder.embed(ids))]
        return csr_matrix(hstack(parts, format="csr"))
