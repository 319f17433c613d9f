"""report: which files it reads, what it says of a missing or broken one, and what it writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from stages.report.__main__ import REPORT, main
from tests.imports import ROOT
from tests.stages.carding import run_elsewhere
from tests.stages.report.inputs import list_files, make_articles, make_metrics, write_project
from understudy.contract.params.report import ReportParams
from understudy.core.errors import DataError, ParamsError

STAGE = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["report"]
DEPS = [dep for dep in STAGE["deps"] if dep.startswith(("data/", "metrics/"))]
DATA = list_files()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stage reads, as the working directory."""
    write_project(tmp_path, make_articles(4))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_stage_reads_its_deps_and_writes_the_report_and_nothing_else(project: Path) -> None:
    written = {str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()}
    assert written - {"params.yaml"} == set(DATA)
    below = {
        dep: {name for name in DATA if name == dep or name.startswith(f"{dep}/")} for dep in DEPS
    }
    assert [dep for dep, names in below.items() if not names] == []
    assert set().union(*below.values()) == set(DATA)
    before = {path for path in project.rglob("*") if path.is_file()}
    main()
    new = {path for path in project.rglob("*") if path.is_file()} - before
    assert new == {project / REPORT} == {project / out for out in STAGE["outs"]}


def test_the_command_writes_the_same_bytes_or_keeps_what_was_there(project: Path) -> None:
    main()
    expected = REPORT.read_bytes()
    run_elsewhere("report")
    assert REPORT.read_bytes() == expected
    assert str(project).encode() not in expected
    (project / "metrics/gap.json").write_text("{}", encoding="utf-8")
    process = subprocess.run(
        [sys.executable, "-m", "stages.report"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert process.stderr.startswith(
        "error: metrics/gap.json: no 't5-written-minus-t5-gold' in it;"
    )
    assert process.stderr.count("\n") == 1
    assert REPORT.read_bytes() == expected


@pytest.mark.parametrize("name", DATA)
def test_a_missing_file_is_named_in_one_line_and_no_report_is_written(
    name: str, project: Path
) -> None:
    (project / name).unlink()
    with pytest.raises(DataError) as caught:
        main()
    assert str(caught.value) == f"{name}: no such file; `dvc repro` makes it, `dvc pull` gets it"
    assert not REPORT.exists()


@pytest.mark.parametrize("name", DATA)
def test_a_broken_file_is_one_line_that_names_it(name: str, project: Path) -> None:
    (project / name).write_bytes(b"\x01\xff{")
    with pytest.raises(DataError) as caught:
        main()
    assert str(caught.value).startswith(f"{name}: ")
    assert str(caught.value).endswith("`dvc repro` makes it again")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(make_metrics(1)))
@pytest.mark.parametrize("text", ["[]", "{}", '{"source": null}', '{"train": 3}'])
def test_json_of_another_form_is_named_in_one_line(name: str, text: str, project: Path) -> None:
    (project / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        main()
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


def test_no_more_articles_than_params_allow_are_in_the_report(project: Path) -> None:
    params = (project / "params.yaml").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(params.replace("articles: 2000", "articles: 3"), "utf-8")
    main()
    page = REPORT.read_text(encoding="utf-8")
    assert "The first 3 of 4 test articles" in page
    assert "test-000002" in page
    assert "test-000003" not in page


@pytest.mark.parametrize("articles", [0, -1, 2.5, "all", None, True])
def test_articles_are_a_whole_number_above_zero(articles: object) -> None:
    with pytest.raises(ValidationError):
        ReportParams.model_validate({"articles": articles})


def test_a_misspelt_param_stops_the_stage(project: Path) -> None:
    params = (project / "params.yaml").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(params.replace("articles: 2000", "article: 2"), "utf-8")
    with pytest.raises(ParamsError, match=r"report\.article = 2: unknown key; did you mean 'ar"):
        main()


def test_git_does_not_take_the_report(project: Path) -> None:
    ignored = (ROOT / "metrics" / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{REPORT.name}" in ignored
