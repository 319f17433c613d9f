"""Checkpoints whose weights are not the model's are refused; harmless differences are not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.students import export_params, save, tiny
from understudy.contract.params.export import CONVERTED
from understudy.core.errors import StudentError
from understudy.students.decoding.conversion import convert
from understudy.students.decoding.engines import open_engine
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import load_student
from understudy.students.model.weights import find_prefix

Tensors = dict[str, Any]
EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
SHARED = {"t5": "shared.weight", "bart": "model.shared.weight"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Whole models; tests take copies."""
    base = tmp_path_factory.mktemp("whole")
    return {family: save(tiny(family), base / family) for family in FAMILIES}


def rewrite(
    source: Path,
    folder: Path,
    change: Callable[[Tensors], Tensors],
    kind: str = "safetensors",
    **config: Any,
) -> Path:
    """A copy whose weights and config are changed."""
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(source, folder)
    file = folder / "model.safetensors"
    tensors = {name: tensor.clone() for name, tensor in change(load_file(file)).items()}
    file.unlink()
    if kind == "bin":
        torch.save(tensors, folder / "pytorch_model.bin")
    else:
        save_file(tensors, file, metadata={"format": "pt"})
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **config}), "utf-8")
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(StudentError) as caught:
        load_student(str(folder), None)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(
        f"model = {folder}: cannot be loaded: its weights do not fit its config"
    )
    return message


@EACH_FAMILY
@pytest.mark.parametrize("kind", ["safetensors", "bin"])
@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "base_model.model.", "student."])
def test_the_prefix_of_a_wrapper_is_named(
    family: str, prefix: str, kind: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    def wrap(tensors: Tensors) -> Tensors:
        return {prefix + name: tensor for name, tensor in tensors.items()}

    message = refusal(rewrite(folders[family], tmp_path / "model", wrap, kind))
    assert f"the names begin with '{prefix}'" in message
    assert "missing (" in message
    assert "unexpected (" in message


@EACH_FAMILY
def test_predict_and_export_refuse_what_training_refuses(
    family: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = rewrite(
        folders[family], tmp_path / "model", lambda w: {f"module.{n}": t for n, t in w.items()}
    )
    with pytest.raises(StudentError, match=r"begin with 'module\."):
        open_engine(folder, "ctranslate2")
    with pytest.raises(StudentError, match=r"begin with 'module\."):
        convert(folder, ["a"], ["b"], (64, 32), export_params(), folder / CONVERTED)


@EACH_FAMILY
def test_a_single_missing_tensor_is_named(
    family: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    def drop(tensors: Tensors) -> Tensors:
        [name] = [name for name in tensors if name == lost]
        return {other: tensor for other, tensor in tensors.items() if other != name}

    lost = {"t5": "encoder.final_layer_norm.weight", "bart": "model.encoder.layers.0.fc1.bias"}[
        family
    ]
    message = refusal(rewrite(folders[family], tmp_path / "model", drop))
    assert f"1 missing ({lost}); copy config.json and the weights again" in message


@pytest.mark.parametrize(
    ("family", "changes", "told"),
    [
        ("t5", {"num_layers": 2}, "missing (encoder.block.1"),
        ("t5", {"num_decoder_layers": 1}, "unexpected (decoder.block.1"),
        ("t5", {"tie_word_embeddings": False}, "1 missing (lm_head.weight)"),
        (
            "bart",
            {"max_position_embeddings": 512},
            "embed_positions.weight is 1026×128 and should be 514×128",
        ),
    ],
)
def test_a_config_of_other_layers_or_sizes_is_told(
    family: str, changes: dict[str, Any], told: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = rewrite(folders[family], tmp_path / "model", lambda w: w, **changes)
    assert told in refusal(folder)


@EACH_FAMILY
def test_tied_weights_may_be_stored_too(
    family: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    def copy(tensors: Tensors) -> Tensors:
        return {**tensors, "lm_head.weight": tensors[SHARED[family]]}

    load_student(str(rewrite(folders[family], tmp_path / "model", copy)), None)


def test_what_the_hubs_checkpoints_have_besides_is_ignored(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    def add(tensors: Tensors) -> Tensors:
        extra = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
        return {**tensors, extra: tensors[SHARED["t5"]]}

    def unwrap(tensors: Tensors) -> Tensors:
        """As facebook/bart-base: without a head, its bias and the model's own prefix."""
        names = [name for name in tensors if name != "final_logits_bias"]
        return {name.removeprefix("model."): tensors[name] for name in names}

    load_student(str(rewrite(folders["t5"], tmp_path / "t5", add)), None)
    load_student(str(rewrite(folders["bart"], tmp_path / "bart", unwrap)), None)


def test_a_tokenizer_with_more_tokens_than_embeddings_is_refused(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["t5"], tmp_path / "model")
    student = tiny("t5")
    student.tokenizer.add_tokens(["<new>"])
    student.tokenizer.save_pretrained(folder)
    with pytest.raises(StudentError, match=r"tokenizer has [\d,]+ tokens, its weights embed"):
        load_student(str(folder), None)


def test_a_prefix_has_to_explain_most_names() -> None:
    assert find_prefix(["a.x", "a.y", "b.z"], {"x", "y", "z"}) == "a."
    assert find_prefix(["a.x", "q", "r"], {"x"}) is None
    assert find_prefix([], {"x"}) is None
