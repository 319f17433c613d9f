"""Embeddings beside GBDT's tf-idf: kept with the model, and the same in company."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.students.classifying import RUNS, learn, make_task, toy_texts
from tests.students.classifying.test_checkpoints import save_checkpoint
from understudy.contract.params.decoding import DecodingParams
from understudy.core.errors import StudentError
from understudy.students.classifying.boosted import WEIGHTS, Boosted
from understudy.students.classifying.sentence_encoders import open_embedder

TEXTS = list(toy_texts(30, 3)["text"])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    save_checkpoint("bert", folder := tmp_path_factory.mktemp("encoder") / "checkpoint")
    return folder


@pytest.fixture(scope="module")
def model(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(make_task(tmp_path_factory.mktemp("task") / "task"))
        params = RUNS["gbdt"].model_copy(update={"embeddings": str(checkpoint)})
        return learn("gbdt", params).absolute()


def scores(engine: Boosted, texts: list[str]) -> list[tuple[list[int], float]]:
    encoded, _ = engine.encode(texts, DecodingParams())
    found = sorted(engine.decode(encoded, DecodingParams(), scored=True), key=lambda one: one[0])
    return [(one.ids, one.log_probability) for _, one in found]


def test_an_embedding_is_the_mean_of_the_encoders_vectors(checkpoint: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    embedder, _ = open_embedder(str(checkpoint), None)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    trained = AutoModel.from_pretrained(checkpoint).eval()
    found = embedder.embed(embedder.encode(TEXTS))
    for text, vector in zip(TEXTS, found, strict=True):
        with torch.inference_mode():
            states = trained(**tokenizer(text, return_tensors="pt"))[0][0]
        expected = states.mean(0).numpy()
        assert vector @ expected / np.linalg.norm(expected) == pytest.approx(1, abs=0.01)  # int8


def test_an_answer_is_the_same_alone_in_company_and_elsewhere(model: Path, tmp_path: Path) -> None:
    engine = Boosted(shutil.copytree(model, tmp_path / "elsewhere"))
    texts = [*TEXTS, "", "ξ", "and " * 100_000]
    together = scores(engine, texts)
    assert together == [scores(engine, [text])[0] for text in texts]
    assert len({number for ids, _ in together for number in ids}) > 1


def test_the_encoder_takes_part_in_the_answers(model: Path, tmp_path: Path) -> None:
    other = shutil.copytree(model, tmp_path / "other")
    tensors = load_file(other / WEIGHTS)
    width = len(tensors["weights"]) - len(tensors["idf"])
    assert width == 32
    assert set(range(len(tensors["idf"]), len(tensors["weights"]))) <= set(tensors["asked"])
    tensors["weights"][-width:] += np.linspace(-9, 9, 4 * width).reshape(width, 4)
    save_file(tensors, other / WEIGHTS)
    assert scores(Boosted(other), TEXTS) != scores(Boosted(model), TEXTS)


def test_an_encoder_without_all_of_its_weights_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoint, tmp_path / "half")
    tensors = load_file(file := folder / "model.safetensors").items()
    save_file({name: one for name, one in tensors if ".layer.1." not in name}, file)
    with pytest.raises(StudentError, match=r"embeddings = .*its weights lack 16 tensors"):
        open_embedder(str(folder), None)


def test_a_broken_encoder_and_one_that_is_not_there_are_one_line(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = shutil.copytree(model, tmp_path / "broken")
    tensors = load_file(broken / WEIGHTS)
    save_file(tensors | {"encoder": tensors["encoder"][:99]}, broken / WEIGHTS)
    with pytest.raises(StudentError, match="not a usable gbdt"):
        Boosted(broken)
    monkeypatch.chdir(make_task(tmp_path / "task"))
    params = RUNS["gbdt"].model_copy(update={"embeddings": str(tmp_path)})
    with pytest.raises(StudentError, match=rf"embeddings = {tmp_path}: cannot be loaded"):
        learn("gbdt", params)
