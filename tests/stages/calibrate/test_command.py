"""calibrate: a student that ships answers the validation articles, and a file says what it may."""

from pathlib import Path

import pandas as pd
import pytest

from stages.calibrate.__main__ import main
from stages.calibrate.articles import VALIDATION, judge, read_articles
from tests.contract.examples import make_answered
from tests.contract.payback_examples import make_latencies
from tests.students import decoding_params, export_taught, toy_pairs
from understudy.contract.answered import Answered
from understudy.contract.asked import CALIBRATION_ANSWERS
from understudy.contract.calibration import SystemCalibration
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.timing import StudentLatency
from understudy.core.errors import DataError, ParamsError, StudentError
from understudy.serving.confidence import Confidence
from understudy.students.decoding.generation import write_generation_config
from understudy.students.model.weights import hash_weights
from understudy.tools.hosting import ServedStudent

ROWS = 90
EVALUATE = EvaluateParams(source="gold", stemmer=True, margin=1.0)
PARAMS = """
teacher: {base_url: embedded, model: m, prices: {input: 1.0, cached_input: 1.0, output: 2.0}}
calibrate: {epsilon: 0.1, delta: 5.0}
evaluate: {source: gold, stemmer: true, margin: 1.0}
worth: {machine_usd_per_hour: 0.36}
"""


def give_articles(highlights: bool = True, count: int = ROWS) -> pd.DataFrame:
    """Validation articles, without highlights where they are not wanted."""
    pairs = toy_pairs(count, seed=5)
    VALIDATION.parent.mkdir(parents=True, exist_ok=True)
    pairs.assign(highlights=pairs["highlights"] if highlights else None).to_parquet(VALIDATION)
    return pairs


def give_answers(pairs: pd.DataFrame, failed: int = 0, empty: int = 0) -> None:
    """The teacher repeats a part of the highlights; the first calls failed, the next said none."""
    texts = [" ".join(text.split()[:3]) for text in pairs["highlights"]]
    reasons = [*["failed"] * failed, *["empty"] * empty, *[None] * (len(pairs) - failed - empty)]
    kept = {"failed": None, "empty": ""}
    said = [kept.get(why or "", text) for why, text in zip(reasons, texts, strict=True)]
    CALIBRATION_ANSWERS.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame({"id": list(pairs["id"]), "prediction": said, "reason": reasons})
    table.to_parquet(CALIBRATION_ANSWERS)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = export_taught("t5", tmp_path_factory.mktemp("taught") / "t5-gold")
    write_generation_config(folder, decoding_params(engine="ctranslate2", beams=4))
    return folder


@pytest.fixture
def project(taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with what the stage reads."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["calibrate", "t5-gold"])
    Path("models").mkdir()
    Path("models/t5-gold").symlink_to(taught)
    give_answers(give_articles())
    make_answered("zeroshot").write(Answered.path_of("zeroshot"))
    make_latencies()["t5-gold"].write(StudentLatency.path_of("t5-gold"))
    Path("params.yaml").write_text(PARAMS, "utf-8")
    return tmp_path


def calibrate() -> SystemCalibration:
    main()
    return SystemCalibration.load(SystemCalibration.path_of("t5-gold"))


def test_a_student_better_than_its_teacher_answers_much_alone(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = calibrate()
    assert (found.references, found.left_out) == ("gold", 0)
    assert found.fitted + found.rows == ROWS
    assert found.threshold is not None
    assert found.share_local > 50
    assert found.weights == hash_weights(Path("models/t5-gold"))
    assert found.teacher == {"base_url": "embedded", "model": "m"}
    out, said = capsys.readouterr()
    assert out == ""
    assert (
        f"calibrate t5-gold: answers {found.share_local:.1f}% of requests alone; with 95%" in said
    )


def test_the_file_has_what_each_threshold_takes_and_is_the_same_again(project: Path) -> None:
    found = calibrate()
    # zero-shot: 8,000 tokens at $1 and 30,000 at $2 a million for 100 answers; a student's 0.036 s
    teacher, student = 0.068 / 100, 0.036 / 3600 * 0.36
    for point in found.points:
        expected = 1000 * (student + (1 - point.share_local / 100) * teacher)
        assert point.usd_per_1000 == pytest.approx(expected, abs=1e-5)
        assert point.seconds is None  # no call was timed
    assert found.points[-1].share_local == 100
    main()
    path = SystemCalibration.path_of("t5-gold")
    before = path.read_bytes()
    main()
    assert path.read_bytes() == before


def test_rows_are_used_alike_when_others_are_added(project: Path) -> None:
    few = calibrate()
    give_answers(give_articles().head(60))
    fewer = calibrate()
    assert fewer.rows < few.rows
    assert fewer.fitted <= few.fitted
    assert fewer.rows + fewer.fitted == 60


def test_the_server_is_as_sure_as_the_stage(project: Path, taught: Path) -> None:
    articles = read_articles()
    judged = judge(articles, taught, 1000, EVALUATE)
    student = ServedStudent(taught, None, 1000)
    found = student.decode([student.encode(text) for text in articles.texts])
    for served, known in zip(found, judged.signals, strict=True):
        assert served.log_probability == pytest.approx(known.log_probability, abs=1e-4)
        assert served.margin == pytest.approx(known.margin, abs=1e-4)
    confidence = Confidence.from_record(calibrate().confidence)
    assert ((confidence.rate(judged.signals) >= 0).sum()) == ROWS


def test_failed_calls_are_left_out_whosever_texts_are_the_references(project: Path) -> None:
    give_answers(give_articles(), failed=7, empty=3)
    found = calibrate()
    assert found.left_out == 7  # an empty answer is one, and scored as it is
    assert found.rows + found.fitted == ROWS - 7
    give_answers(give_articles(highlights=False), failed=7, empty=3)
    found = calibrate()
    assert (found.references, found.left_out) == ("teacher", 10)
    assert found.threshold is None or found.share_local < 100
    strictest, loosest = found.points[0], found.points[-1]
    assert strictest.score > loosest.score  # handing over is always as good


def test_without_answers_nothing_holds(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    give_answers(give_articles(count=0))
    found = calibrate()
    assert (found.rows, found.fitted, found.threshold, found.points) == (0, 0, None, [])
    assert "never answers alone: 0 validation articles" in capsys.readouterr().err


def test_highlights_of_some_articles_and_answers_to_others_are_errors(project: Path) -> None:
    pairs = toy_pairs(ROWS, seed=5)
    pairs.loc[3, "highlights"] = None
    pairs.to_parquet(VALIDATION)
    with pytest.raises(DataError, match=r"validation\.parquet: some rows have highlights, others"):
        main()
    pairs = give_articles()
    give_answers(pairs.iloc[::-1])
    with pytest.raises(
        DataError, match=r"not those to the first of 90 rows .*`dvc repro zeroshot`"
    ):
        main()


@pytest.mark.parametrize(
    ("key", "value"), [("epsilon", 0), ("epsilon", 1.5), ("delta", -1), ("confidence", 1.0)]
)
def test_a_promise_without_sense_stops_the_stage(project: Path, key: str, value: float) -> None:
    changed = PARAMS.replace("{epsilon: 0.1, delta: 5.0}", f"{{{key}: {value}}}")
    Path("params.yaml").write_text(changed, "utf-8")
    with pytest.raises(ParamsError, match=rf"calibrate\.{key}"):
        main()


def test_a_folder_without_weights_is_an_error(project: Path) -> None:
    Path("models/t5-gold").unlink()
    Path("models/t5-gold").mkdir()
    with pytest.raises(StudentError, match=r"models/t5-gold: no weights in it"):
        main()
