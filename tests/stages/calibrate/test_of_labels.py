"""calibrate of a classification: bad is another label than the teacher's."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.calibrate.articles import VALIDATION, Articles, Judged, rate, read_articles
from stages.calibrate.thresholds import Prices, pick_threshold
from understudy.contract.asked import CALIBRATION_ANSWERS
from understudy.contract.calibration import Promised, SystemCalibration
from understudy.contract.params.evaluate import EvaluateParams
from understudy.serving.confidence import Signals

PRICES = Prices(student_usd=0.001, student_seconds=0.25, teacher_usd=0.01, teacher_seconds=2.0)
PROMISED = Promised(epsilon=0.1, delta=50.0, confidence=0.95)
LABELS = [["a", "b b"][at % 2] for at in range(600)]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("task: {kind: classification, labels: [a, b b]}\n", "utf-8")
    VALIDATION.parent.mkdir(parents=True)
    CALIBRATION_ANSWERS.parent.mkdir(parents=True)


def give(labels: list[str] | None) -> Articles:
    """The teacher says another label in the first fifth of the rows, then fails, then rambles."""
    ids = [f"row-{at}" for at in range(600)]
    table = pd.DataFrame({"id": ids, "text": ids, "label": labels}, dtype=object)
    table.to_parquet(VALIDATION)
    said = [*LABELS[1:121], None, "hm", *LABELS[122:]]
    reasons = [*[None] * 120, "failed", "unlisted", *[None] * 478]
    answers = pd.DataFrame({"id": ids, "prediction": said, "reason": reasons}, dtype=object)
    answers.to_parquet(CALIBRATION_ANSWERS)
    return read_articles()


def judge(articles: Articles, right: float = 1.0) -> Judged:
    """A student that says the true label, surely, or unsurely another."""
    rng = np.random.default_rng(2)
    alike = rng.random(len(articles.ids)) < right
    truth = [LABELS[int(name.removeprefix("row-"))] for name in articles.ids]
    others = {"a": "b b", "b b": "a"}
    texts = [one if same else others[one] for one, same in zip(truth, alike, strict=True)]
    signals = [Signals(-0.1 if same else -2.0, 1.0, 0.0, 0.0) for same in alike]
    return rate(articles, texts, signals, EvaluateParams())


@pytest.mark.parametrize(("labels", "references"), [(LABELS, "gold"), (None, "teacher")])
def test_bad_is_another_label_than_the_teachers(labels: list[str] | None, references: str) -> None:
    articles = give(labels)
    assert (articles.references, articles.left_out) == (references, 1)
    judged = judge(articles)
    # what the teacher calls otherwise, and the answer of it that is no label
    assert judged.shortfalls.tolist() == [100.0] * 121 + [0.0] * 478
    assert judged.student.mean() == (100 if references == "gold" else 100 * (1 - 121 / 599))
    assert judged.teacher.mean() == (100 * (1 - 121 / 599) if references == "gold" else 100)


def test_a_threshold_keeps_other_labels_below_epsilon_and_any_of_them_is_watched() -> None:
    articles = give(LABELS)
    judged = judge(articles, 0.85)
    picked = pick_threshold(articles.ids, judged, PROMISED, PRICES)
    found = SystemCalibration(**picked, references="gold", weights="w", teacher={})
    # a fifth differs where the student is surest, too: more than a tenth of all
    assert found.threshold is None
    assert found.watched is not None
    assert found.watched.floor == 100
    assert found.watched.rate > 0.2
    alike = Judged(judged.signals, judged.student, judged.student, judged.student, True)
    picked = pick_threshold(articles.ids, alike, PROMISED, PRICES)
    assert 80 < picked["share_local"] < 99  # those that are unsure, and wrong, are handed over
    assert picked["risk"] <= 10
