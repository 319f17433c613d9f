"""latency: every student that ships is timed on articles from all over the test split."""

from pathlib import Path

import pytest

from stages import latency as stage
from stages.latency import measure, pick_articles
from tests.students import decoding_params, export_taught, toy_pairs
from understudy.contract.timing import StudentLatency
from understudy.core.errors import DataError, StudentError
from understudy.students.model.machine import count_cores


@pytest.fixture
def test_set(tmp_path: Path) -> Path:
    path = tmp_path / "test.parquet"
    toy_pairs(9, seed=5).to_parquet(path)
    return path


def test_the_file_has_the_students_times_and_the_machine(
    test_set: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    export_taught("bart", tmp_path / "models" / "bart-gold")
    params = decoding_params(engine="ctranslate2")
    measure("bart-gold", test_set, 4, params).write(StudentLatency.path_of("bart-gold"))
    found = StudentLatency.load(tmp_path / "metrics/latency/bart-gold.json")
    assert found.articles == 4
    assert 0 < found.one_core.median <= found.one_core.p95
    assert (found.cores, bool(found.machine)) == (count_cores(), True)
    printed, said = capsys.readouterr()
    assert printed == ""
    assert "latency bart-gold: " in said


def test_articles_are_spread_over_the_split(test_set: Path) -> None:
    articles = list(toy_pairs(9, seed=5)["article"])
    assert pick_articles(test_set, 3) == [articles[0], articles[3], articles[6]]
    assert pick_articles(test_set, 50) == articles


def test_a_student_or_articles_that_are_not_there_are_an_error_that_names_them(
    test_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudentError, match=r"models/t5-gold: no such folder"):
        measure("t5-gold", test_set, 2, decoding_params())
    toy_pairs(0).to_parquet(tmp_path / "test.parquet")
    with pytest.raises(DataError, match=r"test\.parquet: no "):
        pick_articles(tmp_path / "test.parquet", 3)


def test_the_stage_reads_its_params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params.yaml").write_text("latency: {articles: 0}\npredict: {}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["latency", "t5-gold"])
    with pytest.raises(Exception, match=r"latency\.articles = 0"):
        stage.main()
