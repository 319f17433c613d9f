"""evaluate: which predictions are scored, and how figures are put together."""

import math
from pathlib import Path

import pandas as pd
import pytest

from stages.evaluate import (
    count_teacher,
    measure_lengths,
    read_predictions,
    score,
    select_source,
)
from tests.contract.examples import make_systems
from tests.stages.evaluated import (
    PRICES,
    SEED,
    SEEDS,
    TEST,
    TEXTS,
    make_answers,
    make_failed_answers,
    write_predictions,
)
from understudy.contract.evaluation import TextLength
from understudy.contract.names import COLUMNS, name_model
from understudy.contract.params.teacher import Prices
from understudy.core.errors import DataError
from understudy.scoring.rows import score_rows
from understudy.texts.sentences import lead


def test_predictions_are_read_by_system_with_the_lead_beside_them(tmp_path: Path) -> None:
    write_predictions(tmp_path / "predictions")
    found = read_predictions(TEST, SEEDS, tmp_path / "predictions")
    models = {name_model(name, SEED) if name in SEEDS else name: TEXTS[name] for name in TEXTS}
    expected = {**models, "lead-3": [lead(article) for article in TEST["article"]]}
    assert found.to_dict("list") == expected
    assert found["lead-3"][1] == "Boris saw 3.5 cats in Oslo.\nThey slept.\nHe left."


def test_a_prediction_of_a_failed_call_is_missing(tmp_path: Path) -> None:
    write_predictions(tmp_path / "predictions", make_failed_answers())
    found = read_predictions(TEST, SEEDS, tmp_path / "predictions")
    assert list(found["zeroshot"].isna()) == [False, True, False]
    assert found.drop(columns="zeroshot").notna().all(axis=None)
    assert list(found["t5-written-13"]) == TEXTS["t5-written"]  # an empty one is not missing


@pytest.mark.parametrize("ids", [["a", "b"], ["a", "c", "b"], ["a", "b", "x"], list("abcd"), []])
@pytest.mark.parametrize("name", ["seeds/t5-gold/13", "zeroshot"])
def test_predictions_of_other_articles_are_refused(
    name: str, ids: list[str], tmp_path: Path
) -> None:
    write_predictions(tmp_path / "predictions")
    table = pd.DataFrame({"id": ids, "prediction": ["text"] * len(ids)}, dtype="str")
    table.to_parquet(tmp_path / "predictions" / f"{name}.parquet")
    with pytest.raises(DataError, match=rf"{name}\.parquet: not one prediction .*`dvc repro`"):
        read_predictions(TEST, SEEDS, tmp_path / "predictions")


def test_a_missing_system_is_refused(tmp_path: Path) -> None:
    write_predictions(tmp_path / "predictions")
    (tmp_path / "predictions" / "seeds/bart-written/13.parquet").unlink()
    with pytest.raises(DataError, match=r"bart-written/13\.parquet: no such file"):
        read_predictions(TEST, SEEDS, tmp_path / "predictions")


def test_texts_are_measured_in_words_and_empty_ones_are_counted() -> None:
    assert measure_lengths(["one two\nthree", "", "  ", "four"]) == TextLength(words=1.0, empty=2)
    assert measure_lengths(["a b", "c", "d"]).words == 1.3333
    assert measure_lengths(["It rained .\nStop ."]).words == 3


@pytest.mark.parametrize("source", ["gold", "written"])
def test_a_source_is_shown_under_names_that_do_not_hold_it(source: str) -> None:
    systems = make_systems()
    assert dict(select_source(systems, source).items()) == {
        "t5": systems[f"t5-{source}"],
        "bart": systems[f"bart-{source}"],
        "zeroshot": systems["zeroshot"],
        "lead-3": systems["lead-3"],
    }


