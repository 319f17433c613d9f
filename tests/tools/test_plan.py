"""understudy plan: what it prints, and that a run then asks for just that much."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.teacher import Call, Reply, echo, refuse
from tests.project import Project, copy_project
from understudy.core.errors import ParamsError
from understudy.rendering.figures import dollars
from understudy.teacher.ledger import LEDGER_ENV
from understudy.tools.plan import main

COUNTS = {"train": 12, "validation": 4, "test": 5}
LIMIT = 8
TO_PAY = {
    "generate": LIMIT + COUNTS["validation"],
    "label": COUNTS["train"] + COUNTS["validation"],
    "zeroshot": COUNTS["test"],
}
PRICES = {"input": 1.0, "cached_input": 1.0, "output": 2.0, "batch_factor": 0.5}
STAGES = ("generate", "label", "zeroshot")


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with BatchServer() as server:
        yield server


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of a few rows of its own, with fetch and filter done; no teacher is asked yet."""
    project = copy_project(tmp_path_factory.mktemp("plan") / "work" / "project", "sample", {})
    project.write_rows(COUNTS)
    project.change_params(
        fetch__source="files", generate__limit=LIMIT, generate__max_echoed=1, label__max_echoed=1
    )
    project.run("dvc", "repro", "filter")
    project.commit("Filter")
    return project


