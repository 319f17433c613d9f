"""export: a trained student's folder becomes one that can be deployed as it is."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from stages import export as stage
from stages.export import export
from tests.students import (
    decoding_params,
    export_params,
    make_project,
    save,
    summarize,
    taught,
    taught_engine,
    toy_pairs,
)
from understudy.core.errors import DataError, StudentError
from understudy.students.decoding.engines import CTranslate2, open_engine
from understudy.students.decoding.generation import read_generation_config, write_generation_config
from understudy.students.model.families import FAMILIES

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
DECODING: dict[str, Any] = {
    "beams": 3,
    "max_tokens": 20,
    "length_penalty": 2.0,
    "no_repeat_ngram": 3,
    "max_input_tokens": 20,
}
TRAINED = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which both students were exported; tests only read it."""
    project = make_project(tmp_path_factory.mktemp("exported"))
    with contextlib.chdir(project):
        for family in FAMILIES:
            model = save(taught(family), Path("models", f"{family}-gold"))
            pairs = Path("data/gold/validation.parquet")
            decoding = decoding_params(**DECODING, engine="ctranslate2")
            export(model, pairs, export_params(rows=5), decoding)
    return project / "models"


@EACH_FAMILY
def test_the_stage_adds_its_outputs_and_nothing_else(family: str, exported: Path) -> None:
    folder = exported / f"{family}-gold"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*TRAINED, "ctranslate2", "generation_config.json"]
    )
    assert sorted(path.name for path in exported.iterdir()) == ["bart-gold", "t5-gold"]
    found = {path.name for path in (folder / "ctranslate2").iterdir()}
    assert {"check.json", "config.json", "model.bin"} < found
    assert found <= {
        "check.json",
        "config.json",
        "model.bin",
        "shared_vocabulary.json",
        "source_vocabulary.json",
        "target_vocabulary.json",
    }


@EACH_FAMILY
def test_the_check_compares_as_many_pairs_as_params_say(family: str, exported: Path) -> None:
    text = (exported / f"{family}-gold/ctranslate2/check.json").read_text(encoding="utf-8")
    check = json.loads(text)
    assert (check["passed"], check["rows"]) == (True, 5)


@EACH_FAMILY
def test_the_generation_config_has_the_beam_search_of_predict(family: str, exported: Path) -> None:
    text = (exported / f"{family}-gold/generation_config.json").read_text(encoding="utf-8")
    config = json.loads(text)
    expected = {
        "num_beams": 3,
        "max_new_tokens": 20,
        "length_penalty": 2.0,
        "no_repeat_ngram_size": 3,
        "early_stopping": True,
    }
    assert {name: config.get(name) for name in expected} == expected
    assert not config.get("do_sample")
    assert "engine" not in config
    student = taught(family).model.config
    assert config["decoder_start_token_id"] == student.decoder_start_token_id
    assert config["eos_token_id"] == student.eos_token_id