def test_the_teachers_cost_counts_cached_tokens_at_their_own_price() -> None:
    assert count_teacher(make_answers(), Prices(**PRICES)).model_dump() == {
        "model": "m-1, m-2",
        "calls": 3,
        "rows": 3,
        "unusable": 1,
        "failed": 0,
        "batch": 0,
        "prompt_tokens": 600,
        "cached_tokens": 200,
        "completion_tokens": 60,
        "reasoning_tokens": 0,
        # 400 at 2 dollars, 200 at 0.50, 60 at 10, a million
        "cost_usd": 0.0015,
        "reasoning_stripped": 0,
        "finish_reasons": {"stop": 3},
        "timed": 0,
        "seconds_median": None,
        "seconds_p95": None,
    }


def test_rows_with_equal_prompts_are_one_call_whose_tokens_count_once() -> None:
    answers = make_answers()
    twice = pd.concat([answers, answers.iloc[[1, 2]]], ignore_index=True)
    found = count_teacher(twice.assign(batch=True), Prices(**PRICES))
    assert (found.calls, found.rows, found.batch, found.unusable) == (3, 5, 3, 2)
    assert (found.prompt_tokens, found.completion_tokens) == (600, 60)
    assert found.cost_usd == 0.0015 / 2


def test_reasoning_and_the_endpoints_words_are_counted() -> None:
    answers = make_answers().assign(
        finish_reason=["error", "", "FinishReason.STOP"],
        reasoning_tokens=[0, 15, 2],
        reading=["", "unclear", "stripped"],
    )
    found = count_teacher(answers, Prices(**PRICES))
    assert found.finish_reasons == {"error": 1, "null": 1, "stop": 1}
    assert (found.reasoning_tokens, found.reasoning_stripped) == (17, 1)


def test_times_are_those_of_distinct_calls_that_have_one_and_interpolated() -> None:
    answers = make_answers().assign(seconds=[1.0, math.nan, 2.0])
    twice = pd.concat([answers, answers.iloc[[2]]], ignore_index=True)
    found = count_teacher(twice, Prices(**PRICES))
    assert (found.calls, found.timed, found.seconds_median, found.seconds_p95) == (3, 2, 1.5, 1.95)


def test_answers_of_a_batch_cost_their_share_of_the_price() -> None:
    answers = make_answers().assign(batch=[True, False, True])
    found = count_teacher(answers, Prices(**PRICES))
    assert found.batch == 2
    # half of 350 at 2 dollars, 50 at 0.50, 40 at 10; and 50 at 2, 150 at 0.50, 20 at 10, a million
    assert found.cost_usd == round(((700 + 25 + 400) / 2 + 100 + 75 + 200) / 1e6, 6)
    all_batch = count_teacher(answers.assign(batch=True), Prices(**PRICES))
    assert all_batch.cost_usd == 0.0015 / 2


def test_a_failed_call_is_counted_and_costs_nothing() -> None:
    found = count_teacher(make_failed_answers(), Prices(**PRICES))
    assert (found.model, found.calls, found.rows) == ("m-1", 2, 3)
    assert (found.unusable, found.failed, found.prompt_tokens) == (1, 1, 400)
    # 350 at 2 dollars, 50 at 0.50, 40 at 10, a million
    assert found.cost_usd == 0.001125


def test_every_system_is_scored_row_by_row() -> None:
    rows = score(pd.DataFrame(TEXTS), list(TEST["highlights"]), stemmer=True)
    assert list(rows) == list(TEXTS)
    # "boris saw cats" against "boris saw cats in oslo"
    assert rows["t5-gold"][1, COLUMNS.index("rouge1_recall")] == pytest.approx(60)
    assert rows["t5-gold"][1, COLUMNS.index("rouge1_precision")] == pytest.approx(100)
    for name, texts in TEXTS.items():
        alone = score_rows(texts, list(TEST["highlights"]), stemmer=True)
        for column, values in zip(COLUMNS, rows[name].T, strict=True):
            kind, _, measure = column.partition("_")
            assert list(values) == alone[kind][measure]
