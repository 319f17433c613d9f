"""The beam search that a model folder is to be used with, in the file that transformers reads."""

import json
from pathlib import Path
from typing import Any

from stages.errors import StudentError
from stages.student.serving.settings import DecodingParams

FILE = "generation_config.json"
TOKENS_PER_BATCH = 8192
DEFAULTS = {"num_beams": 4, "max_new_tokens": 142, "length_penalty": 1.0, "no_repeat_ngram_size": 0}
"""Of a folder that says nothing of its own."""
LONGEST_INPUT = 1024


def write_generation_config(folder: Path, params: DecodingParams) -> None:
    """Writes generation_config.json, so that others' tools decode as `predict` does."""
    from transformers import AutoConfig, GenerationConfig

    config = GenerationConfig.from_model_config(AutoConfig.from_pretrained(folder))
    config.update(
        num_beams=params.beams,
        min_new_tokens=1,
        max_new_tokens=params.max_tokens,
        length_penalty=params.length_penalty if params.beams > 1 else 1.0,
        no_repeat_ngram_size=params.no_repeat_ngram,
        early_stopping=params.beams > 1,
        do_sample=False,
    )
    config._from_model_config = False  # it is ours to keep
    config.save_pretrained(folder)


def read_generation_config(folder: Path) -> DecodingParams:
    """The beam search of a model folder, and the longest input that its tokenizer names.

    Raises:
        StudentError: one of the files is no JSON object.
    """
    found = {**DEFAULTS, **_read(folder / FILE)}
    longest = _read(folder / "tokenizer_config.json").get("model_max_length", LONGEST_INPUT)
    return DecodingParams(
        beams=found["num_beams"],
        max_tokens=found["max_new_tokens"],
        length_penalty=float(found["length_penalty"]),
        no_repeat_ngram=found["no_repeat_ngram_size"],
        max_input_tokens=min(int(longest), LONGEST_INPUT),
        tokens_per_batch=TOKENS_PER_BATCH,
        engine="ctranslate2",
    )


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise StudentError(f"{file}: expected a JSON object")
    return {name: value for name, value in content.items() if value is not None}
