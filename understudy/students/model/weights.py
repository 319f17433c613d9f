"""Whether a checkpoint has all the weights of its model: transformers fills gaps at random."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.core.errors import StudentError

SHOWN = 2
"""Tensors that a message names of each kind."""
KINDS = ("*.safetensors", "pytorch_model*.bin")
"""Files with weights, in a folder that save_pretrained has written."""
SERVED = ("model.onnx", "model.txt")
"""What classifiers are served by, beside what they were trained as, if that is kept."""


def check_weights(
    name: str, model: Any, stored_config: Mapping[str, Any], info: Mapping[str, Iterable[Any]]
) -> None:
    """Refuses a model some of whose weights did not come from its checkpoint.

    Weights that are tied to others, and those that the architecture itself lets be absent or
    superfluous (transformers lists them), may be.

    Args:
        name: a Hub id or a folder, for the message.
        model: as loaded.
        stored_config: what is in config.json; transformers 5 calls every T5's embeddings tied.
        info: transformers' loading info.

    Raises:
        StudentError: tensors are missing, unexpected or of another shape.
    """
    tied, unexpected = model._tied_weights_keys or {}, set(info["unexpected_keys"])
    missing = {name for name in info["missing_keys"] if tied.get(name) not in info["missing_keys"]}
    if stored_config.get("tie_word_embeddings") is False and _is_tied(model):
        missing.add("lm_head.weight")
    shapes = {
        f"{tensor} is {_shape(stored)} and should be {_shape(expected)}"
        for tensor, stored, expected in info["mismatched_keys"]
    }
    found = (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes))
    problems = [f"{len(names):,} {kind} ({_name_some(names)})" for kind, names in found if names]
    if not problems:
        return
    raise StudentError(
        f"model = {name}: cannot be loaded: its weights do not fit its config.json, which has "
        f"{len(model.state_dict()):,} tensors: {', '.join(problems)}; "
        + _say_remedy(unexpected, model.state_dict())
    )


def _is_tied(model: Any) -> bool:
    return model.get_output_embeddings().weight is model.get_input_embeddings().weight


def _shape(size: Sequence[int]) -> str:
    return "×".join(map(str, size))


def _name_some(names: set[str]) -> str:
    shown = ", ".join(sorted(names)[:SHOWN])
    return f"{shown}, …" if len(names) > SHOWN else shown


def _say_remedy(unexpected: set[str], expected: Iterable[str]) -> str:
    prefix = find_prefix(unexpected, set(expected))
    if prefix is None:
        return "copy config.json and the weights again, both from the same model's save_pretrained"
    return (
        f"the names begin with '{prefix}', as those of a wrapped model do: strip it from each, or "
        "call save_pretrained of the model inside the wrapper"
    )


def find_prefix(unexpected: Iterable[str], expected: set[str]) -> str | None:
    """What to strip from most of the unexpected names to get expected ones, if there is such."""
    names, prefixes = list(unexpected), Counter[str]()
    for name in names:
        parts = name.split(".")
        heads = (".".join(parts[:end]) + "." for end in range(1, len(parts)))
        prefixes.update([head for head in heads if name.removeprefix(head) in expected][:1])
    [(prefix, count)] = prefixes.most_common(1) or [("", 0)]
    return prefix if 2 * count > len(names) else None


def check_stored(folder: Path, model: Any) -> None:
    """Compares a loaded model with its files, read without transformers.

    Raises:
        StudentError: a tensor in a safetensors file is not what the model has under its name.
    """
    import torch
    from safetensors import safe_open

    state, base = model.state_dict(), f"{model.base_model_prefix}."
    for file in sorted(folder.glob(KINDS[0])):
        with safe_open(str(file), framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118 - it is no mapping
                loaded = state.get(name, state.get(base + name, state.get(name.removeprefix(base))))
                if loaded is not None and not torch.equal(
                    tensors.get_tensor(name).to(loaded.dtype), loaded
                ):
                    raise StudentError(
                        f"{file}: {name} is not what transformers loads from it; train the student "
                        "again, or copy the file again"
                    )


def hash_weights(folder: Path) -> str | None:
    """SHA-256 of the files with weights in a model folder; None where there are none."""
    files = sorted(file for kind in (*KINDS, *SERVED) for file in folder.glob(kind))
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest() if files else None
