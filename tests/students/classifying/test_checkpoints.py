"""Checkpoints of BERT's kin, as the Hub has them without a head: trained, exported, answering."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, AutoModel

from stages.predict import predict
from tests.students.classifying import RUNS, learn, make_task, toy_texts
from understudy.contract.conversion import ConversionCheck
from understudy.contract.pairs import TEST
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CHECK
from understudy.core.tables import iterate_table
from understudy.students.classifying.encoders import SPECIAL
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import train_tokenizer

SMALL = {"hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2}
TYPES: dict[str, dict[str, Any]] = {
    "bert": {**SMALL, "intermediate_size": 64},
    "distilbert": {"dim": 32, "n_heads": 2, "n_layers": 2, "hidden_dim": 64},
    "modernbert": {
        **SMALL, "intermediate_size": 48, "local_attention": 8,
        "bos_token_id": 2, "cls_token_id": 2, "eos_token_id": 3, "sep_token_id": 3,
    },
    "roberta": {**SMALL, "intermediate_size": 64, "bos_token_id": 2, "eos_token_id": 3},
    "electra": {**SMALL, "embedding_size": 32, "intermediate_size": 64},
    "deberta-v2": {
        **SMALL, "intermediate_size": 64,
        "relative_attention": True, "pos_att_type": ["p2c", "c2p"],
    },
}  # fmt: skip


def save_checkpoint(kind: str, folder: Path) -> None:
    tokenizer = train_tokenizer(
        replace(FAMILIES["bart"], special_tokens=SPECIAL), toy_texts(90, 1)["text"]
    )
    config = AutoConfig.for_model(
        kind, vocab_size=len(tokenizer), pad_token_id=0, max_position_embeddings=130, **TYPES[kind]
    )
    AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("kind", TYPES)
def test_a_checkpoint_of_each_kind_learns_and_answers_as_it_was_trained(
    kind: str, quantization: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(kind, tmp_path / "checkpoint")
    monkeypatch.chdir(make_task(tmp_path / "task"))
    changes = {"model": str(tmp_path / "checkpoint"), "max_steps": 2, "quantization": quantization}
    model = learn("bert", RUNS["bert"].model_copy(update=changes))
    check = ConversionCheck.load(model / CHECK)
    assert (check.passed, check.quantization) == (True, quantization)
    assert check.mean_difference is not None
    assert check.mean_difference < (0.1 if quantization == "int8" else 1e-4)
    predict(model, TEST, tmp_path / "answers.parquet", DecodingParams())
    assert len([*iterate_table(tmp_path / "answers.parquet", ("id",))]) == 30
