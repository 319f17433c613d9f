"""predict: the test articles' summaries from a model folder as it would be shipped."""

from pathlib import Path

import pandas as pd
import pytest

from stages import predict as stage
from stages.predict import predict
from tests.students import decoding_params, save, summarize, taught, taught_engine, toy_pairs
from understudy.core.errors import DataError, StudentError


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(taught("t5"), tmp_path_factory.mktemp("models") / "t5-gold")


@pytest.fixture
def test_set(tmp_path: Path) -> Path:
    path = tmp_path / "test.parquet"
    toy_pairs(9, seed=5).to_parquet(path)
    return path


def test_the_predictions_are_the_test_articles_summaries_in_order(
    model: Path, test_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "predictions" / "t5-gold.parquet"
    predict(model, test_set, out, decoding_params(tokens_per_batch=90))
    table, pairs = pd.read_parquet(out), toy_pairs(9, seed=5)
    alone = [summarize(taught_engine("t5"), [article])[0] for article in pairs["article"]]
    assert list(table.columns) == ["id", "prediction"]
    assert list(table["id"]) == list(pairs["id"])
    assert list(table["prediction"]) == alone
    assert len(set(alone)) > 3
    assert [path.name for path in out.parent.iterdir()] == ["t5-gold.parquet"]


def test_a_model_or_articles_that_are_not_there_are_an_error_that_asks_no_hub(
    model: Path, test_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "predictions.parquet"
    with pytest.raises(
        StudentError, match=r"models/t5-written: no such folder; expected config\.json"
    ):
        predict(tmp_path / "models" / "t5-written", test_set, out, decoding_params())
    assert not out.exists()
    with pytest.raises(DataError, match=r"no such file; `dvc repro` makes it"):
        predict(model, tmp_path / "none.parquet", out, decoding_params())


def test_a_run_that_fails_leaves_the_predictions_of_the_run_before(
    test_set: Path, tmp_path: Path
) -> None:
    out, broken = tmp_path / "predictions.parquet", tmp_path / "broken"
    out.write_bytes(b"before")
    broken.mkdir()
    with pytest.raises(StudentError):
        predict(broken, test_set, out, decoding_params())
    assert out.read_bytes() == b"before"


def test_the_stage_needs_the_name_of_a_system(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["predict"])
    with pytest.raises(SystemExit) as caught:
        stage.main()
    assert caught.value.code == 2
    assert "required: SYSTEM" in capsys.readouterr().err
