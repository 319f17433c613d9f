"""The second pipeline as its users drive it, once, in one small project with both."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.project import SECOND, Project, copy_project, quick
from understudy.contract.kind import CLASSIFICATION
from understudy.students.training.resume import SEAL
from understudy.tools.table import BEGIN, END

SOURCES = ("gold", "labelled")
STUDENTS = [f"{student}-{source}" for student in CLASSIFICATION.students for source in SOURCES]
SYSTEMS = {*STUDENTS, "zeroshot", *CLASSIFICATION.baselines}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Both pipelines, of which the second has run by `make`'s commands, and is committed."""
    root = copy_project(tmp_path_factory.mktemp("both") / "clone", "sample", {}, both=True)
    project = root.pipeline(SECOND)
    project.change_params(
        fetch__sample={"train": 160, "validation": 40, "test": 40},
        sources=list(SOURCES),
        generate__sources=[],
        train_GBDT__settings__rounds=10,
        **quick(12, ("LSTM", "BERT", "T5")),
    )
    root.commit("Start")
    for command in ("check", "repro", "table"):
        project.run("python", "-m", "understudy.tools", command)
    root.commit("Run")
    return root


@pytest.fixture
def project(root: Project) -> Project:
    return root.pipeline(SECOND)


def ran(project: Project, *arguments: str) -> set[str]:
    """The stages that `dvc repro` runs, or would with --dry."""
    printed = project.run("dvc", "repro", *arguments).stdout
    return set(re.findall(r"^Running stage '(.+)':", printed, re.MULTILINE))


def test_one_run_scores_every_system_and_a_second_runs_nothing(project: Project) -> None:
    systems = json.loads((project.path / "metrics/systems.json").read_text("utf-8"))
    assert set(systems) == SYSTEMS | {"reference", "references"}
    table = (project.path / "README.md").read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert all(f"| `{name}` |" in table for name in SYSTEMS)
    assert list(project.path.rglob("*.partial")) == []
    assert ran(project) == set()
    shown = json.loads(project.run("dvc", "metrics", "show", "--json").stdout)[""]["data"]
    assert {f"metrics/calibration/{name}.json" for name in STUDENTS} <= set(shown)
    own = {name for name in shown if not name.startswith("..")}  # DVC shows both pipelines'
    assert {name for name in own if "error" in shown[name]} == set()


def test_the_first_pipeline_is_as_it_was(root: Project, project: Project) -> None:
    changed = root.run("git", "diff", "--name-only", "HEAD~1").stdout.splitlines()
    assert changed
    assert {Path(name).parts[0] for name in changed} == {SECOND}
    assert not (root.path / "dvc.lock").exists()
    assert "fetch" in root.run("dvc", "repro", "--dry", "fetch").stdout
    plans = [
        json.loads(one.run("python", "-m", "understudy.tools", "plan", "--json").stdout)
        for one in (root, project)
    ]
    assert [list(plan["students"]) for plan in plans] == [
        ["t5", "bart"],
        [*CLASSIFICATION.students],
    ]
    assert {stage["state"] for stage in plans[0]["stages"]} == {"stale"}
    assert {stage["state"] for stage in plans[1]["stages"]} == {"up to date"}
    assert {found["to_pay"] for found in plans[1]["calls"].values()} == {0}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"teacher__concurrency": 3}, set()),
        ({"evaluate__margin": 2.0}, {"evaluate", "report"}),
        ({"train_LSTM__settings__width": 50}, {f"train-lstm@{source}-13" for source in SOURCES}),
        ({"task__synonyms": {}}, {"fetch", "label@labelled", "zeroshot"}),
        ({"zeroshot__prompt": "prompts/zeroshot.json.yaml"}, {"label@labelled", "zeroshot"}),
    ],
)
def test_a_change_runs_only_what_it_must(
    project: Project, changes: dict[str, object], expected: set[str]
) -> None:
    project.change_params(**changes)
    cards = {f"datacards@{source}" for source in SOURCES}
    assert ran(project, "--dry") - cards == expected
    project.restore_params()


def test_a_training_that_was_killed_goes_on(project: Project) -> None:
    project.change_params(train_LSTM__settings__max_steps=600, train_LSTM__settings__validations=60)
    arguments = ("python", "-m", "stages.train_lstm", "gold", "13")
    state = project.path.parent / ".dvc/cache/training"
    with subprocess.Popen(
        arguments, cwd=project.path, env=project.environment, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and not list(state.rglob(SEAL)):
            time.sleep(0.05)
        process.kill()
    assert process.returncode == -9
    assert "goes on from step" in project.run(*arguments).stderr
    project.restore_params()
    project.run("dvc", "checkout", "--force", "dvc.yaml")


def test_a_source_that_is_left_out_leaves_nothing_behind(root: Project, project: Project) -> None:
    project.change_params(sources=["labelled"])
    assert not {name for name in ran(project) if name.startswith(("train", "predict"))}
    systems = json.loads((project.path / "metrics/systems.json").read_text("utf-8"))
    assert set(systems) & set(STUDENTS) == {name for name in STUDENTS if "labelled" in name}
    assert list((project.path / "metrics").rglob("*-gold.*")) == []
    root.run("git", "checkout", "--quiet", ".")
    project.run("dvc", "checkout", "--force", "dvc.yaml")


def test_a_clone_that_pulls_runs_nothing_and_asks_nothing(root: Project) -> None:
    root.run("dvc", "push")
    root.run("git", "clone", "--quiet", str(root.path), "../elsewhere")
    clone = Project(root.path.parent / "elsewhere", {}).pipeline(SECOND)
    clone.run("dvc", "pull", "dvc.yaml")
    assert ran(clone) == set()
    assert not (clone.path.parent / ".dvc" / "cache" / "teacher").exists()
    assert clone.run("git", "status", "--porcelain").stdout == ""
