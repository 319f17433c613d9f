"""What several of these tests need."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.serving import shared_echo


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    """Of a server that a file's tests share, which change nothing."""
    with shared_echo() as shared:
        yield shared


@pytest.fixture
def student(tmp_path: Path) -> Path:
    """The file of a student, as `tests.serving.stand_in` reads it."""
    file = tmp_path / "student"
    file.write_text("v1.", encoding="utf-8")
    return file
