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
    needed = {"check.json", "config.json", "model.bin"}
    found = {path.name for path in (folder / "ctranslate2").iterdir()}
    assert needed < found
    assert {name.split("_")[-1] for name in found - needed} == {"vocabulary.json"}
    check = json.loads((folder / "ctranslate2/check.json").read_text(encoding="utf-8"))
    assert (check["passed"], check["rows"]) == (True, 5)


@EACH_FAMILY
def test_a_model_folder_says_itself_how_it_decodes(family: str, exported: Path) -> None:
    folder = exported / f"{family}-gold"
    config = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    student = taught(family).model.config
    expected = {
        "num_beams": 3,
        "max_new_tokens": 20,
        "length_penalty": 2.0,
        "no_repeat_ngram_size": 3,
        "early_stopping": True,
        "decoder_start_token_id": student.decoder_start_token_id,
        "eos_token_id": student.eos_token_id,
    }
    assert {name: config.get(name) for name in expected} == expected
    assert not config.get("do_sample")
    assert "engine" not in config
    params = read_generation_config(folder, 512)
    assert {name: getattr(params, name) for name in DECODING} == DECODING
    assert isinstance(open_engine(folder, params.engine), CTranslate2)


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


def test_a_folder_that_says_nothing_decodes_with_defaults_and_another_engine_is_named(
    tmp_path: Path,
) -> None:
    folder = save(taught("t5"), tmp_path / "model")
    params = read_generation_config(folder, 512)
    assert (params.beams, params.max_tokens, params.max_input_tokens) == (4, 142, 1024)
    assert params.engine == "ctranslate2"
    write_generation_config(folder, decoding_params(engine="transformers"))
    assert read_generation_config(folder, 100) == decoding_params(engine="transformers")


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
    for broken in ("{", "[]", ""):
        file.write_text(broken, encoding="utf-8")
        with pytest.raises(StudentError, match="expected a JSON object; copy the model folder aga"):
            read_generation_config(tmp_path, 512)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A trained T5 in a project with pairs."""
    project = make_project(tmp_path / "project")
    return save(taught("t5"), project / "models/t5-gold")


def pairs_of(model: Path) -> Path:
    return model.parents[1] / "data/gold/validation.parquet"


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


def test_a_model_that_does_not_pass_is_warned_of_and_told_why(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(
        model, pairs_of(model), export_params(quantization="int8", limit=1e-9), decoding_params()
    )
    told = capsys.readouterr().err
    assert f"warning: {model}: the converted model's log-probabilities are off by" in told
    assert [path.name for path in (model / "ctranslate2").iterdir()] == ["check.json"]


def test_exporting_again_replaces_what_was_there(model: Path) -> None:
    (model / "ctranslate2").mkdir()
    (model / "ctranslate2/stale").touch()
    export(model, pairs_of(model), export_params(), decoding_params())
    assert not (model / "ctranslate2/stale").exists()
    assert (model / "ctranslate2/model.bin").exists()


def test_a_missing_model_or_missing_pairs_are_an_error_and_leave_nothing(
    model: Path, tmp_path: Path
) -> None:
    other = model.with_name("bart-gold")
    with pytest.raises(StudentError) as caught:
        export(other, pairs_of(model), export_params(), decoding_params())
    assert "\n" not in str(caught.value)
    assert not other.exists()
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
