"""The repository that reviews are tested on."""

from pathlib import Path

import pytest

from tests.project import Project
from tests.tools.reviewing.reviewer import Reviewer
from tests.tools.reviewing.scratch import copy, start_branch


@pytest.fixture(scope="session")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run and pushed repository, on a branch with another article prompt."""
    return start_branch(tmp_path_factory.mktemp("review") / "work" / "project")


@pytest.fixture
def project(pushed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of it in which the process stands."""
    return copy(pushed, tmp_path, monkeypatch)


@pytest.fixture
def review(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Reviewer:
    return Reviewer(monkeypatch, capfd)
