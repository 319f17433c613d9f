"""What several of these tests need."""

import json
from pathlib import Path

import pytest

from tests.students import decoding_params, export_taught
from understudy.students.decoding.generation import write_generation_config


@pytest.fixture(scope="session")
def t5_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as the stages leave it; tests that break it take a copy."""
    folder = export_taught("t5", tmp_path_factory.mktemp("models") / "t5-toy")
    write_generation_config(folder, decoding_params(engine="ctranslate2", beams=4))
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as `export` leaves it; tests only read it, or copy it first."""
    folder = export_taught("t5", tmp_path_factory.mktemp("models") / "t5-gold")
    settings = {"num_beams": 2, "max_new_tokens": 24, "length_penalty": 1.0}
    (folder / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
