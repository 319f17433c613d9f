"""cards: which files it reads, what it says of a broken one, and what it writes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from stages.cards.__main__ import gather, main
from stages.cards.card import build_card
from tests.contract.examples import (
    TRAINED,
    make_answered,
    make_check,
    make_gap,
    make_origin,
    make_recipe_gap,
    make_recipes,
    make_trained_seeds,
)
from tests.contract.payback_examples import make_calibration
from tests.imports import ROOT
from tests.stages.carding import find_refusal, run_elsewhere
from tests.stages.cards.examples import (
    ANSWERED,
    DATASET,
    FAILED,
    SYSTEMS,
    settings_of,
    used_teacher,
)
from understudy.contract.answered import Answered
from understudy.contract.params.fetch import RedactParams
from understudy.contract.personal import ReplacedKinds
from understudy.core.errors import DataError
from understudy.core.params import read_params

SHARED: dict[str, dict[str, Any]] = {
    **{
        str(document.PATH): document.to_json()
        for document in (
            make_origin(),
            SYSTEMS,
            make_gap(),
            make_recipes(1, SYSTEMS),
            make_recipe_gap(),
            DATASET,
            used_teacher(),
        )
    },
    **{str(Answered.path_of(stage)): found.to_json() for stage, found in ANSWERED.items()},
    str(Answered.path_of("zeroshot")): make_answered("zeroshot").to_json(),
}
KEYED = [f"metrics/{name}.json" for name in ("systems", "gap", "seeds", "recipes")]


def contents() -> dict[str, dict[str, Any]]:
    """All JSON files that the stage reads."""
    own = {
        name: content
        for system in TRAINED
        for name, content in (
            (f"models/{system}/settings.json", settings_of(system).to_json()),
            (f"metrics/students/{system}.json", make_trained_seeds().to_json()),
            (f"models/{system}/ctranslate2/check.json", make_check().to_json()),
            (f"metrics/calibration/{system}.json", make_calibration().to_json()),
            (f"models/{system}/redact.json", ReplacedKinds.of(RedactParams()).to_json()),
        )
    }
    return {**SHARED, **own}


def write(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def cards(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in folder.glob("models/*/README.md")}


def write_cards(*systems: str) -> None:
    """Runs the stage in the working directory, for these systems or for all."""
    for system in systems or TRAINED:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["cards", system])
            main()


def refuse(project: Path) -> str:
    """What the first system whose card cannot be written says; it has no card."""
    return find_refusal(write_cards, TRAINED, lambda: cards(project))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stage reads, as the working directory."""
    for name, content in contents().items():
        write(tmp_path, name, content)
    shutil.copy(ROOT / "profiles" / "sample.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("system", ["t5-labelled", "bart-gold"])
def test_a_student_gets_its_card_and_nothing_else(system: str, project: Path) -> None:
    before = {path for path in project.rglob("*") if path.is_file()}
    write_cards(system)
    new = {path for path in project.rglob("*") if path.is_file()} - before
    assert new == {project / "models" / system / "README.md"}


def test_each_student_gets_its_own_card_the_same_in_another_process(project: Path) -> None:
    write_cards()
    assert len(set(cards(project).values())) == len(TRAINED)
    for system, card in cards(project).items():
        first = SYSTEMS[system]["rouge1"].judged
        assert f"# {system}\n" in card.decode("utf-8")
        assert f"      value: {first}\n      name: ROUGE-1 F1" in card.decode("utf-8")
    expected = cards(project)
    for system in ("t5-labelled", "bart-gold"):
        run_elsewhere("cards", system)
    assert cards(project) == expected
    assert not any(str(project).encode() in card for card in expected.values())


def test_params_and_origin_reach_the_card(project: Path) -> None:
    make_origin("hub").write(project / "data/raw/source.json")
    params = read_params(project / "params.yaml")
    params["predict"]["beams"] = 5
    params["teacher"]["base_url"] = "http://a/b"
    params["generate"]["max_characters"] = 999
    write(project, "params.yaml", params)  # YAML may be JSON
    card = build_card(gather("t5-written"))
    assert "num_beams=5" in card
    assert "`team/news`" in card
    assert "`embedded-rules` at `http://a`, which answered as `writer-1`" in card
    assert "learned from articles under 999 characters" in card


def test_a_failed_conversion_of_one_student_is_its_own(project: Path) -> None:
    FAILED.write(project / "models/t5-written/ctranslate2/check.json")
    write_cards()
    found = {system: b"no converted model" in card for system, card in cards(project).items()}
    assert found == {system: system == "t5-written" for system in TRAINED}


def test_keys_that_are_new_to_the_stage_are_let_pass(project: Path) -> None:
    write_cards()
    expected = cards(project)
    for name, content in contents().items():
        if name not in KEYED:  # where a new key is a new system or pair
            write(project, name, {**content, "new": {"figure": 1}})
    write_cards()
    assert cards(project) == expected


@pytest.mark.parametrize("name", sorted(contents()))
def test_a_missing_file_is_named_in_one_line_and_no_card_is_written(
    name: str, project: Path
) -> None:
    (project / name).unlink()
    assert refuse(project) == f"{name}: no such file; `dvc repro` makes it, `dvc pull` gets it"


@pytest.mark.parametrize("name", sorted(SHARED))
@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"source": null}', '{"train": 3}'])
def test_a_broken_file_is_one_line_that_names_it(name: str, text: str, project: Path) -> None:
    (project / name).write_text(text, encoding="utf-8")
    said = refuse(project)
    assert said.startswith(f"{name}: ")
    assert said.endswith("`dvc repro` makes it again")


