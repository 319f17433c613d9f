"""datacards: a file that is absent or broken is named, and no source's figures are half written."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.examples import TRAINED, make_origin
from tests.stages.carding import find_refusal
from tests.stages.datacards.planted import ANSWERED, count_sources, list_rows, outputs, write_rows
from understudy.contract.params.sources import SOURCES
from understudy.core.files import write_json

INPUTS = [
    *(f"data/{name}.parquet" for name in list_rows()),
    "data/raw/source.json",
    "metrics/dataset.json",
    "metrics/answers/generate.json",
    "metrics/answers/label.json",
    *(f"models/{system}/settings.json" for system in TRAINED),
]


def refuse(project: Path) -> str:
    """What the first source that cannot be counted says; the other sources are as they were."""
    return find_refusal(count_sources, SOURCES, lambda: outputs(project))


@pytest.mark.parametrize("name", INPUTS)
def test_a_missing_file_is_named_and_its_source_not_written(name: str, project: Path) -> None:
    (project / name).unlink()
    assert refuse(project) == f"{name}: no such file; `dvc repro` makes it, `dvc pull` gets it"


@pytest.mark.parametrize(
    "name", ["gold/test", "gold/train", "written/validation", "labelled/train"]
)
def test_a_split_without_rows_is_one_line_that_names_it(name: str, project: Path) -> None:
    write_rows(project / f"data/{name}.parquet", [])
    assert refuse(project) == f"data/{name}.parquet: no row in it; `dvc repro` makes it again"


GENERATE, LABEL = "metrics/answers/generate.json", "metrics/answers/label.json"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("metrics/dataset.json", {}, "train: Field required"),
        (GENERATE, {"train": 3}, "train: "),
        (LABEL, {**ANSWERED["label"].to_json(), "calls": {}}, "calls.model: Field required"),
        (
            GENERATE,
            {**ANSWERED["generate"].to_json(), "train": {"asked": 0, "kept": 0, "dropped": {}}},
            "train.asked: expected greater than 0",
        ),
        (
            "data/raw/source.json",
            {**make_origin().to_json(), "source": "disk"},
            "expected tags: 'sample', 'hub'",
        ),
    ],
)
def test_a_wrong_value_is_named_by_its_place(
    name: str, content: dict[str, Any], problem: str, project: Path
) -> None:
    write_json(project / name, content)
    said = refuse(project)
    assert said.startswith(f"{name}: ")
    assert problem in said


@pytest.mark.parametrize(("stage", "source"), [("generate", "written"), ("zeroshot", "labelled")])
def test_a_prompt_that_cannot_be_read_is_one_line(stage: str, source: str, project: Path) -> None:
    (project / f"prompts/{stage}.txt").unlink()
    said = refuse(project)
    assert said.startswith(f"prompts/{stage}.txt: not a readable prompt")
    assert f"{stage}.prompt" in said
    assert not (project / f"data/{source}/README.md").exists()
