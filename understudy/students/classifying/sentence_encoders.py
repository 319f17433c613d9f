"""Opens a sentence encoder and makes of it what reads texts for GBDT."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from understudy.students.classifying.embeddings import Embedder
from understudy.students.classifying.encoders import load_checkpoint
from understudy.students.classifying.exporting import export_graph, quantize
from understudy.students.classifying.graphs import GRAPH

LONGEST = 512  # tokens that an encoder reads of a text


class Mean(nn.Module):  # type: ignore[misc]
    """An encoder, and of what it says of each token the mean."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Vectors (texts, width) of token ids (texts, tokens)."""
        states = self.model(input_ids=input_ids, attention_mask=attention_mask)[0]
        attended = attention_mask.unsqueeze(-1).to(states.dtype)
        return (states * attended).sum(1) / attended.sum(1)


def open_embedder(name: str, revision: str | None) -> tuple[Embedder, str | None]:
    """A sentence encoder in int8, of a folder or the Hub, and the commit that it came from.

    Raises:
        StudentError: it is not there, or is no encoder.
    """
    from transformers import AutoModel

    model, tokenizer, commit = load_checkpoint(AutoModel, "embeddings", name, revision)
    positions = getattr(model.config, "max_position_embeddings", LONGEST)
    longest = min(LONGEST, positions, tokenizer.model_max_length)
    with TemporaryDirectory() as folder:
        path = Path(folder) / GRAPH
        export_graph(Mean(model), path)
        quantize(path, path.with_name(f"int8-{GRAPH}"))
        graph = path.with_name(f"int8-{GRAPH}").read_bytes()
    return Embedder(graph, tokenizer.backend_tokenizer.to_str().encode("utf-8"), longest), commit
