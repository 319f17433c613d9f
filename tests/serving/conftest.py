"""What several of these tests need."""

from pathlib import Path

import pytest


@pytest.fixture
def student(tmp_path: Path) -> Path:
    """The file of a student, as `tests.serving.stand_in` reads it."""
    file = tmp_path / "student"
    file.write_text("v1.", encoding="utf-8")
    return file
