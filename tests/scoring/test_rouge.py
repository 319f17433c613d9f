"""ROUGE: by hand first, then against rouge_score, then against the Perl ROUGE-1.5.5."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rouge_score.rouge_scorer import RougeScorer

from tests.imports import ROOT
from understudy.scoring.bootstrap import interval
from understudy.scoring.rouge import Rouge
from understudy.scoring.rows import MEASURES, TYPES, score_rows
from understudy.texts.sentences import split_sentences

ORACLE = ROOT.parent / "shared" / "data" / "rouge155"
REFERENCE = "the cat sat on the mat"
PREDICTION = "the cat was on the mat today"


def measures(prediction: str, reference: str, kind: str, stemmer: bool = False) -> list[float]:
    """Return recall, precision and F1 of one pair."""
    rows = score_rows([prediction], [reference], stemmer)[kind]
    return [rows[measure][0] for measure in ("recall", "precision", "f1")]


def points(*shares: float) -> Any:
    return pytest.approx([100 * share for share in shares], abs=1e-9)


def test_words_pairs_and_subsequences_are_counted_as_by_hand() -> None:
    # the, cat, on, the, mat are shared: 5 of 6 in the reference, 5 of 7 in the prediction
    assert measures(PREDICTION, REFERENCE, "rouge1") == points(5 / 6, 5 / 7, 10 / 13)
    # "the cat", "on the", "the mat" are shared: 3 of 5 and 3 of 6
    assert measures(PREDICTION, REFERENCE, "rouge2") == points(3 / 5, 3 / 6, 6 / 11)
    # "the cat on the mat"
    assert measures(PREDICTION, REFERENCE, "rougel") == points(5 / 6, 5 / 7, 10 / 13)
    assert measures("four three two one", "one two three four", "rougel") == points(*[1 / 4] * 3)
    assert measures("four three two one", "one two three four", "rouge1") == points(1, 1, 1)
    assert measures("the the the the the", "the cat the dog", "rouge1") == points(
        2 / 4, 2 / 5, 4 / 9
    )
    longer = f"{PREDICTION} and it sat there"
    assert measures(longer, REFERENCE, "rouge1") == points(6 / 6, 6 / 11, 12 / 17)


def test_rouge_lsum_takes_sentences_in_any_order_and_finds_them_on_one_line() -> None:
    reference = "The dog barked loudly.\nSome cat slept well."
    swapped = "Some cat slept well.\nThe dog barked loudly."
    assert measures(swapped, reference, "rougelsum") == points(1, 1, 1)
    assert measures(swapped, reference, "rougel") == points(*[4 / 8] * 3)
    reference = "The dog barked loudly. Some cat slept well."
    swapped = "Some cat slept well. The dog barked loudly."
    assert measures(swapped, reference, "rougelsum") == points(1, 1, 1)


def test_stems_are_compared_and_case_and_punctuation_do_not_count() -> None:
    assert measures("dogs running", "dogs runs", "rouge1", stemmer=False) == points(*[1 / 2] * 3)
    assert measures("dogs running", "dogs runs", "rouge1", stemmer=True) == points(1, 1, 1)
    assert measures("The CAT, sat; on the “mat”.", REFERENCE, "rouge2") == points(1, 1, 1)


@pytest.mark.parametrize(
    ("prediction", "reference"),
    [("", REFERENCE), (PREDICTION, ""), ("", ""), (" \n ", REFERENCE), ("— …", REFERENCE)],
)
def test_an_empty_text_scores_zero(prediction: str, reference: str) -> None:
    for kind in TYPES.values():
        assert measures(prediction, reference, kind, stemmer=True) == [0, 0, 0]


def test_a_missing_prediction_is_no_row_to_leave_out() -> None:
    with pytest.raises(ValueError, match="longer"):
        score_rows([PREDICTION], [REFERENCE, REFERENCE], stemmer=True)


def random_texts(count: int, seed: int) -> list[str]:
    """Texts of one to four sentences, one a line, some of whose words share a stem."""
    draw = random.Random(seed)
    words = "police polices policing said says city cities rain rained 3 400 of the a in".split()
    return [
        "\n".join(
            " ".join(draw.choices(words, k=draw.randint(1, 12))) for _ in range(draw.randint(1, 4))
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("stemmer", [True, False])
def test_each_row_equals_rouge_score(stemmer: bool) -> None:
    predictions, references = random_texts(60, seed=1), random_texts(60, seed=2)
    rows = score_rows(predictions, references, stemmer)
    scorer = RougeScorer(list(TYPES), use_stemmer=stemmer)
    for row, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
        for kind, score in scorer.score(reference, prediction).items():
            for field, measure in MEASURES.items():
                expected = 100 * getattr(score, field)
                assert rows[TYPES[kind]][measure][row] == pytest.approx(expected, abs=1e-9)


@pytest.mark.skipif(not ORACLE.is_dir(), reason=f"{ORACLE} with published summaries is absent")
def test_each_row_of_real_summaries_equals_rouge_score_in_several_processes() -> None:
    pairs = read_pairs()[::6]
    predictions, references = (
        [pair[name] for pair in pairs] for name in ("prediction", "reference")
    )
    rows = score_rows(predictions, references, stemmer=True, processes=2)
    scorer = RougeScorer(list(TYPES), use_stemmer=True)
    for row, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
        texts = ("\n".join(split_sentences(text)) for text in (reference, prediction))
        for kind, score in scorer.score(*texts).items():
            for field, measure in MEASURES.items():
                found = rows[TYPES[kind]][measure][row]
                assert abs(found - 100 * getattr(score, field)) <= 1e-9


def test_several_processes_give_the_rows_of_one_in_their_order() -> None:
    predictions, references = random_texts(600, seed=5), random_texts(600, seed=6)
    one = score_rows(predictions, references, stemmer=True, processes=1)
    assert score_rows(predictions, references, stemmer=True, processes=2) == one


def test_only_the_types_asked_for_are_scored() -> None:
    rows = score_rows([PREDICTION], [REFERENCE], False, kinds=["rougel", "rouge1"])
    assert list(rows) == ["rouge1", "rougel"]
    assert rows["rougel"]["f1"] == points(10 / 13)


def test_no_rows_have_no_scores() -> None:
    assert score_rows([], [], stemmer=True)["rouge1"] == {"recall": [], "precision": [], "f1": []}


def test_the_metric_gives_the_means_of_its_rows() -> None:
    predictions, references = random_texts(20, seed=3), random_texts(20, seed=4)
    metric = Rouge(keep_in_memory=True)
    rows = score_rows(predictions, references, stemmer=True)
    means = metric.compute(predictions=predictions, references=references)
    assert {kind: set(scores) for kind, scores in means.items()} == {
        kind: {"recall", "precision", "f1"} for kind in ("rouge1", "rouge2", "rougel", "rougelsum")
    }
    for kind, scores in means.items():
        for measure, mean in scores.items():
            assert mean == pytest.approx(sum(rows[kind][measure]) / 20, abs=1e-9)
    assert (
        metric.compute(
            predictions=predictions, references=references, aggregate=False, stemmer=True
        )
        == rows
    )


def test_evaluate_loads_the_metric_from_its_path_without_a_network(tmp_path: Path) -> None:
    script = f"""
