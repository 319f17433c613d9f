"""Two pipelines in one repository: what is read in the folder of one speaks of that one alone."""

from pathlib import Path

import pytest

from tests.project import Project
from understudy.versioning.committed import committed_versions
from understudy.versioning.repository import open_repo
from understudy.versioning.snapshots import read_snapshots
from understudy.versioning.status import survey_stages
from understudy.versioning.storage import survey_storage

PIPELINE = """\
stages:
  {name}:
    cmd: >-
      cp {code} data.txt && echo '{{"rows": ${{p}}}}' > numbers.json
    deps: [{code}]
    params: [p]
    outs: [data.txt]
    metrics: [numbers.json: {{cache: false}}]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("two") / "project", {})
    for folder, name, code in ((".", "outer", "code.txt"), ("second", "inner", "../code.txt")):
        place = project.path / folder
        place.mkdir(parents=True, exist_ok=True)
        text = PIPELINE.format(name=name, code=code)
        (place / "dvc.yaml").write_text(text, encoding="utf-8")
        (place / "params.yaml").write_text(f"p: {len(folder)}\n", encoding="utf-8")
    (project.path / "code.txt").write_text("one\n", encoding="utf-8")
    project.run("git", "init", "--quiet")
    project.run("dvc", "init", "--quiet")
    project.run("dvc", "remote", "add", "--default", "storage", "../storage")
    project.run("dvc", "repro", "dvc.yaml", "second/dvc.yaml")
    project.run("dvc", "push")
    project.commit("Run")
    return project


@pytest.mark.parametrize(("folder", "name", "rows"), [(".", "outer", 1), ("second", "inner", 6)])
def test_each_pipeline_is_a_project_of_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch, folder: str, name: str, rows: int
) -> None:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", project.environment["DVC_SITE_CACHE_DIR"])
    monkeypatch.chdir(project.path / folder)
    Path("params.yaml").write_text("p: 9\n", encoding="utf-8")
    assert [(one.name, one.reasons) for one in survey_stages()] == [
        (name, ("command changed", f"params p changed: {rows} -> 9"))
    ]
    with open_repo() as repo:
        commit = project.run("git", "rev-parse", "HEAD").stdout.strip()
        before, now = read_snapshots(repo, commit)
        assert (before.params, now.params) == ({"p": rows}, {"p": 9})
        assert before.metrics == now.metrics == {"numbers": {"rows": rows}}
        assert list(before.outs) == ["data.txt", "numbers.json"]
        Path("data.txt").unlink()
        assert before._fetch(Path("data.txt"), Path("copy.txt")).read_bytes() == b"one\n"
        assert survey_storage(repo).checked == 1
    [version] = committed_versions([Path("data.txt")])
    assert dict(version.params) == {"p": rows}
    version.fetch(Path("copy.txt"))
    assert Path("copy.txt").read_bytes() == b"one\n"
