"""DVC tracks a file that no stage makes; it is real DVC in a folder of its own."""

from pathlib import Path

import pytest

from tests.project import Project
from understudy.core.errors import DataError
from understudy.versioning.repository import NoProjectError
from understudy.versioning.tracking import check_pulled, track

FILE = Path("data/harvested.parquet")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path / "project", {})
    (project.path / "data").mkdir(parents=True)
    for name in ("DVC_SITE_CACHE_DIR", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(name, project.environment[name])
    monkeypatch.chdir(project.path)
    project.run("git", "init", "--quiet")
    project.run("dvc", "init", "--quiet")
    project.run("dvc", "remote", "add", "--quiet", "-d", "storage", "../remote")
    FILE.write_text("one")
    return project


def test_a_clone_gets_each_version_by_a_pull(project: Project) -> None:
    assert track(FILE) == [Path("data/harvested.parquet.dvc"), Path("data/.gitignore")]
    FILE.unlink()  # as a new version that takes its place: the cache's own file stays
    FILE.write_text("two")
    track(FILE)
    project.commit("Harvest")
    project.run("dvc", "push")
    project.run("git", "clone", "--quiet", ".", "../clone")
    clone = Project(project.path.parent / "clone", {})
    assert not (clone.path / FILE).exists()
    clone.run("dvc", "pull")
    assert (clone.path / FILE).read_text() == "two"
    assert project.run("git", "status", "--short").stdout == ""


def test_a_file_that_is_not_pulled_or_not_there_is_told(project: Project) -> None:
    check_pulled(FILE)
    track(FILE)
    check_pulled(FILE)
    FILE.unlink()
    with pytest.raises(DataError, match=r"`dvc pull data/harvested\.parquet` gets it"):
        check_pulled(FILE)
    with pytest.raises(DataError, match=r"other\.parquet"):
        track(Path("data/other.parquet"))


def test_without_a_project_there_is_nothing_to_track_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    FILE.parent.mkdir()
    FILE.write_text("one")
    check_pulled(FILE)
    with pytest.raises(NoProjectError):
        track(FILE)
