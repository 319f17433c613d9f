"""What tests of params share."""

import copy
from pathlib import Path

import pytest

from tests.core.documents import SAMPLE, Document


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    """A copy of the sample profile, for a test to spoil; the current folder is empty."""
    monkeypatch.chdir(tmp_path)
    return copy.deepcopy(SAMPLE)
