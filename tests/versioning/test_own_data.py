"""The layout of docs/data.md: `dvc exp run --temp` finds data/own after `dvc add`."""

import os
import subprocess
import sys
from pathlib import Path

from tests.imports import ROOT

STAGE = """
stages:
  fetch:
    cmd: test -s ${fetch.files.train}
    deps: ["${fetch.files.train}"]
"""


def test_an_experiment_in_a_copy_finds_data_that_dvc_tracks_inside(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for folder in (project / "data/own", tmp_path / "outside"):
        folder.mkdir(parents=True)
        (folder / "train.csv").write_text("article,highlights\na,b\n", "utf-8")
    (project / "dvc.yaml").write_text(STAGE, "utf-8")
    (project / "params.yaml").write_text("fetch: {files: {train: data/own/train.csv}}\n", "utf-8")
    assert "train: data/own/train." in (ROOT / "docs/data.md").read_text("utf-8")
    who = {
        f"GIT_{role}_{key}": "t@localhost"
        for role in ("AUTHOR", "COMMITTER")
        for key in ("NAME", "EMAIL")
    }
    environment = {**os.environ, **who, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}

    def run(*command: str) -> int:
        return subprocess.run(
            command, cwd=project, env=environment, capture_output=True, check=False
        ).returncode

    dvc = (sys.executable, "-m", "dvc")
    for command in (
        ("git", "init", "--quiet"),
        (*dvc, "init", "--quiet"),
        (*dvc, "add", "--quiet", "data/own"),
        ("git", "add", "--all"),
        ("git", "commit", "--quiet", "--message", "all"),
        (*dvc, "exp", "run", "--temp"),
    ):
        assert run(*command) == 0, command
    assert run(*dvc, "exp", "run", "--temp", "-S", "fetch.files.train=../outside/train.csv") != 0
