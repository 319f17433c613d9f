"""A model folder for the tests of commands."""

import json
from pathlib import Path

import pytest

from tests.students import export_taught


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as `export` leaves it; tests only read it, or copy it first."""
    folder = export_taught("t5", tmp_path_factory.mktemp("models") / "t5-toy")
    settings = {"num_beams": 2, "max_new_tokens": 24, "length_penalty": 1.0}
    (folder / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
