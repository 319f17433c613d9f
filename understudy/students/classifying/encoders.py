"""BERT and its kin: opened with a head for the labels."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from understudy.contract.params.classifying import BertRun
from understudy.core.errors import StudentError
from understudy.core.hub import first_line, resolve_commit
from understudy.core.progress import in_terminal
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import (
    TINY,
    check_positions,
    check_tokenizer,
    train_tokenizer,
)

WIDTH, LAYERS, HEADS, POSITIONS = 128, 1, 4, 512
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")
"""Of a tiny tokenizer, which is made as BART's: the first is the padding of every batch."""


class Encoder(nn.Module):  # type: ignore[misc]
    """A checkpoint with a head, as the training loop calls it."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Scores (texts, labels) of token ids (texts, tokens)."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def open_encoder(
    params: BertRun, labels: Sequence[str], texts: Iterable[str]
) -> tuple[Any, Any, str | None]:
    """The model that params name, its tokenizer, and the commit that it came from.

    Args:
        params: of the model.
        labels: that its head is to tell.
        texts: of which a tiny model's tokenizer learns.

    Raises:
        StudentError: it is not there, or is not a whole encoder.
    """
    torch.manual_seed(params.seed)
    numbers = dict(enumerate(labels))
    named = {"id2label": numbers, "label2id": {label: n for n, label in numbers.items()}}
    if params.model == TINY:
        return *_build_tiny(named, texts), None
    from transformers import AutoModelForSequenceClassification

    name = params.model
    model, tokenizer, commit = load_checkpoint(
        AutoModelForSequenceClassification, "model", name, params.revision, **named
    )
    check_tokenizer(name, tokenizer)
    check_positions(model.config, {"max_input_tokens": params.max_input_tokens})
    return model, tokenizer, commit


def load_checkpoint(
    opening: Any, key: str, name: str, revision: str | None, **named: Any
) -> tuple[Any, Any, str | None]:
    """Model, tokenizer and commit of a folder or the Hub; the labels of a head are `named`.

    Raises:
        StudentError: it cannot be loaded, or lacks weights; the `key` of params.yaml is named.
    """
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    if not in_terminal():
        logging.disable_progress_bar()
    commit = None if Path(name).is_dir() else resolve_commit("model", name, revision)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=commit)
        model, info = opening.from_pretrained(
            name,
            revision=commit,
            dtype="float32",
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # a head for other labels is made anew
            **named,
        )
    except (
        OSError, ValueError, KeyError, RuntimeError, SafetensorError, StrictDataclassError
    ) as error:  # fmt: skip
        raise StudentError(
            f"{key} = {name}: cannot be loaded: expected config.json, weights and tokenizer of an "
            f"encoder such as BERT, found: {first_line(error)}"
        ) from None
    base = "" if model.base_model is model else f"{model.base_model_prefix}."
    lost = [key for key in info["missing_keys"] if key.startswith(base) and "pooler" not in key]
    if lost:
        raise StudentError(
            f"{key} = {name}: cannot be loaded: its weights lack {len(lost):,} tensors of the "
            f"encoder, such as {sorted(lost)[0]}; copy config.json and the weights from one model"
        )
    return model, tokenizer, commit


def _build_tiny(named: dict[str, Any], texts: Iterable[str]) -> tuple[Any, Any]:
    from transformers import BertConfig, BertForSequenceClassification

    tokenizer = train_tokenizer(replace(FAMILIES["bart"], special_tokens=SPECIAL), texts)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH,
        max_position_embeddings=POSITIONS,
        initializer_range=0.1,  # at 0.02, which suits wide models, few steps teach it little
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **named,
    )
    return BertForSequenceClassification(config), tokenizer
