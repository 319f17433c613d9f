"""The beam search that a model folder is meant for, in the file that transformers reads."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from understudy.contract.params.decoding import DecodingParams
from understudy.core.errors import StudentError, say_expected
from understudy.core.reading import read_text
from understudy.students.model.loading import can_cache

FILE = "generation_config.json"
KEYS = {
    "beams": ("num_beams", 4),
    "max_tokens": ("max_new_tokens", 142),
    "length_penalty": ("length_penalty", 1.0),
    "no_repeat_ngram": ("no_repeat_ngram_size", 0),
    "max_input_tokens": ("max_input_tokens", 1024),
    "engine": ("engine", "ctranslate2"),
}
"""Settings' names in the file (the last two are our own), and their values where it has none."""
UNLIMITED = 10**6
"""A tokenizer with a longer maximum has none: transformers writes 10^30."""


def write_generation_config(folder: Path, params: DecodingParams) -> None:
    """Writes generation_config.json, so that others' tools decode as `predict` does."""
    from transformers import AutoConfig, GenerationConfig

    model = AutoConfig.from_pretrained(folder)
    config = GenerationConfig.from_model_config(model)
    config.update(
        use_cache=can_cache(model),
        num_beams=params.beams,
        min_new_tokens=1,
        max_new_tokens=params.max_tokens,
        length_penalty=params.length_penalty if params.beams > 1 else 1.0,
        no_repeat_ngram_size=params.no_repeat_ngram,
        early_stopping=params.beams > 1,
        do_sample=False,
    )
    config.max_input_tokens = params.max_input_tokens
    if params.engine != KEYS["engine"][1]:
        config.engine = params.engine
    config._from_model_config = False  # otherwise transformers may overwrite it
    config.save_pretrained(folder)


def read_generation_config(folder: Path, tokens_per_batch: int) -> DecodingParams:
    """Reads a model folder's beam search, and the longest input that it or its tokenizer allows.

    In a folder made elsewhere, `max_length` counts too; `min_length` does not.

    Raises:
        StudentError: one of the files is no JSON object, or has a value that cannot be used.
    """
    found = _read(folder / FILE)
    if isinstance(longest := found.get("max_length"), int):
        found = {"max_new_tokens": longest - 1, **found}  # it counts the token to start from, too
    limits = [
        _read(folder / "tokenizer_config.json").get("model_max_length"),
        _read(folder / "config.json").get("max_position_embeddings"),
    ]
    known = [limit for limit in limits if isinstance(limit, int) and 1 < limit < UNLIMITED]
    if known:
        found = {"max_input_tokens": min(known), **found}
    try:
        return DecodingParams(
            **{name: found.get(key, default) for name, (key, default) in KEYS.items()},
            tokens_per_batch=tokens_per_batch,
        )
    except ValidationError as error:
        problem = error.errors()[0]
        key, _ = KEYS[str(problem["loc"][0])]
        raise StudentError(
            f"{folder / FILE}: {key} = {problem['input']!r}: {say_expected(problem)}; correct it"
        ) from None


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        content = json.loads(read_text(file))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise StudentError(f"{file}: expected a JSON object; copy the model folder again")
    return {name: value for name, value in content.items() if value is not None}
