"""What the stage reads, and a browser for the tests of the page, where there is one."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd
import pytest

from stages.report.__main__ import REPORT, main
from tests.contract.examples import LINEUP
from tests.stages.report.chromium import Page, find_chromium, run_chromium
from tests.stages.report.inputs import Articles, make_articles, write_project
from understudy.contract.lineup import Lineup

NewPage = Callable[[], Page]
WriteReport = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that the stage reads of three test articles, as the working directory."""
    write_project(tmp_path, make_articles(3))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def new_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPage]:
    """Opens pages of one headless Chromium."""
    command = find_chromium()
    if command is None:
        pytest.skip("no Chromium on this machine; Debian's package is `chromium`")
    with run_chromium(command, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="session")
def write_report(tmp_path_factory: pytest.TempPathFactory) -> WriteReport:
    """Writes the report of some articles, as the stage does, and returns its path."""

    def write(
        articles: Articles,
        points: Mapping[str, pd.DataFrame] | None = None,
        seeds: int = 1,
        lineup: Lineup = LINEUP,
    ) -> Path:
        folder = tmp_path_factory.mktemp("project")
        write_project(folder, articles, points, seeds, lineup)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            main()
        return folder / REPORT

    return write
