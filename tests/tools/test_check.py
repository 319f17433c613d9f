"""understudy check, and each stage: params.yaml is refused before any work."""

import copy
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.documents import SAMPLE, Document, write_document
from tests.imports import ROOT
from understudy.contract.params.sections import KINDS
from understudy.core.errors import ParamsError
from understudy.tools.check import check

STAGES = {
    "fetch": ("stages.fetch", ()),
    "filter": ("stages.filter", ()),
    "generate": ("stages.generate", ()),
    "train-t5": ("understudy.students.training.stage", ("t5", None)),
    "train-bart": ("understudy.students.training.stage", ("bart", None)),
    "export": ("stages.export", ()),
    "predict": ("stages.predict", ()),
    "zeroshot": ("stages.zeroshot", ()),
    "evaluate": ("stages.evaluate", ()),
    "datacards": ("stages.datacards.__main__", ()),
}


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    """A copy of the sample profile, for a test to spoil; the current folder is empty."""
    monkeypatch.chdir(tmp_path)
    return copy.deepcopy(SAMPLE)


def test_check_tells_the_problems_of_all_sections_at_once(document: Document) -> None:
    for section in tuple(KINDS):
        document[section]["qqqq"] = 1
    write_document(document)
    with pytest.raises(ParamsError) as caught:
        check()
    keys = [line.split()[1] for line in str(caught.value).splitlines()]
    assert keys == [f"{section}.qqqq" for section in tuple(KINDS)]


@pytest.mark.parametrize("section", tuple(KINDS))
def test_an_unknown_section_is_refused_and_the_right_one_suggested(
    document: Document, section: str
) -> None:
    document[f"{section}_"] = document.pop(section)
    write_document(document)
    expected = f"params.yaml: {section}_: unknown section; did you mean '{section}'?"
    with pytest.raises(ParamsError) as caught:
        check()
    assert str(caught.value).splitlines()[0] == expected


def test_check_tells_a_missing_file_once(document: Document) -> None:
    with pytest.raises(ParamsError) as caught:
        check()
    assert len(str(caught.value).splitlines()) == 1


def test_check_takes_the_sample_profile_without_a_word(
    document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    write_document(document)
    check()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("stage", "section"),
    [*((stage, stage) for stage in STAGES), ("generate", "teacher"), ("zeroshot", "teacher")],
)
def test_a_stage_refuses_its_sections_before_any_work(
    document: Document, monkeypatch: pytest.MonkeyPatch, stage: str, section: str
) -> None:
    document[section]["qqqq"] = 1
    write_document(document)
    monkeypatch.setattr(sys, "argv", [stage, "gold"])
    module, arguments = STAGES[stage]
    with pytest.raises(ParamsError, match=rf"^params\.yaml: {section}\.qqqq = 1: unknown key"):
        importlib.import_module(module).main(*arguments)
    assert [path.name for path in Path().iterdir()] == ["params.yaml"]


def test_a_misspelt_key_stops_the_command_with_one_line_and_no_output(document: Document) -> None:
    document["filter"]["max_charakters"] = document["filter"].pop("max_characters")
    write_document(document)
    process = subprocess.run(
        [sys.executable, "-m", "stages.filter"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 1
    assert process.stdout == ""
    assert process.stderr == (
        "error: params.yaml: filter.max_charakters = 2048: unknown key; "
        "did you mean 'max_characters'?\n"
    )
    assert [path.name for path in Path().iterdir()] == ["params.yaml"]
