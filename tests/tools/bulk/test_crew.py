"""What happens when workers of a cluster die, or see other files: by a double of Ray."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from tests.tools.bulk.articles import list_files, predict, write_articles, write_folder
from understudy.core.errors import DataError, StudentError
from understudy.tools.bulk.cluster import TRIES, Crew, choose_number
from understudy.tools.bulk.records import Recipe, hash_model
from understudy.tools.bulk.storage import Folder
from understudy.tools.bulk.working import Outcome, Work

NAMES = ["a.jsonl", "b.jsonl", "c.jsonl"]


class RayActorError(Exception):
    """As Ray raises it for a call to a worker that has died."""


class Cluster:
    """Ray as far as the crew uses it; the oldest call is always answered first."""

    def __init__(
        self, dies: Callable[[str | None], bool] = lambda _: False, cores: int = 4, gpus: int = 0
    ):
        self.dies, self.resources = dies, {"CPU": cores, "GPU": gpus}
        self.hired: list[dict[str, Any]] = []
        self.exceptions = self
        self.RayActorError = RayActorError

    def cluster_resources(self) -> dict[str, int]:
        return self.resources

    def remote(self, kind: type) -> Self:
        self.kind = kind
        return self

    def options(self, **options: Any) -> "Hiring":
        return Hiring(self, options)

    def wait(self, calls: Sequence["Call"], num_returns: int) -> tuple[list["Call"], None]:
        return [calls[0]], None

    def get(self, call: "Call") -> Any:
        if self.dies(call.arguments[0] if call.arguments else None):
            raise RayActorError
        return call.method(*call.arguments)


class Hiring:
    def __init__(self, cluster: Cluster, options: dict[str, Any]) -> None:
        self.cluster, self.options = cluster, options

    def remote(self, work: Work) -> "Hired":
        self.cluster.hired.append({**self.options, "threads": work.threads})
        return Hired(self.cluster.kind(work))


class Hired:
    def __init__(self, worker: Any) -> None:
        self.worker = worker

    def __getattr__(self, name: str) -> "Method":
        return Method(getattr(self.worker, name))


class Method:
    def __init__(self, method: Callable[..., Any]) -> None:
        self.method = method

    def remote(self, *arguments: Any) -> "Call":
        return Call(self.method, arguments)


class Call:
    def __init__(self, method: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.method, self.arguments = method, arguments


@pytest.fixture
def work(model: Path, tmp_path: Path) -> Work:
    source = write_folder(tmp_path / "in", NAMES)
    recipe = Recipe(model=hash_model(model), column="article", tokens_per_batch=8192, names=None)
    return Work(model, Folder(str(source)), Folder(str(tmp_path / "out")), recipe, "work-x-1-0")


def do(cluster: Cluster, work: Work, workers: int = 2) -> dict[str, Outcome]:
    outcomes = list(Crew(cluster, work, workers).do(NAMES))
    assert len({outcome.name for outcome in outcomes}) == len(outcomes)
    return {outcome.name: outcome for outcome in outcomes}


def test_each_file_is_done_once_by_workers_of_one_core(work: Work, tmp_path: Path) -> None:
    cluster = Cluster()
    found = do(cluster, work)
    assert [outcome.problem for outcome in found.values()] == [None] * 3
    assert list_files(tmp_path / "out") == NAMES
    worker = {"num_cpus": 1, "num_gpus": 0, "max_restarts": 0, "threads": 1}
    assert cluster.hired == [worker, worker]
    assert "predict a.jsonl: 5 articles" in found["a.jsonl"].notes


def test_where_there_are_gpus_each_worker_has_one(work: Work) -> None:
    cluster = Cluster(cores=8, gpus=2)
    do(cluster, work)
    assert cluster.hired[0] == {"num_cpus": 1, "num_gpus": 1, "max_restarts": 0, "threads": None}


def test_a_worker_that_dies_is_replaced_and_its_file_tried_again(
    work: Work, tmp_path: Path
) -> None:
    deaths = iter([True])
    cluster = Cluster(lambda name: name == "b.jsonl" and next(deaths, False))
    found = do(cluster, work)
    assert [found[name].problem for name in NAMES] == [None] * 3
    assert len(cluster.hired) == 3
    assert list_files(tmp_path / "out") == NAMES


def test_a_file_over_which_workers_die_again_is_named_and_the_others_are_done(
    work: Work, tmp_path: Path
) -> None:
    found = do(Cluster(lambda name: name == "b.jsonl"), work)
    assert f"in/b.jsonl: {TRIES} workers died over this file: lower" in str(
        found["b.jsonl"].problem
    )
    assert list_files(tmp_path / "out") == ["a.jsonl", "c.jsonl"]


def test_workers_that_die_over_the_model_end_the_run(work: Work) -> None:
    cluster = Cluster(lambda name: name is None)
    with pytest.raises(DataError, match="workers die while they load the model: give fewer"):
        do(cluster, work)
    assert len(cluster.hired) < 8


def test_another_model_on_a_machine_ends_the_run(work: Work) -> None:
    other = Recipe(model="0", column="article", tokens_per_batch=8192, names=None)
    wrong = Work(work.model, work.inputs, work.output, other, work.run)
    with pytest.raises(StudentError, match="not the model that this run was started with; copy"):
        do(Cluster(), wrong)


def test_an_output_that_this_machine_does_not_see_ends_the_run(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "understudy.tools.bulk.working.Worker.summarize", lambda _, name: Outcome(name)
    )
    found = do(Cluster(), work)
    assert "not there on this one; name a folder that all machines share" in str(
        found["a.jsonl"].problem
    )
    assert found["a.jsonl"].is_last


@pytest.mark.parametrize(
    ("gpus", "wanted", "files", "number"),
    [(0, None, 9, 4), (0, None, 3, 3), (0, 2, 9, 2), (2, None, 9, 2)],
)
def test_there_is_a_worker_for_each_core_or_gpu_and_none_without_a_file(
    gpus: int, wanted: int | None, files: int, number: int
) -> None:
    assert choose_number(Cluster(gpus=gpus), wanted, files) == number
    with pytest.raises(DataError, match="--workers 9: the cluster has room for 4, one on each"):
        choose_number(Cluster(cores=4), 9, 20)


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_one_line_names_the_command_that_brings_it(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_articles(tmp_path / "in" / "a.jsonl").parent
    out = ("--output", tmp_path / "out", "--engine", "ray")
    assert predict("--model", model, "--input", source, *out) == 1
    assert "error: --engine ray: Ray is not installed; `pip install ray`" in capsys.readouterr().err