@pytest.fixture
def project(filtered: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it in which the process stands."""
    shutil.copytree(filtered.path.parent, tmp_path / "work")
    project = Project(tmp_path / "work" / "project", {})
    project.environment.pop(LEDGER_ENV, None)
    monkeypatch.delenv(LEDGER_ENV, raising=False)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.chdir(project.path)
    return project


@pytest.fixture
def plan(capsys: pytest.CaptureFixture[str]) -> "Plan":
    return Plan(capsys)


class Plan:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def text(self, *arguments: str) -> str:
        self._capsys.readouterr()
        main(arguments)
        printed, said = self._capsys.readouterr()
        assert said == ""
        return printed

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text("--json"))
        return found

    def to_pay(self) -> dict[str, int]:
        return {stage: found["to_pay"] for stage, found in self.json()["calls"].items()}


def use(project: Project, server: BatchServer, **changes: Any) -> None:
    """Has the double as the teacher."""
    project.change_params(
        teacher__base_url=server.url,
        teacher__model="double",
        teacher__prices=PRICES,
        **{f"teacher__{name}": value for name, value in changes.items()},
    )


# What it prints


def test_the_text_and_the_json_say_the_same_and_nothing_is_sent_or_written(
    project: Project, server: BatchServer, plan: Plan
) -> None:
    use(project, server, requests_per_minute=2, request={"max_completion_tokens": 1_000_000})
    text, found = plan.text(), plan.json()
    states = {stage["name"]: stage["state"] for stage in found["stages"]}
    assert (states["fetch"], states["filter"]) == ("up to date", "up to date")
    made = ("generate@written", "label@labelled", "zeroshot")
    assert {states[stage] for stage in made} == {"stale"}
    assert text.splitlines()[0].split() == ["stage", "state", "why"]
    assert re.search(r"^generate@written +stale +never run$", text, re.MULTILINE)
    assert f"teacher: double at {server.url}, mode live" in text
    for stage in STAGES:
        calls = found["calls"][stage]
        shared = COUNTS["validation"] if stage == "zeroshot" else 0  # label asks about these
        assert calls["rows"] - shared == calls["to_pay"] == TO_PAY[stage]
        assert f"{stage}: tokens are estimated from 4 characters a token and answers of" in text
        money = [dollars(calls[name]) for name in ("live_usd", "batch_usd", "at_most_usd")]
        counts = [calls[n] for n in ("rows", "paid", "to_pay", "input_tokens", "output_tokens")]
        row = [stage, *(f"{count:,}" for count in counts), *money, f"{calls['minutes']:,.1f} min"]
        assert row in [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    assert server.connections == 0
    assert not list(Path(".dvc").rglob("ledger*"))


def test_broken_params_are_one_line(project: Project) -> None:
    project.change_params(teacher__concurrency=0)
    with pytest.raises(ParamsError, match=r"^.*teacher\.concurrency.*$"):
        main([])
    Path("params.yaml").write_text("fetch: [", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"^params\.yaml.*$"):
        main(["--json"])


def test_the_embedded_teacher_is_free_and_rows_on_the_hub_leave_the_calls_open(
    project: Project, plan: Plan
) -> None:
    text = plan.text()
    assert "teacher: embedded-rules at the embedded rules (free), mode live" in text
    assert {found["live_usd"] for found in plan.json()["calls"].values()} == {0}
    project.change_params(fetch__source="hub")
    assert "calls are known when the rows are: `dvc repro filter`" in plan.text()
    assert plan.json()["calls"] is None


def test_the_plan_is_the_same_before_the_rows_are_there(
    project: Project, server: BatchServer, plan: Plan
) -> None:
    use(project, server)
    before = plan.json()["calls"]
    shutil.rmtree("data/gold")
    shutil.rmtree("data/raw")
    Path("dvc.lock").unlink()
    assert plan.json()["calls"] == before


# Planned and done


def test_a_live_run_asks_for_what_was_planned(
    project: Project, server: BatchServer, plan: Plan
) -> None:
    use(project, server)
    assert plan.to_pay() == TO_PAY
    project.run("dvc", "repro", *STAGES)
    assert len(server.calls) == sum(TO_PAY.values())
    assert plan.to_pay() == dict.fromkeys(STAGES, 0)
    assert "Nothing to pay: every answer is in the ledger" in plan.text()
    project.change_params(generate__limit=COUNTS["train"], teacher__mode="replay")
    missing = COUNTS["train"] - LIMIT
    text = plan.text()
    assert f"teacher.mode = replay: the run would stop, {missing} answers are missing" in text
    assert f"generate: tokens are estimated from {TO_PAY['generate']} answers of this" in text
    project.change_params(teacher__mode="live")
    assert plan.to_pay() == {"generate": missing, "label": 0, "zeroshot": 0}
    before = len(server.calls)
    project.run("dvc", "repro", *STAGES)
    assert len(server.calls) - before == missing


def test_a_run_in_batches_asks_for_what_was_planned(
    project: Project, server: BatchServer, plan: Plan
) -> None:
    use(project, server, mode="batch", batch={"requests": 5, "poll_seconds": 0.01})
    assert plan.to_pay() == TO_PAY
    project.run("dvc", "repro", *STAGES)
    assert len(server.paid_batch) == sum(TO_PAY.values())
    assert server.calls == []
    assert plan.to_pay() == dict.fromkeys(STAGES, 0)


def test_a_stage_that_is_done_but_for_failed_calls_is_said_to_ask_for_none(
    project: Project, server: BatchServer, plan: Plan
) -> None:
    def script(call: Call) -> Reply:
        return (
            refuse(400, "Long.", "context_length_exceeded")
            if "test 1" in call.prompt
            else echo(call)
        )

    server.script = script
    use(project, server, max_failed=0.5)
    project.run("dvc", "repro", "zeroshot")
    assert plan.to_pay()["zeroshot"] == 1
    assert "zeroshot is up to date: its failed calls" in plan.text()


def test_samples_are_counted_one_by_one(project: Project, server: BatchServer, plan: Plan) -> None:
    use(project, server)
    project.change_params(label__samples=3, label__limit=5)
    assert plan.to_pay()["label"] == 3 * (5 + COUNTS["validation"])
    assert "label: 3 samples a row (label.samples), each of them a call" in plan.text()
    samples = {stage: found["samples"] for stage, found in plan.json()["calls"].items()}
    assert samples == {"generate": 1, "label": 3, "zeroshot": 1}
    project.run("dvc", "repro", "label")
    assert plan.to_pay()["label"] == 0


def test_stages_of_sources_that_are_left_out_are_not_planned(project: Project, plan: Plan) -> None:
    project.change_params(sources=["gold", "labelled"], generate__sources=[])
    project.change_params(evaluate__source="gold")
    found = plan.json()
    assert list(found["calls"]) == ["label", "zeroshot"]
    names = {stage["name"] for stage in found["stages"]}
    assert "label@labelled" in names
    assert {name for name in names if "written" in name} == set()


def test_validation_articles_count_where_they_are_asked_about_first(
    project: Project, plan: Plan
) -> None:
    assert plan.to_pay()["zeroshot"] == COUNTS["test"]  # label asks about the others
    project.change_params(label__validation_limit=1)
    assert plan.to_pay()["zeroshot"] == COUNTS["test"] + COUNTS["validation"] - 1
    project.change_params(sources=["gold", "written"], label__sources=[])
    assert plan.to_pay()["zeroshot"] == COUNTS["test"] + COUNTS["validation"]
    project.change_params(zeroshot__validation_limit=0)
    assert plan.to_pay()["zeroshot"] == COUNTS["test"]
