"""Each file that one part writes and another reads: what is written is what is read."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.contract.examples import (
    make_answered,
    make_check,
    make_dataset,
    make_gap,
    make_origin,
    make_recipe_gap,
    make_recipes,
    make_scores,
    make_settings,
    make_survey,
    make_systems,
    make_teacher,
    make_trained_seeds,
)
from tests.contract.payback_examples import make_latencies
from tests.contract.text_examples import make_lengths, make_texts
from tests.imports import ROOT
from understudy.contract.answered import ANSWERED, AnswerCounts, Answered
from understudy.contract.dataset import Dataset
from understudy.contract.document import Document, Metrics, Record
from understudy.contract.evaluation import ByKind, Gap, OneSource, Systems
from understudy.contract.names import KINDS, MEASURES
from understudy.contract.origin import load_origin
from understudy.contract.params.sources import SOURCES
from understudy.contract.personal import ReplacedKinds
from understudy.contract.recipes import RecipeGap, Recipes
from understudy.contract.survey import SURVEYS, SourceSurvey
from understudy.contract.teacher_use import TeacherUse
from understudy.contract.texts import LengthEffects, Texts
from understudy.contract.timing import LATENCIES, StudentLatency
from understudy.contract.trained import STUDENTS_FOLDER, TrainedSeeds
from understudy.contract.worth import Worth
from understudy.core.errors import DataError

METRICS = (
    Dataset, Systems, OneSource, Gap, Recipes, RecipeGap, Worth, Texts, LengthEffects, TeacherUse,
)  # fmt: skip
IN_FOLDERS = (
    (ANSWERED, Answered),
    (STUDENTS_FOLDER, TrainedSeeds),
    (LATENCIES, StudentLatency),
    (SURVEYS, SourceSurvey),
)
EXAMPLES: tuple[Document, ...] = (
    make_dataset(),
    make_dataset(study={"train": {"under_limit": 39626}, "test": {"under_limit": 1900}}),
    *map(make_answered, ("generate", "label", "zeroshot")),
    make_systems(),
    OneSource.model_validate({"t5": make_scores(40.0)}),
    make_gap({("t5-written", "t5-gold"): "undecided"}),
    make_texts(),
    make_recipes(),
    make_recipes(3),
    make_recipe_gap(),
    make_recipe_gap(3, {("t5-written", "t5-gold"): "void"}),
    make_trained_seeds(3),
    make_lengths(),
    make_teacher(),
    *map(make_survey, SOURCES),
    *make_latencies().values(),
    make_settings(),
    make_check(),
    make_check(passed=False, why="off by 2 nats"),
    ReplacedKinds(emails=True, phones=False, cards=True, names=False),
)


@pytest.mark.parametrize("document", EXAMPLES, ids=lambda document: type(document).__name__)
def test_what_is_written_is_read_and_written_the_same(document: Document, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    document.write(first)
    found = type(document).load(first)
    found.write(second)
    assert found == document
    assert second.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("source", ["sample", "hub", "files"])
def test_each_kind_of_source_is_read_back(source: str, tmp_path: Path) -> None:
    origin = make_origin(source)
    origin.write(tmp_path / "source.json")
    assert load_origin(tmp_path / "source.json") == origin


COMMITTED: list[tuple[Path, type[Metrics]]] = [(ROOT / kind.PATH, kind) for kind in METRICS]
COMMITTED += [
    (path, kind) for folder, kind in IN_FOLDERS for path in sorted((ROOT / folder).glob("*.json"))
]


@pytest.mark.parametrize(
    ("committed", "kind"),
    COMMITTED,
    ids=[path.relative_to(ROOT).as_posix() for path, _ in COMMITTED],
)
def test_the_committed_metrics_are_rewritten_byte_for_byte(
    committed: Path, kind: type[Metrics], tmp_path: Path
) -> None:
    text = committed.read_text(encoding="utf-8")
    path = tmp_path / "metrics.json"
    path.write_text(text, encoding="utf-8")
    kind.load(path).write(path)
    assert path.read_text(encoding="utf-8") == text


def test_metrics_are_rounded_without_what_is_absent_and_models_keep_nulls() -> None:
    content = make_gap().to_json()
    difference = content["t5-gold-minus-zeroshot"]["rouge1"]
    assert "articles_needed" not in difference
    assert make_scores(1.23456).rouge1.recall == 1.2346
    assert make_settings().to_json()["commit"] is None
    assert make_check().to_json()["why"] is None
    assert tuple(ByKind.model_fields) == KINDS
    assert set(MEASURES) <= set(type(make_scores(1.0).rouge1).model_fields)


def test_unknown_keys_of_a_file_are_ignored_at_every_depth(tmp_path: Path) -> None:
    content = {**make_answered("generate").to_json(), "more": 1}
    content["train"]["more"] = 1
    assert Answered.load(_write(tmp_path, content)) == make_answered("generate")
    keyed = make_systems().to_json()
    keyed["t5-gold"]["rouge1"]["more"] = keyed["reference"]["more"] = 1
    assert Systems.load(_write(tmp_path, keyed)) == make_systems()
    origin = {**make_origin().to_json(), "more": 1}
    assert load_origin(_write(tmp_path, origin)) == make_origin()


@pytest.mark.parametrize(
    ("form", "content", "key"),
    [
        (Answered, {**make_answered("label").to_json(), "more": 1}, "more"),
        (AnswerCounts, {"asked": 1, "kept": 1, "dropped": {}, "figure": 2}, "figure"),
        (
            Systems,
            {"t5-gold": {**make_scores(1.0).model_dump(), "figure": 2}},
            r"t5-gold.\(rouge\).figure",
        ),
    ],
)
def test_a_figure_without_a_field_is_an_error_for_its_writer(
    form: type[Record], content: dict[str, Any], key: str
) -> None:
    with pytest.raises(ValidationError, match=f"(?m)^{key}\n  Extra inputs are not permitted"):
        form(**content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file; `dvc repro` makes it"),
        ({"train": {}}, "train.asked: Field required; `dvc repro`"),
        ({"train": {"asked": "9"}}, "train.asked: expected a whole number; `dvc repro`"),
        ([], "expected a JSON object; `dvc repro`"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_key_and_a_way_out(
    content: Any, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "generated.json" if content is None else _write(tmp_path, content)
    with pytest.raises(DataError) as raised:
        Answered.load(path)
    assert str(raised.value).startswith(str(path))
    assert words in str(raised.value)


def test_a_broken_or_missing_system_is_named(tmp_path: Path) -> None:
    content = make_systems().to_json()
    del content["t5-gold"]["rouge2"]["f1"]
    with pytest.raises(DataError, match=r"t5-gold\.rouge2\.f1: Field required"):
        Systems.load(_write(tmp_path, content))
    with pytest.raises(DataError, match=r"metrics/systems.json: no 't6-gold' in it; `dvc repro`"):
        make_systems()["t6-gold"]


def _write(folder: Path, content: Any) -> Path:
    path = folder / "content.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