import json, evaluate
metric = evaluate.load("understudy/scoring/rouge.py")
scores = metric.compute(predictions=[{PREDICTION!r}], references=[{REFERENCE!r}], stemmer=False)
print(json.dumps(scores))
"""
    process = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "HF_EVALUATE_OFFLINE": "1",
            "HF_HOME": str(tmp_path),
            "HF_MODULES_CACHE": str(tmp_path / "modules"),
            "HF_EVALUATE_CACHE": str(tmp_path / "evaluate"),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    scores = json.loads(process.stdout.splitlines()[-1])
    assert list(scores["rouge1"].values()) == points(5 / 6, 5 / 7, 10 / 13)
    assert list(scores["rouge2"].values()) == points(3 / 5, 3 / 6, 6 / 11)


def read_pairs() -> list[dict[str, str]]:
    text = (ORACLE / "pairs.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.skipif(not ORACLE.is_dir(), reason=f"{ORACLE} with ROUGE-1.5.5's scores is absent")
def test_twelve_published_systems_score_as_rouge_1_5_5_scores_them() -> None:
    pairs = read_pairs()
    oracle = json.loads((ORACLE / "rouge-1.5.5.json").read_text(encoding="utf-8"))
    kinds = (("rouge1", "rouge1", 0.6), ("rouge2", "rouge2", 0.2), ("rougelsum", "rougeL", 0.6))
    assert len(oracle) == 12
    for system, expected in oracle.items():
        own = [pair for pair in pairs if pair["system"] == system]
        predictions, references = zip(
            *((p["prediction"], p["reference"]) for p in own), strict=True
        )
        assert len(own) == 100
        rows = score_rows(predictions, references, stemmer=True)
        for kind, original, tolerance in kinds:
            for field, measure in MEASURES.items():
                mean = sum(rows[kind][measure]) / len(own)
                told = 100 * expected[original][field][0]
                assert mean == pytest.approx(told, abs=tolerance), (system, kind, measure)
                bounds = interval(rows[kind][measure], 1000, seed=1)
                told_bounds = tuple(100 * end for end in expected[original][field][1:])
                assert bounds == pytest.approx(told_bounds, abs=0.5), (system, kind, measure)
