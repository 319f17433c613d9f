"""GBDT, LSTM and BERT alike: trained, saved, opened again, asked."""

import contextlib
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.students import decoding_params, digest
from tests.students.classifying import LABELS, RUNS, learn, make_task, toy_texts
from understudy.contract.conversion import ConversionCheck
from understudy.contract.pairs import TEST, seed_folder
from understudy.contract.params.export import CHECK
from understudy.contract.predictions import seed_predictions_path
from understudy.contract.trained import TrainedSettings
from understudy.core.errors import StudentError
from understudy.students.classifying import boosting, exporting, loop, networks
from understudy.students.decoding.decoding import decode_scored
from understudy.students.decoding.engines import open_engine
from understudy.students.training.halting import Halt
from understudy.students.training.resume import StoppedTrainingError

EACH_FAMILY = pytest.mark.parametrize("family", sorted(RUNS))
FILES = {
    "gbdt": {"linear.safetensors", "model.txt", "vocabulary.json"},
    "lstm": {"check.json", "model.onnx", "tokenizer.json", "tokenizer_config.json"},
    "bert": {
        *("check.json", "config.json", "model.onnx", "model.safetensors"),
        *("tokenizer.json", "tokenizer_config.json"),
    },
}
ANSWERS = {"gbdt": "model.txt", "lstm": "model.onnx", "bert": "model.onnx"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model of each family; tests only read it."""
    project = make_task(tmp_path_factory.mktemp("task"))
    with contextlib.chdir(project):
        for family, params in RUNS.items():
            learn(family, params)
    return project


def model_of(project: Path, family: str, seed: int = 13) -> Path:
    return project / seed_folder(f"{family}-gold", seed)


@EACH_FAMILY
def test_a_model_folder_answers_with_labels_and_says_how_sure_it_is(
    family: str, trained: Path
) -> None:
    folder, texts = model_of(trained, family), toy_texts(60, 5)
    engine = open_engine(folder, "ctranslate2", 1)
    rows = [*texts["text"], "", "\n", "and " * 25_000]
    found = list(decode_scored(engine, rows, decoding_params(), "test", None))
    right = [told == label for (_, told), label in zip(found, texts["label"], strict=False)]
    assert sum(right) >= 0.9 * len(texts)
    for hypothesis, told in found:
        assert LABELS[hypothesis.ids[0]] == told == engine.spell(hypothesis.ids)
        assert 1 / len(LABELS) <= math.exp(hypothesis.log_probability) <= 1
        assert hypothesis.margin >= 0
    assert engine.encode(rows, decoding_params())[1] == 1
    alone = [next(decode_scored(engine, [row], decoding_params(), "one", 1)) for row in rows[:9]]
    for (one, told), (other, same) in zip(alone, found, strict=False):
        assert told == same
        assert one.log_probability == pytest.approx(other.log_probability, abs=1e-4)


@EACH_FAMILY
def test_settings_tell_labels_and_what_was_cut(family: str, trained: Path) -> None:
    folder = model_of(trained, family)
    settings = TrainedSettings.load(TrainedSettings.path_in(folder))
    assert (settings.family, settings.labels, settings.params) == (family, LABELS, RUNS[family])
    assert settings.cut.train.inputs == 1
    assert settings.cut.validation.inputs == 0
    assert settings.parameters > 100
    names = {path.name for path in folder.iterdir()}
    assert names == FILES[family] | {"curve.csv", "settings.json"}
    curve = pd.read_csv(folder / "curve.csv")
    assert settings.best_validation_loss == curve["validation_loss"].min()


@EACH_FAMILY
def test_a_seed_decides_and_the_same_seed_decides_the_same(
    family: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.chdir(make_task(tmp_path / "again")):
        for seed in (13, 14):
            learn(family, RUNS[family].model_copy(update={"seed": seed}))
        made = [digest(model_of(Path.cwd(), family, seed) / ANSWERS[family]) for seed in (13, 14)]
    assert made[0] == digest(model_of(trained, family) / ANSWERS[family]) != made[1]
    assert f"train-{family}@gold-13: no example of 'never seen': hardly" in capsys.readouterr().err


@EACH_FAMILY
def test_a_run_that_was_stopped_goes_on_and_ends_the_same(
    family: str, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0

    def stop_late(halt: Halt) -> bool:
        nonlocal steps
        steps += 1
        halt.reason = "stopped here" * (steps > 14)
        return False

    def stop_at_once(*_: object) -> None:
        raise StoppedTrainingError("stopped here")

    with contextlib.chdir(make_task(tmp_path / "stopped")), monkeypatch.context() as patched:
        patched.setattr(Halt, "lost_parent", stop_late)
        patched.setattr(boosting.GbdtLearner, "_grow", stop_at_once)
        with pytest.raises(StoppedTrainingError, match=f"train-{family}@gold-13: stopped here"):
            learn(family, RUNS[family])
        assert not (tmp_path / "stopped/models").exists()
        patched.undo()
        learned: list[object] = []
        monkeypatch.setattr(boosting, "fit_linear", learned.append)
        step = loop.Loop._learn

        def count(*given: Any) -> float:
            learned.append(1)
            return step(*given)

        monkeypatch.setattr(loop.Loop, "_learn", count)
        learn(family, RUNS[family])
        names = (ANSWERS[family], "curve.csv")
        found = [digest(model_of(Path.cwd(), family) / name) for name in names]
    assert found == [digest(model_of(trained, family) / name) for name in names]
    whole = TrainedSettings.load(TrainedSettings.path_in(model_of(trained, family))).steps
    assert len(learned) < whole


def test_int8_is_kept_only_where_it_labels_as_what_was_trained(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = ConversionCheck.load(model_of(trained, "bert") / CHECK)
    assert (check.quantization, check.passed, check.rows) == ("int8", True, 30)
    assert check.equal is not None
    assert check.equal >= 0.98
    quantize = exporting.quantize

    def mislead(path: Path, out: Path) -> None:
        import onnx

        model = onnx.load(path)
        for one in model.graph.initializer:
            if one.name.startswith("head"):
                negative = -onnx.numpy_helper.to_array(one)
                one.CopyFrom(onnx.numpy_helper.from_array(negative, one.name))
        onnx.save(model, path.with_name("wrong.onnx"))
        quantize(path.with_name("wrong.onnx"), out)
        path.with_name("wrong.onnx").unlink()

    monkeypatch.setattr(networks, "quantize", mislead)
    with contextlib.chdir(make_task(tmp_path / "task")):
        params = RUNS["lstm"].model_copy(update={"quantization": "int8"})
        learn("lstm", params)
        check = ConversionCheck.load(model_of(Path.cwd(), "lstm") / CHECK)
    assert (check.quantization, check.passed) == ("float32", True)
    assert check.why is not None
    assert "below equal_labels = 0.98: float32 is kept" in check.why


def test_balanced_weights_find_the_rare_label(tmp_path: Path) -> None:
    rows = pd.concat([toy_texts(300, 7, labels=1), toy_texts(300, 8).iloc[1:200:50]])
    rows["text"] = [" ".join(text.split()[:3]) for text in rows["text"]]  # often no word tells
    rare = toy_texts(90, 9)
    rare["text"] = [" ".join(text.split()[:3]) for text in rare["text"]]
    right = {}
    for weights in ("none", "balanced"):
        with contextlib.chdir(make_task(tmp_path / weights)):
            rows.to_parquet("data/gold/train.parquet", index=False)
            params = RUNS["gbdt"].model_copy(update={"class_weights": weights})
            learn("gbdt", params)
            engine = open_engine(model_of(Path.cwd(), "gbdt"), "ctranslate2")
            told = [text for _, text in decode_scored(
                engine, rare["text"], decoding_params(), "test", None)]  # fmt: skip
            pairs = zip(told, rare["label"], strict=True)
            right[weights] = sum(a == b for a, b in pairs if b != LABELS[0])
    assert right["balanced"] > right["none"]


@pytest.mark.parametrize(
    ("family", "small"),
    [
        ("gbdt", {"rounds": 1, "folds": 2, "characters": 1}),
        ("lstm", {"epochs": 12.0, "batch_size": 32}),
    ],
)
def test_five_hundred_labels(family: str, small: dict[str, Any], tmp_path: Path) -> None:
    labels = [f"class {number}" for number in range(500)]
    texts = [f"about w{number} and x{number} too" for number in range(500)]
    rows = pd.DataFrame({"id": texts, "text": texts, "label": labels})
    with contextlib.chdir(make_task(tmp_path / "task", labels)):
        pd.concat([rows, rows]).to_parquet("data/gold/train.parquet", index=False)
        rows[:100].to_parquet("data/gold/validation.parquet", index=False)
        small = (
            {"rounds": 1, "folds": 2, "characters": 1}
            if family == "gbdt"
            else {"epochs": 12.0, "batch_size": 32}
        )
        learn(family, RUNS[family].model_copy(update=small))
        engine = open_engine(model_of(Path.cwd(), family), "ctranslate2")
        told = [text for _, text in decode_scored(engine, texts, decoding_params(), "t", None)]
    assert sum(a == b for a, b in zip(told, labels, strict=True)) > 250


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a", "b", "other stuff"), r"'other stuff' is none of task\.labels"),
        (None, "no pairs to learn from"),
    ],
)
def test_rows_that_teach_nothing_are_one_clear_error(
    row: tuple[str, ...] | None, message: str, tmp_path: Path
) -> None:
    with contextlib.chdir(make_task(tmp_path / "task")):
        rows = pd.DataFrame([row] if row else [], columns=["id", "text", "label"], dtype=str)
        rows.to_parquet("data/gold/train.parquet", index=False)
        with pytest.raises(StudentError, match=rf"train-gbdt@gold-13: .*{message}"):
            learn("gbdt", RUNS["gbdt"])


@EACH_FAMILY
def test_predict_writes_every_seed_with_its_confidence(
    family: str, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stages.predict import main

    monkeypatch.chdir(trained)
    monkeypatch.setattr("sys.argv", ["predict", f"{family}-gold"])
    main()
    found = pd.read_parquet(seed_predictions_path(f"{family}-gold", 13))
    assert list(found.columns) == ["id", "prediction", "confidence"]
    assert list(found["id"]) == list(pd.read_parquet(TEST)["id"])
    assert found["confidence"].between(0.25, 1).all()


@EACH_FAMILY
def test_a_broken_folder_is_one_clear_error(family: str, trained: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(model_of(trained, family), tmp_path / "model")
    (folder / ANSWERS[family]).write_text("{}", encoding="utf-8")
    with pytest.raises(StudentError, match=f"{folder}: not a usable {family} .*copy the model"):
        open_engine(folder, "ctranslate2")
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    (folder / "settings.json").write_text(json.dumps({**settings, "labels": None}), "utf-8")
    with pytest.raises(StudentError, match=r"its settings\.json has no labels"):
        open_engine(folder, "ctranslate2")
