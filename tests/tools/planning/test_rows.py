"""The filtered rows that a run would see: the workspace's, DVC's, or those of a rehearsal."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.project import Project, copy_project
from understudy.contract.pairs import SPLITS
from understudy.core.errors import DataError
from understudy.core.tables import read_table
from understudy.tools.planning.rows import planned_rows
from understudy.versioning.status import survey_stages

GOLD = Path("data/gold")
SIZES = {"train": 12, "validation": 4, "test": 4}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose rows are fetched, filtered, committed and pushed."""
    project = copy_project(tmp_path_factory.mktemp("rows") / "work" / "project", "sample", {})
    project.run("dvc", "remote", "add", "--default", "--force", "storage", "../storage")
    project.change_params(**{f"fetch__sample__{split}": size for split, size in SIZES.items()})
    project.run("dvc", "repro", "filter")
    project.commit("Filter")
    project.run("dvc", "push")
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it in which the process stands, and a folder for what is temporary."""
    shutil.copytree(finished.path.parent, tmp_path / "work")
    project = Project(tmp_path / "work" / "project", {})
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(project.path)
    return project


def all_files(folder: Path) -> set[Path]:
    """Without those that DVC and Git have for themselves."""
    return {
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not {".git", "tmp", "__pycache__"} & set(path.parts[len(folder.parts) :])
    }


def planned(project: Project) -> tuple[Path | None, dict[str, list[str]]]:
    """The folder, and the ids in it by split; checks that nothing is left behind."""
    before = all_files(project.path)
    with planned_rows(survey_stages()) as folder:
        ids = read_ids(folder) if folder else {}
    assert all_files(project.path) == before
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
    return folder, ids


def read_ids(folder: Path, splits: Iterable[str] = SPLITS) -> dict[str, list[str]]:
    return {split: list(read_table(folder / f"{split}.parquet")["id"]) for split in splits}


def test_settled_rows_are_read_where_they_are_though_a_later_stage_changes(
    project: Project,
) -> None:
    assert planned(project) == (GOLD, read_ids(GOLD))
    project.change_params(generate__limit=3, teacher__model="other")
    assert planned(project)[0] == GOLD


def test_rows_that_are_gone_come_from_the_cache_or_are_rehearsed(project: Project) -> None:
    expected = read_ids(GOLD)
    shutil.rmtree("data/gold")
    shutil.rmtree("data/raw")
    folder, ids = planned(project)
    assert folder != GOLD
    assert ids == expected
    for lost in (".dvc/cache", "../storage"):
        shutil.rmtree(lost)
    assert planned(project)[1] == expected


def test_a_fresh_clone_has_them_from_the_remote_before_it_pulls(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_ids(GOLD)
    project.run("git", "clone", "--quiet", ".", "../clone")
    clone = Project(project.path.parent / "clone", {})
    monkeypatch.chdir(clone.path)
    clone.change_params(fetch__limit=None)  # as it was
    monkeypatch.setattr("understudy.tools.planning.rows._rehearse", None)
    assert planned(clone)[1] == expected
    assert not (clone.path / ".dvc/cache/files").exists()


def test_a_changed_fetch_is_rehearsed(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.change_params(fetch__limit=3)
    folder, ids = planned(project)
    assert folder != GOLD
    assert 0 < len(ids["train"]) <= 3
    assert capfd.readouterr() == ("", "")
    project.run("dvc", "repro", "filter")
    assert read_ids(GOLD) == ids


def test_a_changed_filter_is_rehearsed(project: Project) -> None:
    lengths = sorted(len(text) for text in read_table(GOLD / "train.parquet")["article"])
    project.change_params(filter__max_characters=lengths[-1])
    ids = planned(project)[1]
    assert len(ids["train"]) < len(lengths)
    project.run("dvc", "repro", "filter")
    assert read_ids(GOLD) == ids


def test_rows_edited_by_hand_are_rehearsed(project: Project) -> None:
    expected = read_ids(GOLD)
    shutil.copy(GOLD / "test.parquet", "copy.parquet")
    (GOLD / "train.parquet").unlink()
    shutil.move("copy.parquet", GOLD / "train.parquet")
    folder, ids = planned(project)
    assert folder != GOLD
    assert ids == expected


def test_files_of_the_user_are_rehearsed_or_an_error_that_leaves_nothing(project: Project) -> None:
    project.change_params(fetch__source="files")
    folder, ids = planned(project)
    assert folder != GOLD
    assert all(ids[split] for split in SPLITS)
    project.run("dvc", "repro", "filter")
    assert read_ids(GOLD) == ids
    Path("data/example/train.jsonl").write_text('{"article": 3}\n', encoding="utf-8")
    with pytest.raises(DataError, match="train"):
        planned(project)
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def test_rows_of_the_hub_that_are_settled_are_used(project: Project) -> None:
    """Whatever the source, what dvc.lock describes is what a run would see."""
    project.change_params(fetch__source="hub")
    assert planned(project) == (None, {})  # nothing is downloaded
    project.run("dvc", "commit", "--force", "fetch", "filter")
    assert planned(project)[0] == GOLD
    expected = read_ids(GOLD)
    shutil.rmtree("data/gold")
    assert planned(project)[1] == expected
