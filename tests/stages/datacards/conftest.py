"""The planted pairs, counted once."""

import pytest

from stages.datacards.survey import survey_pairs
from tests.stages.datacards.examples import PARAMS
from tests.stages.datacards.planted import GENERATED, fill_project
from understudy.contract.survey import DataSurvey


@pytest.fixture(scope="session")
def survey(tmp_path_factory: pytest.TempPathFactory) -> DataSurvey:
    """metrics/data.json of the planted pairs."""
    folder = tmp_path_factory.mktemp("datacard")
    fill_project(folder)
    counted, _ = survey_pairs(folder / "data", PARAMS, GENERATED)
    return counted
