"""What the teacher is paid for when DVC runs the stages: limits, prompts, clones, experiments.

One project with a counting teacher on loopback; the tests go on with it in the order of this file.
"""

import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.doubles.teacher import PATIENCE, Call, ChatServer, Reply, echo
from tests.project import Project, copy_project

VALIDATION = 5
LIMIT, LABELS = 200, 60
TEST = 10


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: ChatServer) -> Project:
    project = copy_project(tmp_path_factory.mktemp("paying") / "clone", "sample", {})
    project.write_rows({"train": 2 * LIMIT, "validation": 10, "test": TEST})
    project.change_params(
        fetch__source="files",
        teacher__base_url=server.url,
        teacher__model="double",
        teacher__concurrency=64,
        teacher__prices={"input": 1.0, "cached_input": 1.0, "output": 2.0, "batch_factor": 0.5},
        generate__limit=LIMIT,
        generate__max_echoed=1,  # the double echoes
        generate__validation_limit=VALIDATION,
        sources=["gold", "written"],
        label__sources=[],
        label__max_echoed=1,
        zeroshot__validation_limit=0,
    )
    project.commit("Start")
    return project


def asks(project: Project, server: ChatServer, *command: str) -> int:
    """How many calls a command makes."""
    before = len(server.calls)
    project.run(*command)
    return len(server.calls) - before


def calls_of(project: Project, server: ChatServer, *stages: str) -> int:
    """How many calls a run of stages makes: exactly as many as planned before."""
    calls = project.tell("plan")["calls"]
    planned: int = sum(calls[stage]["to_pay"] for stage in calls if stage in stages)
    assert asks(project, server, "dvc", "repro", *stages) == planned
    return planned


def test_the_first_run_pays_for_every_row_and_the_plan_had_said_so(
    project: Project, server: ChatServer
) -> None:
    found = project.tell("plan")
    assert {stage["state"] for stage in found["stages"]} == {"stale"}
    assert found["calls"]["generate"]["to_pay"] == LIMIT + VALIDATION
    assert server.calls == []
    assert asks(project, server, "dvc", "repro", "generate") == LIMIT + VALIDATION
    assert asks(project, server, "dvc", "repro", "generate") == 0


