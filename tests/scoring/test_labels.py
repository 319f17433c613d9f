"""Measures of labels: by hand, beside scikit-learn, and where classes or answers are missing."""

from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from understudy.contract.classes import slugs
from understudy.contract.params.evaluate import Judgement
from understudy.scoring.baselines import answer_by_keywords, choose_majority, learn_keywords
from understudy.scoring.labels import (
    BINS,
    NONE,
    ClassBoard,
    Codes,
    bound_share,
    count_confusion,
    encode,
    expect_error,
    find_bins,
    mcnemar_p,
    rate_classes,
    score_brier,
    score_labels,
)

RULE = Judgement(margin=1.0, resamples=300, seed=3)


def codes(*values: int) -> Codes:
    return np.array(values, dtype=np.int64)


def answer(truth: Codes, classes: int, right: float, seed: int, unlisted: float = 0.05) -> Codes:
    """Answers of which about so many are right, and so many are none of the labels."""
    rng = np.random.default_rng(seed)
    others = rng.integers(classes, size=len(truth))
    found = np.where(rng.random(len(truth)) < right, truth, others)
    return np.where(rng.random(len(truth)) < unlisted, NONE, found).astype(np.int64)


def test_rows_and_classes_are_as_counted_by_hand() -> None:
    truth = encode(["a", "a", "a", "b"], ["a", "b", "never"])
    given = encode(["a", "a", "b", None], ["a", "b", "never"])
    assert list(given) == [0, 0, 1, NONE]
    points = score_labels(truth, given, 3)
    # two of four; of a two of three, of b none: half of 2/3
    assert points.mean(axis=0) == pytest.approx([50, 100 / 3])
    confusion = count_confusion(truth, given, 3)
    assert confusion.tolist() == [[2, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert [one.model_dump(exclude_none=True) for one in rate_classes(confusion)] == [
        {"support": 3, "answered": 2, "precision": 100.0, "recall": 66.6667, "f1": 80.0},
        {"support": 1, "answered": 1, "precision": 0.0, "recall": 0.0, "f1": 0.0},
        {"support": 0, "answered": 0},
    ]
    board = ClassBoard(truth, {"one": given}, 3, RULE)
    assert board.macro_f1("one")[0] == pytest.approx(40)
    assert board.balanced("one")[0] == pytest.approx(100 / 3)


SHAPES: Mapping[str, tuple[Codes, int]] = {
    "even": (codes(*[0, 1, 2] * 60), 3),
    "99 percent of one": (codes(*[0] * 198, 1, 1), 2),
    "a class without rows": (codes(*[0, 2] * 50), 4),
    "500 classes": (np.random.default_rng(1).integers(500, size=900).astype(np.int64), 500),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_measures_are_those_of_scikit_learn(name: str) -> None:
    truth, classes = SHAPES[name]
    given = answer(truth, classes, 0.7, seed=2)
    present = sorted(set(truth.tolist()))
    confusion = count_confusion(truth, given, classes)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, given, labels=range(classes), zero_division=0
    )
    for at, one in enumerate(rate_classes(confusion)):
        assert (one.precision or 0) == pytest.approx(100 * precision[at], abs=1e-4)
        assert (one.recall or 0) == pytest.approx(100 * recall[at], abs=1e-4)
        assert (one.f1 or 0) == pytest.approx(100 * f1[at], abs=1e-4)
        assert one.support == support[at]
    assert confusion.sum() == len(truth)
    assert confusion[:, -1].sum() == (given == NONE).sum()
    accuracy, balanced = score_labels(truth, given, classes).mean(axis=0)
    assert accuracy == pytest.approx(100 * metrics.accuracy_score(truth, given))
    expected = metrics.recall_score(truth, given, labels=present, average="macro")
    board = ClassBoard(truth, {"one": given, "all": truth}, classes, RULE)
    assert (balanced, board.balanced("one")[0]) == pytest.approx((100 * expected,) * 2)
    expected = metrics.f1_score(truth, given, labels=present, average="macro")
    mean, low, high = board.macro_f1("one")
    assert mean == pytest.approx(100 * expected)
    assert 0 <= low <= high <= 100
    # all is right in every sample, whichever rows are drawn
    assert (board.macro_f1("all"), board.balanced("all")) == ((100.0,) * 3, (100.0,) * 3)
    assert board.macro_f1_difference("one", "all")[0] == pytest.approx(mean - 100)
    assert board.macro_f1_difference("one", "one") == (0.0, 0.0, 0.0)


def test_confidence_is_rated_as_worked_out_by_hand() -> None:
    sure = np.array([0.95, 1.0, 0.94, 0.5, np.nan])
    right = np.array([True, True, False, False, True])
    bins = find_bins("x", sure, right)
    assert [(one.rows, one.accuracy) for one in bins] == [(1, 0), (3, 66.6667)]
    # a fourth of |0 - 50| and three fourths of |66.7 - 96.3|
    assert expect_error(bins) == pytest.approx(12.5 + 75 * (0.96333333 - 2 / 3), abs=1e-3)
    assert score_brier(sure, right) == pytest.approx((0.05**2 + 0 + 0.94**2 + 0.25) / 4)
    assert (find_bins("x", sure[4:], right[4:]), score_brier(sure[4:], right[4:])) == ([], None)
    assert expect_error([]) is None
    rng = np.random.default_rng(4)
    sure = rng.random(4000)
    right = rng.random(4000) < sure
    assert score_brier(sure, right) == pytest.approx(metrics.brier_score_loss(right, sure))
    bins = find_bins("x", sure, right)
    assert (len(bins), sum(one.rows for one in bins)) == (BINS, 4000)
    assert (expect_error(bins) or 100) < 3


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (1, 0), (5, 5), (2, 11), (30, 61), (900, 1100)]
)
def test_mcnemars_test_is_the_binomial_one(first: int, second: int) -> None:
    rows = first + second
    expected = stats.binomtest(first, rows, 0.5).pvalue if rows else 1.0
    assert mcnemar_p(first, second) == pytest.approx(expected)
    assert mcnemar_p(first, second) == mcnemar_p(second, first)


