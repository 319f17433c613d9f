"""Where ledgers are, and how patient the desk is."""

from pathlib import Path

import pytest

from understudy.teacher import retries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger that is not there yet."""
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed calls are tried again at once."""
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
