"""What a review is compared with, and what it says where there is nothing to compare."""

import shutil
from pathlib import Path

import pytest

from tests.project import Project
from tests.tools.reviewing.reviewer import Reviewer


def test_an_unknown_base_is_one_line_with_the_name_that_was_meant(
    project: Project, review: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert review.problem("nope").startswith("BASE = 'nope': no such revision; `git fetch`")
    project.run("git", "clone", "--quiet", "--branch", "prompt", ".", "../clone")
    monkeypatch.chdir("../clone")
    assert review.problem("main").endswith("did you mean 'origin/main'?")


def test_a_base_without_a_common_commit_is_one_line(
    project: Project, review: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("git", "checkout", "--quiet", "--orphan", "apart")
    project.commit("Apart")
    assert "has no commit in common with HEAD; name a branch" in review.problem("main")
    project.run("git", "checkout", "--quiet", "prompt")
    url = f"file://{project.path}"
    project.run("git", "clone", "--quiet", "--depth", "1", "--no-single-branch", url, "../shallow")
    monkeypatch.chdir("../shallow")
    project.run("git", "-C", "../shallow", "checkout", "--quiet", "prompt")
    assert "in this shallow clone; `git fetch --unshallow`" in review.problem("origin/main")


def test_outside_of_git_or_before_a_commit_it_is_one_line(
    tmp_path: Path, review: Reviewer, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
    assert review.problem("main").startswith("Git cannot be used here (not a git repository")
    project.run("git", "init", "--quiet")
    assert review.problem("main").startswith("HEAD: no commit yet")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert review.problem("main").startswith("git: no such program here")


def test_a_broken_pipeline_is_one_line(project: Project, review: Reviewer) -> None:
    Path("dvc.yaml").write_text("stages: [", encoding="utf-8")
    assert "dvc.yaml" in review.problem("main")


def test_the_output_is_a_file_whole_or_not_at_all(project: Project, review: Reviewer) -> None:
    assert review.text("main", "--output", "out/review.md") == ""
    assert Path("out/review.md").read_text(encoding="utf-8") == review.text("main")
    assert review.text("main", "--output", "params.yaml/review.md") == ""
    assert str(review.error).startswith("--output params.yaml/review.md: ")
