"""What dvc.lock names and the remote lacks."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.project import Project
from tests.tools.reviewing.reviewer import Reviewer, rows, section
from understudy.tools.reviewing.artifacts import group_seeds
from understudy.versioning.storage import MissingArtifact


def stored(project: Project, path: str) -> Path:
    """Where the remote has a file that dvc.lock names."""
    name = project.run("grep", "-A", "3", f"path: {path}", "dvc.lock").stdout
    found = re.search(r"md5: (\w\w)(\S+)", name)
    assert found
    return project.path.parent / "storage" / "files" / "md5" / found.group(1) / found.group(2)


def test_what_the_remote_lost_is_named_despite_an_index(project: Project, review: Reviewer) -> None:
    stored(project, "data/scores.parquet").unlink()
    text = review.text("main")
    assert "; 1 artifact missing in the remote." in text.splitlines()[0]
    shown = rows(section(text, "Artifacts"), "data/scores.parquet")
    size = Path("data/scores.parquet").stat().st_size
    assert shown == [
        ["`data/scores.parquet`", "`evaluate`", f"{size / 1000:.1f} kB", "1 of 1 file"]
    ]
    found = review.json()["storage"]["missing"]
    assert [(missing["path"], missing["size"]) for missing in found] == [
        ("data/scores.parquet", size)
    ]
    project.run("dvc", "status", "--cloud", "--quiet")
    shutil.rmtree(project.path.parent / "storage" / "files")
    assert len(review.json()["storage"]["missing"]) == 8


@pytest.mark.parametrize("cached", [True, False])
def test_a_folder_is_listed_with_its_lack(project: Project, review: Reviewer, cached: bool) -> None:
    listing = stored(project, "models/t5-written/ctranslate2")
    entries = {entry["relpath"]: entry["md5"] for entry in json.loads(listing.read_text("utf-8"))}
    store = listing.parent.parent
    (store / entries["model.bin"][:2] / entries["model.bin"][2:]).unlink()
    if not cached:
        shutil.rmtree(".dvc/cache")
    shown = rows(review.text("main"), "models/t5-written/ctranslate2")
    assert [row[1:] for row in shown] == [["`select@t5-written`", "4.0 kB", "1 of 2 files"]]
    listing.unlink()
    shown = rows(review.text("main"), "models/t5-written/ctranslate2")
    assert [row[3] for row in shown] == ["2 of 2 files"]


def test_a_remote_that_is_not_here_or_not_set_is_told(project: Project, review: Reviewer) -> None:
    shutil.rmtree(project.path.parent / "storage")
    text = review.text("main")
    assert "the remote was not looked at" in text.splitlines()[0]
    assert "Not looked for in the remote `storage`: its folder is not there" in text
    project.run("dvc", "remote", "remove", "storage")
    text = review.text("main")
    assert "Not looked for in the remotes: no remote is set" in section(text, "Artifacts")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:secret@127.0.0.1:9/x", "ClientConnectorError"),
        ("gs://bucket/x", "ImportError: gs is supported, but requires 'dvc-gs'"),
    ],
)
def test_a_remote_that_cannot_be_asked_is_said_plainly(
    project: Project, review: Reviewer, url: str, shown: str
) -> None:
    project.run("dvc", "remote", "modify", "storage", "url", url)
    text = review.text("main")
    assert "Not looked for in the remote `storage`: it cannot be asked (`" in text
    assert shown in section(text, "Artifacts")
    assert "secret" not in text
    assert rows(text, "t5-written") != []


def test_what_seeds_left_is_one_row_for_each_system() -> None:
    folder = "models/seeds/t5-gold"
    missing = [
        MissingArtifact("data/scores.parquet", "evaluate", 10, 1, 1),
        MissingArtifact(f"{folder}/13.json", "train-t5@gold-13", 1, 1, 1),
        MissingArtifact(f"{folder}/13/ctranslate2", "export-t5@t5-gold-13", None, 2, 3),
        MissingArtifact(f"{folder}/14/model.safetensors", "train-t5@gold-14", 7, 1, 1),
        MissingArtifact("models/seeds/t5-written/13.json", "train-t5@written-13", 1, 1, 1),
        MissingArtifact("data/predictions/seeds/t5-gold/13.parquet", "predict-t5@x-13", 2, 1, 1),
        MissingArtifact("models/t5-gold/model.safetensors", "select@t5-gold", 7, 1, 1),
    ]
    assert group_seeds(missing) == [
        missing[0],
        MissingArtifact(folder, "train-t5, export-t5", 8, 4, 5),
        MissingArtifact("models/seeds/t5-written", "train-t5", 1, 1, 1),
        MissingArtifact("data/predictions/seeds/t5-gold", "predict-t5", 2, 1, 1),
        missing[-1],
    ]
