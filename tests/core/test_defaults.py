"""params.yaml may leave out what has a default, except for the keys that DVC itself reads."""

from pathlib import Path

import pytest

from tests.core.documents import KINDS, SAMPLE, Document, write_document
from tests.imports import ROOT, run_python
from understudy.contract.params.sources import KEY as SOURCES_KEY
from understudy.contract.params.sources import load_sources
from understudy.core.errors import ParamsError
from understudy.core.params import Section, find_missing, load_section, read_params
from understudy.tools.params import list_params

PIPELINE = """
stages:
  ask:
    cmd: ask ${generate.prompt} ${item.source} ${fetch.files.train}
    params: [teacher.prices, report, {other.yaml: [key]}]
    matrix: {source: [gold]}
  look:
    cmd: look
"""


def nested_kinds() -> list[type[Section]]:
    """All sections and those inside them."""
    found = list(dict.fromkeys(KINDS.values()))
    for kind in found:
        found += [
            inner
            for field in kind.model_fields.values()
            if isinstance(inner := field.annotation, type) and issubclass(inner, Section)
        ]
    return found


@pytest.mark.parametrize("kind", nested_kinds())
def test_every_param_has_a_meaning_and_a_default_that_fits_it(kind: type[Section]) -> None:
    defaults = kind()
    assert repr(kind.model_validate(defaults.model_dump())) == repr(defaults)
    for path, _, _, meaning in list_params(defaults, {}):
        assert meaning.endswith((".", "…")), path


@pytest.mark.parametrize("section", tuple(KINDS))
def test_what_is_left_out_takes_its_default(document: Document, section: str) -> None:
    kind = KINDS[section]
    for other in (section, "fetch", "filter"):
        write_document({other: {}})
        assert load_section(section, kind) == kind()
    for key in document[section]:
        rest = {name: value for name, value in document[section].items() if name != key}
        write_document({section: rest})
        expected = {**document[section], key: kind().model_dump()[key]}
        assert load_section(section, kind).model_dump() == expected


def test_a_nested_section_may_be_left_out_in_part(document: Document) -> None:
    write_document({"fetch": {"files": {"columns": {"article": "text"}}}, "teacher": {"batch": {}}})
    files = load_section("fetch", KINDS["fetch"]).model_dump()["files"]
    assert (files["columns"]["article"], files["columns"]["highlights"]) == ("text", "highlights")
    assert files["train"] == "data/example/train.jsonl"
    assert load_section("teacher", KINDS["teacher"]) == KINDS["teacher"]()


# Keys that DVC reads


