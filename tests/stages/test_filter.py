"""filter as a stage: the rows of data/raw in, gold pairs and metrics/dataset.json out."""

from pathlib import Path

import pandas as pd
import pytest

from stages.filter import main
from tests.contract.examples import FETCHED, make_origin
from tests.imports import ROOT
from understudy.contract.dataset import Dataset
from understudy.contract.pairs import RAW, SPLITS
from understudy.core.errors import DataError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with params and one row a split, as the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_bytes((ROOT / "profiles" / "sample.yaml").read_bytes())
    make_origin().write()
    for split in SPLITS:
        row = {"id": "a", "article": split, "highlights": "h"}
        pd.DataFrame([row]).to_parquet(RAW / f"{split}.parquet")
    return tmp_path


def test_the_stage_writes_its_counts_as_metrics(project: Path) -> None:
    main()
    found = Dataset.load()
    assert [split.kept for split in (found.train, found.validation, found.test)] == [1, 1, 1]
    assert found.train.read == sum(FETCHED["train"].values())


@pytest.mark.parametrize("absent", ["source.json", "test.parquet"])
def test_a_file_that_fetch_did_not_leave_is_named_with_the_command_that_makes_it(
    project: Path, absent: str
) -> None:
    (RAW / absent).unlink()
    with pytest.raises(DataError, match=rf"^data/raw/{absent}: no such file; `dvc repro` makes it"):
        main()
