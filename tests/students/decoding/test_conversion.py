"""Converted models against the trained ones: what is off is found and taken away."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.students import digest, export_params, save, summarize, taught, tiny, toy_pairs
from understudy.contract.conversion import ConversionCheck
from understudy.contract.params.export import CHECK, CONVERTED
from understudy.core.errors import StudentError
from understudy.students.decoding.conversion import convert
from understudy.students.decoding.engines import CTranslate2, Transformers, open_engine
from understudy.students.model import families
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import Student
from understudy.students.model.weights import check_stored

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
SCALED = pytest.mark.parametrize("checkpoint", ["v1.1", "flan"])
PAIRS = toy_pairs(8, seed=4)
NORMS = {
    "t5": "encoder.final_layer_norm.weight",
    "bart": "model.encoder.layernorm_embedding.weight",
}


def converted(student: Student, folder: Path, **changes: Any) -> ConversionCheck:
    save(student, folder)
    articles, highlights = list(PAIRS["article"]), list(PAIRS["highlights"])
    out = folder / CONVERTED
    return convert(folder, articles, highlights, (64, 32), export_params(**changes), out)


def newer_t5(checkpoint: str) -> Student:
    """Random weights in the shape of T5 v1.1 or flan-T5: gated, with an output layer of its own."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = tiny("t5").tokenizer
    torch.manual_seed(1)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=64,
        d_kv=16,
        d_ff=96,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        **({"n_positions": 512, "output_past": True} if checkpoint == "flan" else {}),
    )
    model = T5ForConditionalGeneration(config)
    with torch.no_grad():
        model.lm_head.weight.normal_(0, 1)
    return Student(model, tokenizer, FAMILIES["t5"])


def read_check(folder: Path) -> dict[str, Any]:
    check: dict[str, Any] = json.loads((folder / CONVERTED / CHECK).read_text(encoding="utf-8"))
    return check


@EACH_FAMILY
def test_the_exact_conversion_of_a_tiny_student_is_the_same_model(
    family: str, tmp_path: Path
) -> None:
    check = converted(taught(family), tmp_path / "model")
    assert (check.passed, check.why, check.quantization) == (True, None, "float32")
    assert check.mean_difference is not None
    assert check.largest_difference is not None
    assert check.mean_difference < 1e-4
    assert check.mean_difference <= check.largest_difference < 1e-2


@EACH_FAMILY
def test_int8_is_off_by_a_little(family: str, tmp_path: Path) -> None:
    check = converted(taught(family), tmp_path / "model", quantization="int8", limit=0.3)
    assert check.passed, check.why
    assert check.mean_difference is not None
    assert 0 < check.mean_difference < 0.3


@EACH_FAMILY
def test_the_check_stands_beside_the_converted_model(family: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    check = converted(taught(family), folder)
    tokens = [len(ids) for ids in taught(family).tokenizer(list(PAIRS["highlights"]))["input_ids"]]
    assert read_check(folder) == check.to_json()
    assert (check.rows, check.tokens, check.limit) == (8, sum(tokens), 0.001)
    assert {"model.bin", "config.json", CHECK} < {p.name for p in (folder / CONVERTED).iterdir()}


@EACH_FAMILY
def test_the_folder_itself_stays_as_it_was(family: str, tmp_path: Path) -> None:
    folder = save(taught(family), tmp_path / "model")
    before = {file.name: digest(file) for file in folder.iterdir()}
    converted(taught(family), folder)
    assert {f.name: digest(f) for f in folder.iterdir() if f.is_file()} == before


@SCALED
def test_newer_t5_checkpoints_pass(checkpoint: str, tmp_path: Path) -> None:
    check = converted(newer_t5(checkpoint), tmp_path / "model")
    assert check.passed, check.why


@SCALED
def test_a_wrong_scale_is_found_and_the_converted_model_taken_away(
    checkpoint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = dataclasses.replace(FAMILIES["t5"], complete_config=scale_always)
    monkeypatch.setitem(families.FAMILIES, "t5", wrong)
    folder = tmp_path / "model"
    check = converted(newer_t5(checkpoint), folder)
    assert not check.passed
    assert check.mean_difference is not None
    assert check.mean_difference > 0.1
    assert check.why is not None
    assert "over export.limit = 0.001" in check.why
    assert [path.name for path in (folder / CONVERTED).iterdir()] == [CHECK]
    engine = open_engine(folder, "ctranslate2")
    assert isinstance(engine, Transformers)
    assert f"{folder}: decoding with transformers, since {check.why}" in capsys.readouterr().err
    assert len(summarize(engine, list(PAIRS["article"]), max_tokens=3)) == 8


def scale_always(config: Any) -> None:
    """What transformers 5 makes of such checkpoints."""
    config.tie_word_embeddings = True


def test_a_limit_that_nothing_meets_leaves_the_check_alone(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    check = converted(taught("t5"), folder, quantization="int8", limit=1e-9)
    assert not check.passed
    assert check.why is not None
    assert check.why.endswith("nats a token, over export.limit = 1e-09")
    assert read_check(folder)["why"] == check.why
    assert [path.name for path in (folder / CONVERTED).iterdir()] == [CHECK]


def test_a_model_that_the_converter_does_not_take_is_told_and_decodes_with_transformers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Any) -> None:
        raise ValueError("no such\nlayer")

    refused = dataclasses.replace(FAMILIES["t5"], complete_config=refuse)
    monkeypatch.setitem(families.FAMILIES, "t5", refused)
    check = converted(taught("t5"), tmp_path / "model")
    assert (check.passed, check.why) == (False, "the converter failed: no such layer")
    assert isinstance(open_engine(tmp_path / "model", "ctranslate2"), Transformers)


def test_a_model_that_passed_decodes_with_ctranslate2(tmp_path: Path) -> None:
    converted(taught("t5"), tmp_path / "model")
    assert isinstance(open_engine(tmp_path / "model", "ctranslate2"), CTranslate2)
    assert isinstance(open_engine(tmp_path / "model", "transformers"), Transformers)


def test_a_conversion_of_other_weights_is_not_used_and_that_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    assert converted(taught("bart"), folder).passed
    assert isinstance(open_engine(folder, "ctranslate2"), CTranslate2)
    save(tiny("bart", seed=8), folder)
    assert isinstance(open_engine(folder, "ctranslate2"), Transformers)
    assert "converted model was made of other weights" in capsys.readouterr().err


def test_a_conversion_without_the_trained_weights_beside_it_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    assert converted(taught("t5"), folder).passed
    (folder / "model.safetensors").unlink()
    assert isinstance(open_engine(folder, "ctranslate2"), CTranslate2)


@EACH_FAMILY
def test_weights_that_were_read_wrong_are_not_compared_with_themselves(
    family: str, tmp_path: Path
) -> None:
    folder, student = save(tiny(family), tmp_path / "model"), tiny(family)
    check_stored(folder, student.model)
    dict(student.model.named_parameters())[NORMS[family]].data += 1
    with pytest.raises(StudentError, match="is not what transformers loads from it"):
        check_stored(folder, student.model)