def test_a_key_that_dvc_reads_must_stand_in_params_yaml(document: Document) -> None:
    Path("dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    del document["teacher"]["prices"]
    del document["generate"]["prompt"]
    del document["fetch"]["files"]["train"]
    del document["report"]
    del document["review"]
    write_document(document)
    for section, key in (
        ("teacher", "teacher.prices"),
        ("generate", "generate.prompt"),
        ("fetch", "fetch.files.train"),
        ("report", "report"),
    ):
        with pytest.raises(ParamsError) as caught:
            load_section(section, KINDS[section])
        assert str(caught.value) == (
            f"params.yaml: {key}: this key is missing; dvc.yaml names it, and DVC knows no "
            f"defaults: `understudy params {section}` has it"
        )
    for section in ("filter", "review"):
        load_section(section, KINDS[section])


def test_dvc_tracks_an_empty_section_and_a_missing_one_is_named_once(document: Document) -> None:
    Path("dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    write_document({"report": {}})
    assert load_section("report", KINDS["report"]) == KINDS["report"]()
    Path("dvc.yaml").write_text("stages: {a: {cmd: a, params: [generate.limit, generate]}}")
    assert find_missing("generate", {}) == ["generate"]


def test_a_key_under_its_wrong_name_is_not_said_to_be_missing_too(document: Document) -> None:
    Path("dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    document["generate"]["promt"] = document["generate"].pop("prompt")
    write_document(document)
    with pytest.raises(ParamsError) as caught:
        load_section("generate", KINDS["generate"])
    assert str(caught.value).endswith(": unknown key; did you mean 'prompt'?")


def test_a_stage_says_so_before_any_work(document: Document) -> None:
    Path("dvc.yaml").write_text((ROOT / "dvc.yaml").read_text("utf-8"), encoding="utf-8")
    del document["predict"]
    write_document(document)
    done = run_python(
        "-m", "stages.predict", "t5-gold", "--seed", "13", cwd=Path(), env={"PATH": ""}
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: params.yaml: predict: this key is missing; dvc.yaml")
    assert done.stderr.count("\n") == 1


# The profiles

PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
MOST_LINES = 70
FROZEN = {
    "sample": {
        "fetch.sample.train": 1900,
        "teacher.concurrency": 16,
        "train-t5.seeds": [13],
        "train-t5.settings.epochs": 4.0,
        "train-t5.settings.batch_size": 8,
        "train-t5.settings.learning_rate": 0.003,
        "train-t5.settings.warmup": 0.1,
        "train-bart.settings.epochs": 2.0,
        "train-bart.settings.batch_size": 6,
        "train-bart.settings.learning_rate": 0.002,
        "train-bart.settings.max_target_tokens": 96,
        "export.quantization": "float32",
        "predict.tokens_per_batch": 1024,
        "evaluate.resamples": 1000,
        "datacards.permutations": 128,
    },
    "paper": {
        "fetch.hub.revision": "96df5e686bee6baa90b8bee7c28b81fa3fa6223d",
        "teacher.prices.batch_factor": 0.5,
        "teacher.timeout_seconds": 120.0,
        "train-t5.settings.epochs": 5.0,
        "train-t5.settings.batch_size": 64,
        "train-t5.settings.label_smoothing": 0.0,
        "train-bart.settings.learning_rate": 0.00005,
        "train-bart.settings.weight_decay": 0.01,
        "export.limit": 0.1,
        "predict.beams": 4,
        "evaluate.margin": 1.0,
    },
}
"""Of the days when profiles listed every key."""


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_a_profile_is_short_with_dvcs_keys(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert len(profile.read_text("utf-8").splitlines()) <= MOST_LINES
    found = read_params(profile)
    assert list(found) == [
        name
        for name in (SOURCES_KEY, *(name for name in KINDS if name != "serve"))
        if name in found
    ]
    load_sources(profile)
    for name, kind in KINDS.items():
        load_section(name, kind, profile)


@pytest.mark.parametrize("name", FROZEN)
def test_a_short_profile_means_what_the_long_one_meant(name: str) -> None:
    path = ROOT / "profiles" / f"{name}.yaml"
    for key, expected in FROZEN[name].items():
        section, *keys = key.split(".")
        value = load_section(section, KINDS[section], path).model_dump()
        for part in keys:
            value = value[part]
        assert (value, type(value)) == (expected, type(expected)), key


def test_the_seeds_profile_is_the_sample_but_for_its_seeds() -> None:
    found = read_params(ROOT / "profiles" / "seeds.yaml")
    for student in ("train-t5", "train-bart"):
        assert found[student].pop("seeds") == [13, 14, 15]
    sample = read_params(ROOT / "profiles" / "sample.yaml")
    for student in ("train-t5", "train-bart"):
        assert sample[student].pop("seeds") == [13]
    assert found == sample


def test_params_yaml_ships_as_the_sample_profile() -> None:
    shipped, sample = ROOT / "params.yaml", ROOT / "profiles" / "sample.yaml"
    if any(shipped.read_bytes() == other.read_bytes() for other in PROFILES if other != sample):
        pytest.skip("`make profile` has put another profile in place")
    assert shipped.read_bytes() == sample.read_bytes()


def test_the_sample_profile_has_every_section_of_the_pipeline() -> None:
    assert tuple(SAMPLE) == tuple(KINDS)
    stages = [
        name for name in KINDS if name not in ("task", "serve")
    ]  # which change no result here
    assert list(read_params(ROOT / "profiles" / "sample.yaml")) == [SOURCES_KEY, *stages]
