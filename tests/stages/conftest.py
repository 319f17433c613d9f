"""A folder with what a stage that asks reads; the process stands in it."""

from pathlib import Path

import pytest

from tests.stages.labelling import Project
from understudy.teacher.ledger import LEDGER_ENV


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a ledger of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(LEDGER_ENV, str(tmp_path / "ledger.jsonl"))
    return tmp_path


@pytest.fixture
def project(here: Path) -> Project:
    return Project(here)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where generate writes."""
    return tmp_path / "written"
