"""The planted pairs, as a folder, and counted once."""

from pathlib import Path

import pytest

from stages.datacards.survey import survey_source
from tests.stages.datacards.examples import PARAMS, STAGES
from tests.stages.datacards.planted import ANSWERED, fill_project
from understudy.contract.params.sources import SOURCES
from understudy.contract.survey import SourceSurvey


@pytest.fixture(scope="session")
def surveys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SourceSurvey]:
    """metrics/data/SOURCE.json of the planted pairs, by source."""
    folder = tmp_path_factory.mktemp("datacard")
    fill_project(folder)
    return {
        source: survey_source(
            folder / "data", source, PARAMS, ANSWERED.get(STAGES.get(source, ""))
        )[0]
        for source in SOURCES
    }


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stage reads, as the working directory."""
    fill_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path
