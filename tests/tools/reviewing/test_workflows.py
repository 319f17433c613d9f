"""The workflows on GitHub: what they may do, and their scripts with a double of `gh`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.imports import ROOT
from tests.project import Project
from tests.tools.reviewing.reviewer import set_gates

FOLDER = ROOT / ".github"
WORKFLOWS = {
    path.stem: YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    for path in sorted((FOLDER / "workflows").glob("*.yml"))
}
SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository && "
HEAD = "a" * 40
GH = f"""#!{sys.executable}
import json, os, shutil, sys
double = json.load(open(os.environ["DOUBLE"]))
words = sys.argv[1:]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(words) + "\\n")
if words[0] == "api":
    print(double["size"] if words[1].endswith("/artifacts") else double["heads"][words[1]])
elif words[:2] == ["run", "download"]:
    shutil.copytree(double["artifact"], words[words.index("--dir") + 1], symlinks=True)
elif words[:2] == ["pr", "comment"]:
    shutil.copy(words[words.index("--body-file") + 1], os.environ["POSTED"])
"""


def steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, workflow in WORKFLOWS.items():
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                yield name, step


# What they may do


def test_tokens_can_only_read_where_code_of_a_pull_request_runs() -> None:
    assert set(WORKFLOWS) == {"ci", "review", "post-review"}
    for name in ("ci", "review"):
        assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
        assert "pull_request" in WORKFLOWS[name]["on"]
        assert all("permissions" not in job for job in WORKFLOWS[name]["jobs"].values())
    post = WORKFLOWS["post-review"]
    assert post["permissions"] == {}
    assert list(post["on"]) == ["workflow_run"]
    assert post["on"]["workflow_run"]["workflows"] == ["review"]
    assert post["jobs"]["post"]["permissions"] == {
        "actions": "read",
        "contents": "read",
        "pull-requests": "write",
    }
    assert all("pull_request_target" not in workflow["on"] for workflow in WORKFLOWS.values())


def test_the_job_that_may_write_runs_the_default_branch_alone() -> None:
    checkout, post = WORKFLOWS["post-review"]["jobs"]["post"]["steps"]
    assert "ref" not in checkout["with"]
    assert post["run"] == "bash .github/post-review.sh"


def test_secrets_are_for_branches_of_the_same_repository() -> None:
    found = [
        (key, value)
        for _, step in steps()
        for key, value in step.get("env", {}).items()
        if "secrets." in str(value)
    ]
    assert {key for key, _ in found} == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "OPENAI_API_KEY",
    }
    for key, value in found:
        pays = "vars.REVIEW_PAYS == 'yes' && " if key == "OPENAI_API_KEY" else ""
        assert value == f"${{{{ {SAME_REPOSITORY}{pays}secrets.{key} || '' }}}}"
    text = "".join(path.read_text(encoding="utf-8") for path in (FOLDER / "workflows").iterdir())
    assert text.count("secrets.") == len(found)


def test_no_text_of_an_event_becomes_part_of_a_script() -> None:
    assert [step["run"] for _, step in steps() if "${{" in step.get("run", "")] == []


def test_actions_have_versions_and_jobs_have_limits() -> None:
    uses = [step["uses"] for _, step in steps() if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"actions/[\w/-]+@v\d+(\.\d+)*", action) for action in uses)
    for workflow in WORKFLOWS.values():
        assert "concurrency" in workflow
        assert all(job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())


def test_a_review_has_the_history_that_a_merge_base_needs() -> None:
    checkout = WORKFLOWS["review"]["jobs"]["review"]["steps"][0]
    assert checkout["with"]["fetch-depth"] == 0
    assert checkout["with"]["persist-credentials"] is False


# Writing the review


class Writer:
    """Runs review.sh in a project."""

    def __init__(self, project: Project, folder: Path) -> None:
        self._project, self.folder = project, folder

    def write(self, base: str = "main", repro: str = "success") -> tuple[int, str]:
        """Returns the exit status and the review."""
        environment = {
            "BASE": base,
            "NUMBER": "12",
            "REPRO": repro,
            "FOLDER": str(self.folder),
            "GITHUB_STEP_SUMMARY": str(self.folder.parent / "summary.md"),
            "PYTHONPATH": str(ROOT),  # the scratch project has no code
        }
        self._project.environment.update(environment)
        done = self._project.run("bash", str(FOLDER / "review.sh"), ok=False)
        assert (self.folder / "number").read_text(encoding="utf-8") == "12\n"
        page = (self.folder / "review.md").read_text(encoding="utf-8")
        assert (self.folder.parent / "summary.md").read_text(encoding="utf-8").endswith(page)
        return done.returncode, page


@pytest.fixture
def writer(project: Project, tmp_path: Path) -> Writer:
    return Writer(project, tmp_path / "review")


def test_a_review_is_written_for_summary_and_comment_and_a_failed_run_told(writer: Writer) -> None:
    status, page = writer.write()
    assert status == 0
    assert page.startswith("**No gates are set.** Scores of 2 of 6")
    status, page = writer.write(repro="failure")
    assert status == 1
    assert page.startswith("**No gates are set.**")
    assert "**`dvc repro` failed here:** this is a review of the commit as it is." in page


def test_the_comment_says_why_no_review_or_gate_was_had(writer: Writer, project: Project) -> None:
    status, page = writer.write(base="origin/`gone`$(touch gone)")
    assert status == 1
    assert page.startswith("**No review.**\n\n    error: BASE = 'origin/`gone`$(touch gone)': no")
    assert not Path("gone").exists()
    set_gates(project, minimum={"systems.t5-written.rouge1.f1": 99})
    status, page = writer.write()
    assert status == 1
    assert page.startswith("**Gates not held: 1 of 1.**")
    assert "### Teacher" in page


# Posting it


class Poster:
    """Runs post-review.sh with an artifact, and a `gh` that only takes notes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.artifact = folder / "artifact"
        self.artifact.mkdir()
        self.hand_over(b"12\n", "**Gates held: 1.** …\n".encode())
        self.double: dict[str, Any] = {
            "size": 500,
            "artifact": str(self.artifact),
            "heads": {"repos/owner/name/pulls/12": HEAD},
        }
        gh = folder / "bin" / "gh"
        gh.parent.mkdir()
        gh.write_text(GH, encoding="utf-8")
        gh.chmod(0o755)

    def hand_over(self, number: bytes, review: bytes) -> None:
        (self.artifact / "number").write_bytes(number)
        (self.artifact / "review.md").write_bytes(review)

    def post(self) -> tuple[int, str | None]:
        """Returns the exit status, and the comment if there is one."""
        (self._folder / "double.json").write_text(json.dumps(self.double), encoding="utf-8")
        posted = self._folder / "posted.md"
        self.done = subprocess.run(
            ["bash", FOLDER / "post-review.sh"],
            cwd=self._folder,
            env={
                "PATH": f"{self._folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "GH_REPO": "owner/name",
                "GH_TOKEN": "none",
                "RUN_ID": "77",
                "RUN_URL": "https://localhost/run/77",
                "HEAD_SHA": HEAD,
                "DOUBLE": str(self._folder / "double.json"),
                "CALLS": str(self._folder / "calls"),
                "POSTED": str(posted),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        comment = posted.read_text(encoding="utf-8") if posted.exists() else None
        return self.done.returncode, comment

    def calls(self) -> list[list[str]]:
        lines = (self._folder / "calls").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def poster(tmp_path: Path) -> Poster:
    return Poster(tmp_path)


def test_a_review_becomes_the_comment_that_the_next_one_replaces(poster: Poster) -> None:
    status, comment = poster.post()
    assert status == 0
    assert comment is not None
    head, _, body = comment.partition("\n\n")
    assert (
        f"Review of {HEAD}, written by [this branch's own code](https://localhost/run/77)" in head
    )
    assert body == "**Gates held: 1.** …\n"
    last = poster.calls()[-1]
    assert last[:3] == ["pr", "comment", "12"]
    assert last[-2:] == ["--edit-last", "--create-if-none"]


@pytest.mark.parametrize(
    "number",
    [b"", b"0", b"-1", b"1 2", b"1\n2", b"12/../13", b"$(touch gone)", b"9" * 40, b"\xff", b"1\0;"],
)
def test_what_is_no_number_of_a_pull_request_is_refused(poster: Poster, number: bytes) -> None:
    poster.hand_over(number, b"text")
    assert poster.post() == (1, None)
    assert poster.done.stderr.endswith("error: the pull request's number is no number\n")
    assert [words[0] for words in poster.calls()] == ["api", "run"]


def test_a_pull_request_at_another_commit_gets_no_comment(poster: Poster) -> None:
    poster.double["heads"]["repos/owner/name/pulls/12"] = "b" * 40
    assert poster.post() == (0, None)
    assert "is at another commit than the one that was reviewed" in poster.done.stdout


def test_the_text_is_neither_run_nor_cut_within_a_character(poster: Poster, tmp_path: Path) -> None:
    text = "$(touch gone) `touch gone`; \"'\n" + "−" * 100_000
    poster.hand_over(b"12", text.encode())
    status, comment = poster.post()
    assert status == 0
    assert comment is not None
    assert len(comment.encode()) < 65_536
    body = comment.partition("\n\n")[2]
    assert len(body) > 20_000
    assert text.startswith(body)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize(("size", "status"), [(50_000_000, 1), (0, 0)])
def test_no_artifact_and_a_large_one_are_not_downloaded(
    poster: Poster, size: int, status: int
) -> None:
    poster.double["size"] = size
    assert poster.post() == (status, None)
    assert [words[0] for words in poster.calls()] == ["api"]


def test_links_and_missing_files_are_refused(poster: Poster, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("12", encoding="utf-8")
    (poster.artifact / "review.md").unlink()
    assert poster.post() == (1, None)
    (poster.artifact / "review.md").symlink_to(tmp_path / "secret")
    assert poster.post() == (1, None)
    assert "the artifact has no file review.md" in poster.done.stderr