@EACH_FAMILY
def test_generate_without_arguments_decodes_as_predict_does(family: str, exported: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    articles = list(toy_pairs(5, seed=8)["article"])
    tokenizer = AutoTokenizer.from_pretrained(exported / f"{family}-gold")
    model = AutoModelForSeq2SeqLM.from_pretrained(exported / f"{family}-gold")
    found = []
    for article in articles:
        inputs = tokenizer(FAMILIES[family].prefix + article, return_tensors="pt")
        output = model.generate(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        )
        found.append(tokenizer.decode(output[0], skip_special_tokens=True).strip())
    assert found == summarize(taught_engine(family), articles, **DECODING)


@EACH_FAMILY
def test_a_model_folder_says_itself_how_it_decodes(family: str, exported: Path) -> None:
    params = read_generation_config(exported / f"{family}-gold", 512)
    for name, value in DECODING.items():
        assert getattr(params, name) == value, name
    assert isinstance(open_engine(exported / f"{family}-gold", params.engine), CTranslate2)


def test_the_generation_config_names_an_engine_that_is_not_the_default(tmp_path: Path) -> None:
    folder = save(taught("t5"), tmp_path / "model")
    write_generation_config(folder, decoding_params(engine="transformers"))
    assert read_generation_config(folder, 100) == decoding_params(engine="transformers")


def test_a_folder_that_says_nothing_decodes_with_defaults(tmp_path: Path) -> None:
    params = read_generation_config(save(taught("t5"), tmp_path / "model"), 512)
    assert (params.beams, params.max_tokens, params.max_input_tokens) == (4, 142, 1024)
    assert params.engine == "ctranslate2"


def test_a_folder_of_others_decodes_as_it_says(tmp_path: Path) -> None:
    for name, content in {
        "generation_config.json": {"max_length": 60, "min_length": 20, "num_beams": 2},
        "tokenizer_config.json": {"model_max_length": 2048},
        "config.json": {"max_position_embeddings": 1500},
    }.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    params = read_generation_config(tmp_path, 512)
    assert (params.beams, params.max_tokens, params.max_input_tokens) == (2, 59, 1500)
    assert params.tokens_per_batch == 512


@pytest.mark.parametrize(
    ("name", "value"),
    [("num_beams", "4"), ("num_beams", 4.5), ("max_new_tokens", 0), ("length_penalty", "long")],
)
def test_a_setting_of_no_use_is_one_clear_error(name: str, value: object, tmp_path: Path) -> None:
    file = tmp_path / "generation_config.json"
    file.write_text(json.dumps({name: value}), encoding="utf-8")
    with pytest.raises(StudentError) as caught:
        read_generation_config(tmp_path, 512)
    assert str(caught.value).startswith(f"{file}: {name} = {value!r}: expected ")


@pytest.mark.parametrize("name", ["max_input_tokens", "max_tokens"])
def test_texts_longer_than_barts_positions_are_refused(name: str, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    model = save(taught("bart"), project / "models/bart-gold")
    pairs = project / "data/gold/validation.parquet"
    with pytest.raises(StudentError) as caught:
        export(model, pairs, export_params(), decoding_params(**{name: 1025}))
    hint = "the model has 1024 positions; lower it to 1024 or less"
    assert str(caught.value) == f"predict.{name} = 1025: {hint}"
    assert not (model / "ctranslate2").exists()


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_broken_generation_config_is_one_clear_error(content: str, tmp_path: Path) -> None:
    (tmp_path / "generation_config.json").write_text(content, encoding="utf-8")
    with pytest.raises(StudentError, match="expected a JSON object; copy the model folder again"):
        read_generation_config(tmp_path, 512)


def test_a_model_that_does_not_pass_is_warned_of_and_told_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path / "project")
    model = save(taught("t5"), project / "models/t5-gold")
    pairs = project / "data/gold/validation.parquet"
    export(model, pairs, export_params(quantization="int8", limit=1e-9), decoding_params())
    told = capsys.readouterr().err
    assert f"warning: {model}: the converted model's log-probabilities are off by" in told
    assert [path.name for path in (model / "ctranslate2").iterdir()] == ["check.json"]


def test_exporting_again_replaces_what_was_there(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    model = save(taught("t5"), project / "models/t5-gold")
    (model / "ctranslate2").mkdir()
    (model / "ctranslate2/stale").touch()
    pairs = project / "data/gold/validation.parquet"
    export(model, pairs, export_params(), decoding_params())
    assert not (model / "ctranslate2/stale").exists()
    assert (model / "ctranslate2/model.bin").exists()


def test_a_model_that_was_not_trained_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    model, pairs = project / "models/t5-gold", project / "data/gold/validation.parquet"
    with pytest.raises(StudentError) as caught:
        export(model, pairs, export_params(), decoding_params())
    assert "\n" not in str(caught.value)
    assert not model.exists()


def test_missing_pairs_are_an_error_that_names_the_command(tmp_path: Path) -> None:
    model = save(taught("t5"), tmp_path / "models/t5-gold")
    with pytest.raises(DataError, match="no such file; `dvc repro`"):
        export(model, tmp_path / "none.parquet", export_params(), decoding_params())
    assert sorted(path.name for path in model.iterdir()) == TRAINED


def test_the_command_exports_the_system_with_the_pairs_of_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sections = {"export": export_params(), "predict": decoding_params(**DECODING)}
    project = make_project(tmp_path, **{n: s.model_dump() for n, s in sections.items()})
    model = save(taught("t5"), project / "models/seeds/t5-gold/3")
    monkeypatch.chdir(project)
    monkeypatch.setattr("sys.argv", ["export", "t5-gold", "3"])
    stage.main()
    assert (model / "ctranslate2/model.bin").exists()
    assert (model / "generation_config.json").exists()
