"""Projects with toy pairs, empty or trained."""

import contextlib
from pathlib import Path

import pytest

from tests.students import make_project, train_params
from understudy.students.model.families import FAMILIES
from understudy.students.training.stage import train_on_source


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with toy pairs, as the working directory."""
    monkeypatch.chdir(make_project(tmp_path))
    return tmp_path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which both stages ran on gold; tests only read it."""
    project = make_project(tmp_path_factory.mktemp("trained"))
    with contextlib.chdir(project):
        for family in FAMILIES:
            train_on_source(family, "gold", train_params(max_steps=4))
    return project