@pytest.mark.parametrize(
    ("name", "key", "value", "problem"),
    [
        ("metrics/systems.json", "lead-3", {"words": 3.0}, "lead-3.rouge1: Field required"),
        ("metrics/dataset.json", "test", {"read": 3}, "test.rejected: Field required"),
        ("models/t5-gold/settings.json", "family", 3, "family: expected text"),
        ("models/t5-gold/settings.json", "best_step", "3", "best_step: expected a whole number"),
        ("metrics/students/t5-gold.json", "shipped", "13", "shipped: expected a whole number"),
        ("metrics/recipes.json", "t5-gold-minus-zeroshot", {}, "zeroshot.rouge1: Field required"),
        ("models/t5-gold/ctranslate2/check.json", "passed", 1, "passed: expected true or false"),
        ("data/raw/source.json", "source", "disk", "expected tags: 'sample', 'hub', 'files'"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(
    name: str, key: str, value: Any, problem: str, project: Path
) -> None:
    write(project, name, {**contents()[name], key: value})
    said = refuse(project)
    assert said.startswith(f"{name}: ")
    assert problem in said


def test_a_seed_or_a_system_without_scores_is_named(project: Path) -> None:
    make_trained_seeds(2).write(project / "metrics/students/bart-gold.json")
    with pytest.raises(
        DataError, match=r"^metrics/seeds\.json: no seed 14 of bart-gold in it; `dvc repro`"
    ):
        write_cards("bart-gold")
    assert not cards(project)
    scores = dict(SHARED["metrics/systems.json"])
    del scores["bart-written"]
    write(project, "metrics/systems.json", scores)
    with pytest.raises(
        DataError, match=r"metrics/systems\.json: no 'bart-written' in it; `dvc repro`"
    ):
        write_cards("bart-written")


def test_seeds_and_verdicts_reach_the_card(project: Path) -> None:
    for system in TRAINED:
        make_trained_seeds(3).write(project / "metrics/students" / f"{system}.json")
    for document in (make_recipes(3, SYSTEMS), make_recipe_gap(3)):
        document.write(project / document.PATH)
    write_cards()
    for card in cards(project).values():
        assert b"3 models were trained" in card
        assert b"or 9 seeds" in card