@pytest.mark.parametrize(("count", "rows"), [(0, 20), (3, 20), (20, 20), (400, 1000)])
def test_the_interval_of_a_share_is_wilsons(count: int, rows: int) -> None:
    expected = stats.binomtest(count, rows).proportion_ci(method="wilson")
    assert bound_share(count, rows) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_majority_is_the_first_of_several() -> None:
    assert choose_majority(["b", "a", "b"], ["a", "b"]) == "b"
    assert choose_majority(["b", "a"], ["a", "b"]) == "a"
    assert choose_majority([], ["z", "a"]) == "z"


def test_keywords_are_whole_words_and_the_most_of_them_win() -> None:
    keywords = {"pay": ["invoice", "charged twice"], "ship": ["parcel", "late"], "empty": []}
    texts = [
        "My INVOICE, please", "charged  twice!", "charged once, then twice", "late parcel; invoice",
        "invoice or parcel", "invoices", "", "Größe",
    ]  # fmt: skip
    found = answer_by_keywords(texts, keywords, "other")
    assert found == ["pay", "pay", "other", "ship", "other", "other", "other", "other"]
    assert answer_by_keywords(["GRÖSSE passt"], {"size": ["Größe"]}, "other") == ["size"]


def test_learned_keywords_tell_a_label_from_the_others() -> None:
    texts = [
        "the parcel came late", "a late parcel", "the invoice is wrong", "wrong invoice", "the hi",
    ]  # fmt: skip
    labels = ["ship", "ship", "pay", "pay", "hello"]
    found = learn_keywords(texts, labels)
    assert found["ship"][:2] == ["late", "parcel"]
    assert found["pay"][:2] == ["invoice", "wrong"]
    assert "the" not in found["ship"]
    assert answer_by_keywords(["so late", "wrong sum"], found, "hello") == ["ship", "pay"]
    assert learn_keywords(["a b", "c"], ["one", "one"]) == {"one": []}  # nothing to tell it from


def test_every_label_has_a_name_of_its_own() -> None:
    labels = [
        "Billing", "order, late", "order late", "Größe", "Grosse", "grösse", "日本", "中国",
        "a/b", "C++", "C#", "..",
    ]  # fmt: skip
    found = slugs(labels)
    assert found["Billing"] == "billing"
    assert found["a/b"] == "a-b"
    assert found["日本"].startswith("label_")
    assert len(set(found.values())) == len(labels)
    assert all(slug.isascii() and set(".,/ []@:").isdisjoint(slug) for slug in found.values())
    assert slugs(labels[::-1]) == found
    many = [f"Klasse {number}, ä" for number in range(500)]
    assert len(set(slugs(many).values())) == 500
