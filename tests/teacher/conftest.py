"""Where ledgers are, how patient the client is, and outputs to recall answers from."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.teacher.batching import FaultyServer
from tests.teacher.recalling import OLD_PIPELINE, Outputs, answer
from understudy.teacher import retries
from understudy.teacher.completion import failed_answer
from understudy.teacher.ledger import Ledger
from understudy.teacher.recall import PAY_AGAIN


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger that is not there yet, nor its folder."""
    return tmp_path / "new" / "ledger.jsonl"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger(path) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed calls are tried again at once."""
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three answers and a failed call, run, committed and pushed."""
    outputs = Outputs(tmp_path_factory.mktemp("recall") / "project")
    outputs.make([answer(1), failed_answer(answer(2).request, "m", "500"), answer(3), answer(4)])
    outputs.project.commit("Answer")
    outputs.project.run("dvc", "push")
    return outputs.path


@pytest.fixture(scope="session")
def old_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers of the old layout, pushed; dvc.yaml is new since, and dvc.lock is not."""
    outputs = Outputs(tmp_path_factory.mktemp("renamed") / "project")
    (outputs.path / "dvc.yaml").write_text(OLD_PIPELINE, encoding="utf-8")
    outputs.make([answer(1), answer(2)])
    outputs.project.commit("Answer in the old layout")
    outputs.project.run("dvc", "push")
    new = OLD_PIPELINE.replace("data/gpt", "data/written").replace("answer:", "generate:")
    (outputs.path / "dvc.yaml").write_text(new, encoding="utf-8")
    shutil.rmtree(outputs.path / "data")
    return outputs.path


Enter = Callable[[Path], Outputs]


@pytest.fixture
def enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Enter:
    """Copies a project, with its remote, and enters the copy."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.delenv(PAY_AGAIN, raising=False)

    def enter(made: Path) -> Outputs:
        for path in filter(Path.exists, (made, made.parent / "storage")):
            shutil.copytree(path, tmp_path / path.name)
        outputs = Outputs.__new__(Outputs)
        outputs.path, outputs.project = tmp_path / "project", Project(tmp_path / "project", {})
        monkeypatch.chdir(outputs.path)
        return outputs

    return enter


@pytest.fixture
def outputs(finished: Path, enter: Enter) -> Outputs:
    return enter(finished)


@pytest.fixture
def renamed(old_layout: Path, enter: Enter) -> Outputs:
    return enter(old_layout)


@pytest.fixture
def lost(outputs: Outputs) -> Outputs:
    """The output is neither here nor in the cache, and the remote is gone."""
    outputs.lose(cache=True)
    shutil.rmtree(outputs.path.parent / "storage")
    return outputs
