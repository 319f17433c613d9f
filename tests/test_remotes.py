"""What DVC pushes to S3 and pulls from it: a real server on loopback, real clients, real commands.

One project is pushed once; each test then looks at it from a clone on what could be another
machine.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.doubles.s3 import S3Server
from tests.doubles.teacher import ChatServer
from tests.project import Project, copy_project

BUCKET = "understudy"
ROWS = {"train": 24, "validation": 6, "test": 6}
WRITTEN = [
    "data/written/answers.parquet",
    "data/written/train.parquet",
    "data/written/validation.parquet",
]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        server.create_bucket(BUCKET)
        yield server


@pytest.fixture(scope="module")
def teacher() -> Iterator[ChatServer]:
    with ChatServer() as teacher:
        yield teacher


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, server: S3Server, teacher: ChatServer
) -> Project:
    """Pushed as the README says, up to the articles that the teacher wrote, which cost money."""
    project = copy_project(tmp_path_factory.mktemp("remotes") / "project", "sample", {})
    project.environment = server.environment(project.environment)
    project.change_params(
        **{f"fetch__sample__{split}": count for split, count in ROWS.items()},
        teacher__base_url=teacher.url,
        teacher__model="double",
        teacher__prices={"input": 1.0, "cached_input": 1.0, "output": 2.0, "batch_factor": 0.5},
        generate__limit=12,
        generate__max_echoed=1,  # the double echoes
    )
    project.run("dvc", "remote", "add", "-d", "-f", "storage", f"s3://{BUCKET}/tests")
    project.run("dvc", "remote", "modify", "storage", "endpointurl", server.url)
    project.commit("Start")
    project.run("dvc", "repro", "generate")
    project.commit("Have articles")
    assert re.search(r"^\d+ files pushed$", project.run("dvc", "push").stdout, re.MULTILINE)
    return project


@pytest.fixture
def clone(tmp_path: Path, project: Project) -> Project:
    """On another machine, with nothing in DVC's cache; the key comes from the environment."""
    clone = Project(tmp_path / "clone", {})
    clone.environment = project.environment | {"DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    project.run("git", "clone", "--quiet", str(project.path), str(clone.path))
    return clone


def object_of(project: Project, output: str) -> str:
    """The key of an output's object in the bucket."""
    lock = YAML(typ="safe").load((project.path / "dvc.lock").read_text(encoding="utf-8"))
    outs = [out for stage in lock["stages"].values() for out in stage["outs"]]
    found: str = next(out["md5"] for out in outs if out["path"] == output)
    return f"tests/files/md5/{found[:2]}/{found[2:]}"


def test_a_clone_that_pulls_from_s3_runs_nothing_and_asks_nothing(
    clone: Project, project: Project, teacher: ChatServer
) -> None:
    before = len(teacher.calls)
    clone.run("dvc", "pull", "generate", "filter", "fetch")
    assert "Running stage" not in clone.run("dvc", "repro", "generate").stdout
    for path in WRITTEN:
        assert (clone.path / path).read_bytes() == (project.path / path).read_bytes()
    assert len(teacher.calls) == before == 12 + ROWS["validation"]
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_a_clone_that_has_pulled_nothing_pays_for_a_higher_limit_only(
    clone: Project, teacher: ChatServer
) -> None:
    before = len(teacher.calls)
    clone.change_params(generate__limit=20)
    printed = clone.run("dvc", "repro", "--pull", "--allow-missing", "generate").stdout
    assert re.findall(r"^Running stage '(.+)':", printed, re.MULTILINE) == ["generate@written"]
    assert len(teacher.calls) - before == 8
    assert len(set(teacher.prompts)) == len(teacher.prompts)


def test_without_the_key_nothing_is_paid_for_again(clone: Project, teacher: ChatServer) -> None:
    clone.run("dvc", "pull", "filter")
    clone.change_params(generate__limit=21)
    clone.environment["AWS_SECRET_ACCESS_KEY"] = "wrong"
    before = len(teacher.calls)
    done = clone.run("dvc", "repro", "--single-item", "generate", ok=False)
    assert done.returncode != 0
    assert "neither DVC's cache nor its remote has the file (PermissionError" in done.stderr
    assert "UNDERSTUDY_PAY_AGAIN=1" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(teacher.calls) == before


UNREACHABLE = {
    "another secret key": ({"AWS_SECRET_ACCESS_KEY": "wrong"}, {}, "(403)"),
    "an unknown key": ({"AWS_ACCESS_KEY_ID": "wrong"}, {}, "(403)"),
    "no key": ({"AWS_ACCESS_KEY_ID": ""}, {}, "Unable to locate credentials"),
    "no such bucket": ({}, {"url": "s3://nowhere/tests"}, "The specified bucket does not exist"),
    "no server": ({}, {"endpointurl": "http://127.0.0.1:1"}, "Could not connect to the endpoint"),
}


@pytest.mark.parametrize("case", UNREACHABLE)
def test_a_remote_out_of_reach_fails_at_once_and_says_why(clone: Project, case: str) -> None:
    environment, settings, reason = UNREACHABLE[case]
    secret = clone.environment["AWS_SECRET_ACCESS_KEY"]
    clone.environment |= environment
    for name, value in settings.items():
        clone.run("dvc", "remote", "modify", "--local", "storage", name, value)
    done = clone.run("dvc", "pull", "generate", ok=False)
    assert done.returncode != 0
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert secret not in done.stdout + done.stderr
    assert not any((clone.path / path).exists() for path in WRITTEN)


def test_an_object_that_is_gone_from_the_bucket_is_named_until_it_is_pushed_again(
    clone: Project, project: Project, server: S3Server
) -> None:
    key = object_of(project, WRITTEN[0])
    server.delete(BUCKET, key)
    done = clone.run("dvc", "pull", "generate", ok=False)
    assert done.returncode != 0
    assert WRITTEN[0] in done.stderr
    assert [(clone.path / path).exists() for path in WRITTEN] == [False, True, True]
    assert missing_in(review(clone)) == [WRITTEN[0]]
    project.run("dvc", "push")
    assert key in server.keys(BUCKET)
    clone.run("dvc", "pull", "generate")
    assert missing_in(review(clone)) == []


def test_a_review_without_the_key_says_that_it_could_not_look(clone: Project) -> None:
    clone.environment["AWS_SECRET_ACCESS_KEY"] = "wrong"
    assert "Not looked for in the remote `storage`: it cannot be asked" in review(clone)


def review(project: Project) -> str:
    """The section of `make review` on what dvc.lock names and the remote lacks."""
    text = project.run("make", "-o", ".venv/.ready", "review", "BASE=main").stdout
    return text.split("### Artifacts")[1].split("###")[0]


def missing_in(section: str) -> list[str]:
    """The artifacts in its table."""
    return re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)