def test_a_limit_raised_by_half_pays_for_the_other_half(
    project: Project, server: ChatServer
) -> None:
    project.change_params(generate__limit=LIMIT + LIMIT // 2)
    found = project.tell("plan")
    stages = {stage["name"]: stage for stage in found["stages"]}
    reason = f"params generate.limit changed: {LIMIT} -> {LIMIT + LIMIT // 2}"
    assert stages["generate@written"]["reasons"] == [reason]
    assert found["calls"]["generate"]["to_pay"] == LIMIT // 2
    assert asks(project, server, "dvc", "repro", "generate") == LIMIT // 2


def test_a_prompt_changed_and_changed_back_pays_for_the_change_once(
    project: Project, server: ChatServer
) -> None:
    project.commit("Have half as many articles more")
    other = project.path / "prompts" / "other.txt"
    other.write_text("Tell the story of '$highlights'\n", encoding="utf-8")
    project.change_params(generate__prompt="prompts/other.txt", generate__limit=10)
    assert calls_of(project, server, "generate") == 10 + VALIDATION
    project.restore_params()
    assert calls_of(project, server, "generate") == 0
    assert asks(project, server, "dvc", "repro", "--force", "--single-item", "generate") == 0
    project.run("git", "checkout", "--quiet", ".")


def test_a_fresh_clone_that_pulls_pays_for_a_higher_limit_only(
    project: Project, server: ChatServer
) -> None:
    project.run("dvc", "push")
    clone = project.clone("elsewhere")
    clone.run("dvc", "pull", "--allow-missing")
    clone.change_params(generate__limit=2 * LIMIT)
    assert calls_of(clone, server, "generate") == LIMIT // 2
    answered = Counter(server.prompts)
    assert max(answered.values()) == 1


def test_a_clone_whose_remote_is_gone_refuses_to_pay_again(
    project: Project, server: ChatServer
) -> None:
    clone = project.clone("offline")
    clone.run("dvc", "remote", "modify", "--local", "storage", "url", "../nowhere")
    clone.change_params(generate__limit=2 * LIMIT - 1)
    before = len(server.calls)
    done = clone.run("dvc", "repro", "generate", ok=False)
    assert "UNDERSTUDY_PAY_AGAIN=1" in done.stderr
    assert len(server.calls) == before


def test_two_experiments_at_once_that_want_the_same_answers_pay_once(
    project: Project, server: ChatServer
) -> None:
    third = project.path / "prompts" / "third.txt"
    third.write_text("Invent '$highlights'\n", encoding="utf-8")
    project.commit("Have another prompt")
    server.script = lambda call: replace(echo(call), delay=1.0)  # so that both want the rest
    before = len(server.calls)
    for seed in (1, 2):
        project.run(
            *("dvc", "exp", "run", "--queue", "--name", f"seed-{seed}", "generate"),
            *("-S", "generate.prompt=prompts/third.txt", "-S", f"train-t5.seeds=[{seed}]"),
            *("-S", f"generate.limit={LIMIT}"),
        )
    project.run("dvc", "exp", "run", "--run-all", "--jobs", "2")
    server.script = echo
    shown = project.run("dvc", "exp", "list", "--name-only").stdout.split()
    assert sorted(shown) == ["seed-1", "seed-2"]
    assert len(server.calls) - before == LIMIT + VALIDATION


def test_a_source_that_is_added_pays_for_its_own_answers_alone(
    project: Project, server: ChatServer
) -> None:
    assert calls_of(project, server, "generate", "zeroshot") == TEST
    assert "label" not in project.tell("plan")["calls"]
    project.change_params(
        sources=["gold", "written", "labelled"],
        label__sources=["labelled"],
        label__limit=LABELS,
        label__validation_limit=VALIDATION,
    )
    stages = ("generate", "label", "zeroshot")
    assert calls_of(project, server, *stages) == LABELS + VALIDATION
    assert asks(project, server, "dvc", "repro", *stages) == 0
    assert max(Counter(server.prompts).values()) == 1


def test_more_samples_pay_for_the_further_ones_and_fewer_for_none(
    project: Project, server: ChatServer
) -> None:
    project.change_params(label__samples=3)
    assert calls_of(project, server, "label") == 2 * (LABELS + VALIDATION)
    project.change_params(label__samples=2)
    assert calls_of(project, server, "label") == 0


def test_the_prompt_of_the_task_asks_both_stages_anew_and_back_asks_none(
    project: Project, server: ChatServer
) -> None:
    project.commit("Label")
    other = project.path / "prompts" / "task.txt"
    other.write_text("Sum up '$article'\n", encoding="utf-8")
    project.change_params(zeroshot__prompt="prompts/task.txt", label__limit=5)
    asked = 2 * (5 + VALIDATION) + TEST
    assert calls_of(project, server, "generate", "label", "zeroshot") == asked
    project.run("git", "checkout", "--quiet", ".")
    other.unlink()
    assert calls_of(project, server, "generate", "label", "zeroshot") == 0


def test_a_fresh_clone_pays_for_the_further_samples_of_a_higher_limit_only(
    project: Project, server: ChatServer
) -> None:
    project.run("dvc", "push")
    clone = project.clone("labelling")
    clone.run("dvc", "pull", "--allow-missing")
    clone.change_params(label__limit=LABELS + 10)
    assert calls_of(clone, server, "label") == 2 * 10


def test_a_stage_whose_dvc_was_killed_stops_paying(project: Project, server: ChatServer) -> None:
    some, before = threading.Semaphore(0), len(server.paid)

    def slow(call: Call) -> Reply:
        some.release()
        return replace(echo(call), delay=0.5)

    server.script = slow
    project.change_params(generate__prompt="prompts/other.txt", teacher__concurrency=4)
    (project.path / "prompts" / "other.txt").write_text("About '$highlights'\n", encoding="utf-8")
    with subprocess.Popen(
        ["dvc", "repro", "generate"],
        cwd=project.path,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as dvc:
        for _ in range(10):
            assert some.acquire(timeout=PATIENCE)
        os.kill(dvc.pid, signal.SIGKILL)
        assert dvc.stderr is not None
        said = dvc.stderr.read()  # up to the end of the stage, which outlives dvc
    assert "the process that started this one is gone" in said
    assert len(server.paid) - before < LIMIT // 2
