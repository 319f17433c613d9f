"""After a harvest, DVC runs label and what follows from it, and nobody is paid.

The graph is that of dvc.yaml, without one student, one source, and what only adds pages. The stages
up to the teacher's answers are real, the others write what tells their inputs apart, so that a
stage runs only if one of them has changed. One project; the tests go on with it in the order of
this file.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.doubles.teacher import ChatServer
from tests.project import Project, copy_project

REAL = ("fetch", "filter", "label", "zeroshot")
LEFT_OUT = ("generate", "latency", "calibrate", "worth", "cards", "report")
COUNTS = {"train": 6, "validation": 3, "test": 4}
SERVE = """\
import sys
from datetime import UTC, datetime
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.params import load_section
from understudy.serving.keeping import Keeper
from understudy.teacher.client import ask
from understudy.teacher.ledger import default_ledger
from understudy.teacher.prompts import Prompt
from understudy.teacher.requests import Question
prompt = Prompt("zeroshot.prompt", load_section("zeroshot", ZeroshotParams).prompt)
rows = [{"article": text} for text in sys.argv[2:]]
questions = [Question(prompt.fill(row), row, "", prompt.settings) for row in rows]
keeper = Keeper(print)
for question, answer in ask(
    questions, load_section("teacher", TeacherParams), default_ledger(), "serve"
):
    time = datetime.fromisoformat(sys.argv[1]).replace(tzinfo=UTC)
    keeper.add({"time": time, "request": answer.request, "teacher": answer.text,
                "article": question.row["article"], "mode": "cascade", "why": "unsure"})
"""
"""What a server does about requests that its student is not sure of; it is killed afterwards."""


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: ChatServer) -> Project:
    project = copy_project(tmp_path_factory.mktemp("harvest") / "project", "sample", {})
    project.write_rows(COUNTS)
    project.change_params(
        fetch__source="files",
        teacher__base_url=server.url,
        teacher__model="double",
        teacher__prices={"input": 1.0, "cached_input": 1.0, "output": 2.0, "batch_factor": 0.5},
        label__max_echoed=1,  # the double echoes
        sources=["gold", "labelled"],
        generate__sources=[],
        evaluate__source="labelled",
    )
    project.stub_stages(REAL, LEFT_OUT, students=["t5"])
    project.repro()
    project.commit("Start")
    return project


def follows(name: str) -> bool:
    """Whether a stage is label, or follows from it."""
    stage, _, item = name.partition("@")
    return "labelled" in item or stage in ("evaluate", "worth", "datacards", "cards", "report")


def read_label(project: Project) -> dict[str, Any]:
    return project.read("metrics/answers/label.json")


def test_a_first_harvest_runs_label_and_what_follows_and_pays_nothing(
    project: Project, server: ChatServer
) -> None:
    lock = YAML(typ="safe").load((project.path / "dvc.lock").read_text(encoding="utf-8"))
    texts = ("Served one.", "Served two.", "test 1 is told.", "TRAIN 1 is told.")
    project.run("python", "-c", SERVE, "2026-11-02", *texts)
    before = len(server.calls)
    found = project.tell("harvest")
    assert (found["harvested"], found["left_out"]) == (2, {"in_test": 1, "in_train": 1})
    project.change_params(label__harvested="data/harvested.parquet")
    calls = project.tell("plan")["calls"]["label"]
    assert (calls["rows"], calls["to_pay"]) == (COUNTS["train"] + COUNTS["validation"] + 2, 0)
    assert set(project.repro()) == set(filter(follows, lock["stages"]))
    assert len(server.calls) == before
    assert read_label(project)["harvested"] == {
        "rows": 2, "left_out": 0, "asked": 2, "kept": 2,
        "first_day": "2026-11-02", "last_day": "2026-11-02",
    }  # fmt: skip
    assert read_label(project)["train"]["kept"] == COUNTS["train"] + 2
    project.commit("Harvest")
    assert "data/served" not in project.run("git", "ls-files").stdout


def test_a_harvest_of_nothing_new_runs_nothing(project: Project) -> None:
    assert project.tell("harvest")["harvested"] == 0
    assert project.repro() == []
    assert project.run("git", "status", "--short").stdout == ""


def test_the_next_harvest_adds_to_the_first(project: Project, server: ChatServer) -> None:
    project.run("python", "-c", SERVE, "2026-11-28", "Served two.", "Served three.")
    before = len(server.calls)
    assert project.tell("harvest")["total"] == 3
    ran = project.repro()
    assert "label@labelled" in ran
    assert [name for name in ran if name.startswith("train-t5@")] != []
    assert [name for name in ran if not follows(name)] == []
    assert len(server.calls) == before
    harvested = read_label(project)["harvested"]
    assert (harvested["kept"], harvested["last_day"]) == (3, "2026-11-28")
    project.commit("Harvest again")


def test_a_clone_pulls_what_was_harvested_and_runs_and_pays_nothing(
    project: Project, server: ChatServer
) -> None:
    project.run("dvc", "push")
    clone = project.clone("clone")
    clone.run("dvc", "pull")
    before = len(server.calls)
    assert {stage["state"] for stage in clone.tell("plan")["stages"]} == {"up to date"}
    assert clone.repro() == []
    clone.run("dvc", "repro", "--force", "--single-item", "label")
    assert read_label(clone) == read_label(project)
    assert len(server.calls) == before


def test_a_test_split_that_grew_takes_a_served_input_out_of_training(
    project: Project, server: ChatServer
) -> None:
    row = {"id": "test-new", "article": "Served one.", "highlights": "one"}
    with (project.path / "data/example/test.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    before = len(server.calls)
    project.run("dvc", "repro", "label", "zeroshot")
    assert len(server.calls) == before  # zeroshot asks what label has asked
    harvested = read_label(project)["harvested"]
    assert (harvested["left_out"], harvested["kept"]) == (1, 2)
