"""filter as a stage: the rows of data/raw in, gold pairs and metrics/dataset.json out."""

from pathlib import Path

import pandas as pd
import pytest

from stages.filter import main
from tests.imports import ROOT
from understudy.contract.pairs import RAW, SPLITS
from understudy.core.errors import DataError
from understudy.core.files import read_json, write_json


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with params and one row a split, as the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_bytes((ROOT / "profiles" / "sample.yaml").read_bytes())
    counts = {split: {"kept": 1, "rejected": 3} for split in SPLITS}
    write_json(RAW / "source.json", {"source": "sample", "seed": 1, "rows": counts})
    for split in SPLITS:
        row = {"id": "a", "article": split, "highlights": "h"}
        pd.DataFrame([row]).to_parquet(RAW / f"{split}.parquet")
    return tmp_path


def test_the_stage_writes_its_counts_as_metrics(project: Path) -> None:
    main()
    metrics = read_json(Path("metrics/dataset.json"))
    assert [metrics[split]["kept"] for split in SPLITS] == [1, 1, 1]
    assert [metrics[split]["read"] for split in SPLITS] == [4, 4, 4]


@pytest.mark.parametrize("absent", ["source.json", "test.parquet"])
def test_a_file_that_fetch_did_not_leave_is_named_with_the_command_that_makes_it(
    project: Path, absent: str
) -> None:
    (RAW / absent).unlink()
    with pytest.raises(DataError, match=rf"^data/raw/{absent}: no such file; `dvc repro` makes it"):
        main()
