"""A student before training: made tiny, or loaded from the Hub or a folder."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.core.errors import StudentError
from understudy.core.hub import first_line, resolve_commit
from understudy.core.progress import in_terminal
from understudy.students.model.families import FAMILIES, Family
from understudy.students.model.fast import FastTokenizer
from understudy.students.model.machine import share_cores
from understudy.students.model.weights import check_weights

TINY = "tiny"
TINY_VOCABULARY = 4000
MIN_VOCABULARY = 20


@dataclass(frozen=True)
class Student:
    """A model with its tokenizer and the family it belongs to."""

    model: Any
    tokenizer: Any
    family: Family
    commit: str | None = None
    """Commit of the Hub's repository that it came from."""


def build_tiny(family: Family, texts: Iterable[str], seed: int) -> Student:
    """A randomly initialised model with a byte-level BPE trained on `texts`."""
    share_cores()
    import torch
    from transformers import AutoModelForSeq2SeqLM

    tokenizer = train_tokenizer(family, texts)
    torch.manual_seed(seed)
    model = AutoModelForSeq2SeqLM.from_config(family.tiny_config(len(tokenizer)))
    model.config.use_cache = model.generation_config.use_cache = can_cache(model.config)
    # Cross-attention passes on unchanged what it attends to: a summary mostly repeats words of its
    # article, which a model of this size learns several times slower from random projections.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(family.cross_attention):
                torch.nn.init.eye_(parameter)
    return Student(model, tokenizer, family)


def train_tokenizer(family: Family, texts: Iterable[str]) -> Any:
    """Trains a fast tokenizer that ends each text as the family does."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TINY_VOCABULARY,
        special_tokens=list(family.special_tokens),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    ends = [token for token in (family.bos, family.eos) if token]
    frame = f"{family.bos} $A {family.eos}" if family.bos else f"$A {family.eos}"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=frame, special_tokens=[(token, tokenizer.token_to_id(token)) for token in ends]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=family.pad,
        bos_token=family.bos,
        eos_token=family.eos,
        unk_token="<unk>",
    )


def load_student(name: str, revision: str | None, family: Family | None = None) -> Student:
    """Loads a checkpoint of a known family.

    Args:
        name: a Hub id or a local folder.
        revision: branch, tag or commit of a Hub id.
        family: the family it must have; None takes any.

    Raises:
        StudentError: it is not there, cannot be read, is of another family, or lacks weights.
    """
    share_cores()
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer
    from transformers.utils import logging

    broken = (OSError, ValueError, KeyError, RuntimeError, SafetensorError, StrictDataclassError)
    if not in_terminal():
        logging.disable_progress_bar()  # of downloads and of weights that are read
    commit = None if Path(name).is_dir() else resolve_commit("model", name, revision)
    try:
        config = AutoConfig.from_pretrained(name, revision=commit)
        found = _check_family(name, config.model_type, family)
        tokenizer = AutoTokenizer.from_pretrained(name, revision=commit)
        model, info = AutoModelForSeq2SeqLM.from_pretrained(
            name,
            revision=commit,
            dtype="float32",
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are told, by name, with what is missing
        )
        stored_config, _ = config.get_config_dict(name, revision=commit)
    except broken as error:
        raise StudentError(
            f"model = {name}: cannot be loaded: expected config.json, weights and tokenizer as "
            f"save_pretrained writes them, found: {first_line(error)}"
        ) from None
    check_weights(name, model, stored_config, info)
    check_tokenizer(name, tokenizer)
    if len(tokenizer) > (rows := model.get_input_embeddings().num_embeddings):
        problem = f"its tokenizer has {len(tokenizer):,} tokens, its weights embed {rows:,}"
        raise StudentError(f"model = {name}: {problem}; copy both from the same model")
    return Student(model, tokenizer, found, commit)


def load_tokenizer(folder: Path, *, fast: bool = False) -> tuple[Any, Family]:
    """A trained student's tokenizer and family, without its weights.

    Args:
        folder: with config.json and the tokenizer's files.
        fast: spare the import of transformers, where its tokenizer does the same.

    Raises:
        StudentError: they are not there or cannot be read.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        family = _check_family(str(folder), config.get("model_type"), None)
        tokenizer = FastTokenizer.load(folder) if fast else _load_whole_tokenizer(folder)
    except (OSError, ValueError, KeyError) as error:
        raise StudentError(f"{folder}: tokenizer cannot be loaded: {first_line(error)}") from None
    check_tokenizer(str(folder), tokenizer)
    return tokenizer, family


def _load_whole_tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def can_cache(config: Any) -> bool:
    """Whether transformers can keep a model's keys and values from one token to the next.

    It makes room for as many layers as a T5's encoder has, and fails where the decoder has more.
    """
    decoder = getattr(config, "num_decoder_layers", None)
    return decoder is None or decoder <= config.num_layers


def check_positions(config: Any, limits: Mapping[str, int]) -> None:
    """Refuses texts longer than the positions that a model has embeddings for.

    Args:
        config: the model's.
        limits: longest texts in tokens, by the params that set them.

    Raises:
        StudentError: one is over the model's positions.
    """
    positions = getattr(config, "max_position_embeddings", None)
    for name, value in limits.items():
        if positions is not None and value > positions:
            problem = f"the model has {positions} positions; lower it to {positions} or less"
            raise StudentError(f"{name} = {value}: {problem}")


def _check_family(name: str, model_type: str, expected: Family | None) -> Family:
    found = FAMILIES.get(model_type)
    if found is None or expected not in (None, found):
        wanted = expected.name if expected else " or ".join(FAMILIES)
        raise StudentError(f"model = {name}: its family is '{model_type}', expected {wanted}")
    return found


def check_tokenizer(name: str, tokenizer: Any) -> None:
    """Refuses the empty vocabulary that transformers makes up where the files are missing.

    Raises:
        StudentError: it is such.
    """
    words = set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)
    if len(words) < MIN_VOCABULARY:
        raise StudentError(
            f"model = {name}: its tokenizer knows {len(words)} tokens: save or copy the "
            "tokenizer's files (tokenizer.json, tokenizer_config.json) beside the weights"
        )


def open_student(
    name: str, revision: str | None, family: Family, texts: Iterable[str], seed: int
) -> Student:
    """The student that `model` names, `tiny` included."""
    if name == TINY:
        return build_tiny(family, texts, seed)
    return load_student(name, revision, family)
