"""evaluate: which predictions are scored, and how figures are put together."""

from pathlib import Path

import pandas as pd
import pytest

from stages.evaluate.judging import price_calls, select_source
from stages.evaluate.summaries import measure_lengths, score
from stages.evaluate.systems import choose_references, read_predictions, remove_unlisted
from tests.contract.examples import LINEUP, make_systems
from tests.stages.evaluated import (
    PRICES,
    SEED,
    SEEDS,
    TEST,
    TEXTS,
    fill_project,
    make_calls,
    write_predictions,
    write_zeroshot,
)
from understudy.contract.evaluation import TextLength
from understudy.contract.lineup import Lineup
from understudy.contract.names import COLUMNS, name_model
from understudy.contract.params.teacher import Prices
from understudy.core.errors import DataError
from understudy.scoring.rows import score_rows
from understudy.texts.sentences import lead

UNTRAINED = LINEUP.untrained


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_predictions_are_read_by_system_with_the_lead_beside_them() -> None:
    write_predictions(Path("data/predictions"))
    found = read_predictions(TEST, SEEDS, UNTRAINED)
    models = {name_model(name, SEED) if name in SEEDS else name: TEXTS[name] for name in TEXTS}
    expected = {**models, "lead-3": [lead(article) for article in TEST["article"]]}
    assert found.to_dict("list") == expected
    assert found["lead-3"][1] == "Boris saw 3.5 cats in Oslo.\nThey slept.\nHe left."


def test_a_prediction_of_a_failed_call_is_missing() -> None:
    write_predictions(Path("data/predictions"), (False, True, False))
    found = read_predictions(TEST, SEEDS, UNTRAINED)
    assert list(found["zeroshot"].isna()) == [False, True, False]
    assert found.drop(columns="zeroshot").notna().all(axis=None)
    assert list(found["t5-written-13"]) == TEXTS["t5-written"]  # an empty one is not missing


@pytest.mark.parametrize("ids", [["a", "b"], ["a", "c", "b"], ["a", "b", "x"], list("abcd"), []])
@pytest.mark.parametrize("name", ["seeds/t5-gold/13", "zeroshot"])
def test_predictions_of_others_are_refused(name: str, ids: list[str], tmp_path: Path) -> None:
    write_predictions(Path("data/predictions"))
    table = pd.DataFrame({"id": ids, "prediction": ["text"] * len(ids)}, dtype="str")
    table.to_parquet(Path("data/predictions") / f"{name}.parquet")
    with pytest.raises(DataError, match=rf"{name}\.parquet: not one prediction .*`dvc repro`"):
        read_predictions(TEST, SEEDS, UNTRAINED)


def test_a_missing_system_is_refused() -> None:
    write_predictions(Path("data/predictions"))
    (Path("data/predictions") / "seeds/bart-written/13.parquet").unlink()
    with pytest.raises(DataError, match=r"bart-written/13\.parquet: no such file"):
        read_predictions(TEST, SEEDS, UNTRAINED)


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


def test_the_teachers_cost_counts_cached_batched_and_imported_tokens() -> None:
    assert price_calls(make_calls(), Prices(**PRICES)).model_dump() == {
        "model": "m-1, m-2",
        "calls": 3,
        "rows": 3,
        "imported": 0,
        "metered": 3,
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
    live = {"calls": 1, "prompt_tokens": 200, "cached_tokens": 150, "completion_tokens": 20}
    batch = {"calls": 2, "prompt_tokens": 400, "cached_tokens": 50, "completion_tokens": 40}
    logged = {"calls": 5, "prompt_tokens": 900, "cached_tokens": 0, "completion_tokens": 90}
    calls = make_calls(live=live, batch=batch, logged=logged, calls=8, imported=5)
    found = price_calls(calls, Prices(**PRICES))
    assert (found.batch, found.imported, found.calls) == (2, 5, 8)
    # half of 350 at 2 dollars, 50 at 0.50, 40 at 10; and 50 at 2, 150 at 0.50, 20 at 10, a million
    assert found.cost_usd == round(((700 + 25 + 400) / 2 + 100 + 75 + 200) / 1e6, 6)
    assert (found.prompt_tokens, found.completion_tokens) == (1500, 150)


GOLD = list(TEST["highlights"])


def test_references_are_gold_where_each_article_has_some() -> None:
    write_predictions(Path("data/predictions"), (False, True, False))
    whose, found = choose_references(TEST)
    assert whose == "gold"
    assert found.dropna().to_dict() == {0: GOLD[0], 2: GOLD[2]}  # its call failed


def test_without_gold_the_teachers_usable_answers_are_the_references() -> None:
    Path("data/predictions").mkdir(parents=True)
    texts, reasons = ["One.", "Two <|im_end|>", None], [None, "template_mark", "failed"]
    write_zeroshot(Path("data/predictions"), texts, reasons)
    whose, found = choose_references(TEST.assign(highlights=None))
    assert whose == "teacher"
    assert found.dropna().to_dict() == {0: "One."}


def test_a_test_split_that_is_gold_in_part_is_refused() -> None:
    write_predictions(Path("data/predictions"))
    with pytest.raises(DataError, match="some rows have highlights, others none"):
        choose_references(TEST.assign(highlights=pd.Series([GOLD[0], None, GOLD[2]])))


def test_what_sources_that_are_gone_have_left_is_removed(tmp_path: Path) -> None:
    fill_project(tmp_path)
    remove_unlisted(Lineup(("gold", "written")))
    left = {path.name for path in tmp_path.rglob("*labelled*")}
    assert left == set()
    assert sorted(path.name for path in Path("metrics/answers").iterdir()) == [
        "generate.json", "zeroshot.json"
    ]  # fmt: skip
    assert (tmp_path / "data/predictions/zeroshot.parquet").exists()
    assert (tmp_path / "data/predictions/seeds/bart-written/13.parquet").exists()


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
