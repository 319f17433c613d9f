"""latency: every student that ships is timed on articles from all over the test split."""

from pathlib import Path

import pytest

from stages import latency as stage
from stages.latency import measure, pick_articles
from tests.students import decoding_params, export_taught, toy_pairs
from understudy.contract.timing import Latencies
from understudy.core.errors import DataError, StudentError
from understudy.students.model.machine import count_cores


@pytest.fixture
def test_set(tmp_path: Path) -> Path:
    path = tmp_path / "test.parquet"
    toy_pairs(9, seed=5).to_parquet(path)
    return path


def test_the_file_has_every_student_and_the_machine(
    test_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = {"t5-gold": export_taught("t5", tmp_path / "t5-gold")}
    models["bart-gold"] = export_taught("bart", tmp_path / "bart-gold")
    params = decoding_params(engine="ctranslate2")
    measure(models, test_set, 4, params).write(tmp_path / "latency.json")
    found = Latencies.load(tmp_path / "latency.json")
    assert [name for name, _ in found.items()] == ["t5-gold", "bart-gold"]
    assert found["bart-gold"].articles == 4
    assert 0 < found["bart-gold"].one_core.median <= found["bart-gold"].one_core.p95
    assert (found.cores, bool(found.machine)) == (count_cores(), True)
    printed, said = capsys.readouterr()
    assert printed == ""
    assert "latency bart-gold: " in said


def test_articles_are_spread_over_the_split(test_set: Path) -> None:
    articles = list(toy_pairs(9, seed=5)["article"])
    assert pick_articles(test_set, 3) == [articles[0], articles[3], articles[6]]
    assert pick_articles(test_set, 50) == articles


def test_a_split_without_articles_is_an_error_that_names_it(tmp_path: Path) -> None:
    toy_pairs(0).to_parquet(tmp_path / "test.parquet")
    with pytest.raises(DataError, match=r"test\.parquet: no "):
        pick_articles(tmp_path / "test.parquet", 3)


def test_a_student_that_is_not_there_is_an_error_that_names_it(
    test_set: Path, tmp_path: Path
) -> None:
    with pytest.raises(StudentError, match=r"models/t5-gold: no such folder"):
        measure({"t5-gold": tmp_path / "models/t5-gold"}, test_set, 2, decoding_params())


def test_the_stage_reads_its_params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params.yaml").write_text("latency: {articles: 0}\npredict: {}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception, match=r"latency\.articles = 0"):
        stage.main()
