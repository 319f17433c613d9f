"""evaluate: which predictions are scored, how figures are put together, what is written."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages.errors import DataError
from stages.evaluate import (
    SYSTEMS,
    EvaluateParams,
    compare,
    count_teacher,
    describe_texts,
    main,
    read_predictions,
    score,
    select_source,
    summarize,
)
from stages.scoring.bootstrap import interval
from stages.scoring.sentences import lead
from stages.teacher.settings import Prices
from tests.imports import ROOT

PARAMS = EvaluateParams(source="gpt", stemmer=True, resamples=200, seed=4)
PRICES = {"input": 2.0, "cached_input": 0.5, "output": 10.0, "batch_factor": 0.5}
TEST = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "article": [
            "Anna came to Rome on Monday. It rained. Nobody was hurt. She left on Friday.",
            "Boris saw 3.5 cats in Oslo. They slept. He left. It snowed.",
            "Clara won. Then Mr. Lee lost.",
        ],
        "highlights": [
            "Anna was in Rome .\nIt rained .",
            "Boris saw cats in Oslo .",
            "Clara won and Lee lost .",
        ],
    }
)
TEACHER = "the teacher of the params"
TEXTS = {
    "t5-cnn": ["Anna was in Rome.", "Boris saw cats.", "Clara won."],
    "t5-gpt": ["Anna was in Oslo.", "Boris slept.", ""],
    "bart-cnn": ["It rained.", "He saw cats in Oslo.", "Lee lost."],
    "bart-gpt": ["Anna was in Rome. It rained.", "Boris saw cats in Oslo.", "Clara won. Lee lost."],
    "zeroshot": ["Anna came to Rome and it rained all day.", "Cats in Oslo slept.", "Clara won."],
}


def make_answers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": ["m-1", "m-2", "m-1"],
            "reason": [None, "too_long", None],
            "prompt_tokens": [100, 200, 300],
            "cached_tokens": [0, 150, 50],
            "completion_tokens": [10, 20, 30],
            "batch": [False, False, False],
            "error": ["", "", ""],
        }
    )


def make_failed_answers() -> pd.DataFrame:
    """The same, but the second call has failed."""
    answers = make_answers()
    failed = [TEACHER, "failed", 0, 0, 0, False, "HTTP 500: Oops."]
    answers.loc[1] = pd.Series(failed, index=answers.columns, dtype=object)
    return answers


def write_predictions(folder: Path, answers: pd.DataFrame | None = None) -> None:
    """Every system's predictions; none where the teacher's call failed."""
    answers = make_answers() if answers is None else answers
    folder.mkdir(parents=True)
    for system, texts in TEXTS.items():
        table = pd.DataFrame({"id": TEST["id"], "prediction": texts})
        if system == "zeroshot":
            table.loc[answers["reason"] == "failed", "prediction"] = None
            table = pd.concat([table, answers], axis=1)
        table.to_parquet(folder / f"{system}.parquet")


def fill_project(folder: Path, answers: pd.DataFrame | None = None) -> None:
    """Writes what the command reads."""
    (folder / "data" / "cnn").mkdir(parents=True)
    (folder / "data" / "gpt").mkdir()
    TEST.to_parquet(folder / "data" / "cnn" / "test.parquet")
    write_predictions(folder / "data" / "predictions", answers)
    make_answers().to_parquet(folder / "data" / "gpt" / "answers.parquet")
    params = YAML(typ="safe").load((ROOT / "profiles" / "sample.yaml").read_text(encoding="utf-8"))
    params["teacher"]["prices"] = PRICES
    params["evaluate"] = PARAMS.model_dump()
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(params, file)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the command ran on small files; tests only read it."""
    folder = tmp_path_factory.mktemp("project")
    fill_project(folder)
    process = subprocess.run(
        [sys.executable, "-m", "stages.evaluate"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    return folder


def read(project: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (project / "metrics" / f"{name}.json").read_text(encoding="utf-8")
    )
    return content


def leaves(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict):
        for name, value in content.items():
            yield from leaves(value, f"{path}.{name}")
    else:
        yield path, content


def test_predictions_are_read_by_system_with_the_lead_beside_them(tmp_path: Path) -> None:
    write_predictions(tmp_path / "predictions")
    found = read_predictions(TEST, tmp_path / "predictions")
    expected = {**TEXTS, "lead-3": [lead(article) for article in TEST["article"]]}
    assert found.to_dict("list") == expected
    assert found["lead-3"][1] == "Boris saw 3.5 cats in Oslo.\nThey slept.\nHe left."


def test_a_prediction_of_a_failed_call_is_missing(tmp_path: Path) -> None:
    write_predictions(tmp_path / "predictions", make_failed_answers())
    found = read_predictions(TEST, tmp_path / "predictions")
    assert list(found["zeroshot"].isna()) == [False, True, False]
    assert found.drop(columns="zeroshot").notna().all(axis=None)
    assert list(found["t5-gpt"]) == TEXTS["t5-gpt"]  # an empty one is not missing


@pytest.mark.parametrize("ids", [["a", "b"], ["a", "c", "b"], ["a", "b", "x"], list("abcd"), []])
@pytest.mark.parametrize("system", ["t5-cnn", "zeroshot"])
def test_predictions_of_other_articles_are_refused(
    system: str, ids: list[str], tmp_path: Path
) -> None:
    write_predictions(tmp_path / "predictions")
    table = pd.DataFrame({"id": ids, "prediction": ["text"] * len(ids)}, dtype="str")
    table.to_parquet(tmp_path / "predictions" / f"{system}.parquet")
    with pytest.raises(DataError, match=rf"{system}\.parquet: not one prediction .*`dvc repro`"):
        read_predictions(TEST, tmp_path / "predictions")


def test_a_missing_system_is_refused(tmp_path: Path) -> None:
    write_predictions(tmp_path / "predictions")
    (tmp_path / "predictions" / "bart-gpt.parquet").unlink()
    with pytest.raises(DataError, match=r"bart-gpt\.parquet: no such file"):
        read_predictions(TEST, tmp_path / "predictions")


def test_a_summary_holds_the_means_and_the_interval_of_f1() -> None:
    rows = {"rouge1": {"recall": [10.0, 20.0, 33.33333], "precision": [1.0] * 3, "f1": [1.0, 2, 6]}}
    low, high = interval([1.0, 2, 6], 200, 4)
    assert summarize(rows, PARAMS) == {
        "rouge1": {
            "recall": 21.1111,
            "precision": 1.0,
            "f1": 3.0,
            "f1_low": round(low, 4),
            "f1_high": round(high, 4),
        }
    }


def test_a_comparison_is_first_minus_second_article_by_article() -> None:
    first = {"rouge1": {"recall": [30.0, 50.0], "f1": [12.0, 22.0]}}
    second = {"rouge1": {"recall": [10.0, 60.0], "f1": [10.0, 20.0]}}
    assert compare(first, second, PARAMS) == {
        # Both articles differ by 2: the interval has no width, as that of unpaired figures would.
        "rouge1": {"recall": 5.0, "f1": 2.0, "f1_low": 2.0, "f1_high": 2.0}
    }


def test_texts_are_described_by_words_and_empty_ones() -> None:
    assert describe_texts(["one two\nthree", "", "  ", "four"]) == {"words": 1.0, "empty": 2}
    assert describe_texts(["a b", "c", "d"])["words"] == 1.3333
    assert describe_texts(["It rained .\nStop ."])["words"] == 3


@pytest.mark.parametrize("source", ["cnn", "gpt"])
def test_a_source_is_shown_under_names_that_do_not_hold_it(source: str) -> None:
    systems = {name: {"marker": name} for name in (*SYSTEMS, "lead-3")}
    assert select_source(systems, source) == {
        "t5": {"marker": f"t5-{source}"},
        "bart": {"marker": f"bart-{source}"},
        "zeroshot": {"marker": "zeroshot"},
        "lead-3": {"marker": "lead-3"},
    }


def test_the_teachers_cost_counts_cached_tokens_at_their_own_price() -> None:
    assert count_teacher(make_answers(), Prices(**PRICES)) == {
        "model": "m-1, m-2",
        "calls": 3,
        "unusable": 1,
        "failed": 0,
        "batch": 0,
        "prompt_tokens": 600,
        "cached_tokens": 200,
        "completion_tokens": 60,
        # 400 at 2 dollars, 200 at 0.50, 60 at 10, a million
        "cost_usd": 0.0015,
    }


def test_answers_of_a_batch_cost_their_share_of_the_price() -> None:
    answers = make_answers().assign(batch=[True, False, True])
    found = count_teacher(answers, Prices(**PRICES))
    assert found["batch"] == 2
    # half of 350 at 2 dollars, 50 at 0.50, 40 at 10; and 50 at 2, 150 at 0.50, 20 at 10, a million
    assert found["cost_usd"] == round(((700 + 25 + 400) / 2 + 100 + 75 + 200) / 1e6, 6)
    all_batch = count_teacher(answers.assign(batch=True), Prices(**PRICES))
    assert all_batch["cost_usd"] == 0.0015 / 2


def test_a_failed_call_is_counted_and_costs_nothing() -> None:
    found = count_teacher(make_failed_answers(), Prices(**PRICES))
    assert (found["model"], found["calls"]) == ("m-1", 3)
    assert (found["unusable"], found["failed"], found["prompt_tokens"]) == (1, 1, 400)
    # 350 at 2 dollars, 50 at 0.50, 40 at 10, a million
    assert found["cost_usd"] == 0.001125


def test_every_system_is_scored_row_by_row() -> None:
    rows = score(pd.DataFrame({"t5-cnn": TEXTS["t5-cnn"]}), list(TEST["highlights"]), stemmer=True)
    # "boris saw cats" against "boris saw cats in oslo"
    assert rows["t5-cnn"]["rouge1"]["recall"][1] == pytest.approx(60)
    assert rows["t5-cnn"]["rouge1"]["precision"][1] == pytest.approx(100)


def test_the_command_writes_four_metrics_and_a_plot(project: Path) -> None:
    written = sorted(
        str(path.relative_to(project / "metrics")) for path in (project / "metrics").rglob("*.*")
    )
    assert written == [
        "gap.json",
        "plots/rouge.csv",
        "rouge.json",
        "systems.json",
        "teacher.json",
    ]


def test_systems_holds_every_system_and_the_reference(project: Path) -> None:
    systems = read(project, "systems")
    assert set(systems) == {*TEXTS, "lead-3", "reference"}
    # a full stop between spaces is no word
    assert systems["reference"] == {"words": 5.3333, "empty": 0}
    assert systems["t5-gpt"]["empty"] == 1
    assert set(systems["lead-3"]) == {
        "rouge1", "rouge2", "rougel", "rougelsum", "words", "empty",
    }  # fmt: skip
    for name in (*TEXTS, "lead-3"):
        for kind in ("rouge1", "rouge2", "rougel", "rougelsum"):
            shown = systems[name][kind]
            assert list(shown) == ["recall", "precision", "f1", "f1_low", "f1_high"]
            assert 0 <= shown["f1_low"] <= shown["f1"] <= shown["f1_high"] <= 100


def test_a_systems_figures_are_those_of_its_predictions(project: Path) -> None:
    # shared with the reference: 4 of 6, 3 of 5 and 2 of 5 words; all of the predicted words
    shown = read(project, "systems")["t5-cnn"]["rouge1"]
    assert shown["recall"] == round(100 * (4 / 6 + 3 / 5 + 2 / 5) / 3, 4)
    assert shown["precision"] == 100


def test_rouge_json_shows_the_source_of_the_params(project: Path) -> None:
    systems = read(project, "systems")
    assert read(project, "rouge") == {
        "t5": systems["t5-gpt"],
        "bart": systems["bart-gpt"],
        "zeroshot": systems["zeroshot"],
        "lead-3": systems["lead-3"],
    }


def test_the_gap_is_gpt_minus_cnn(project: Path) -> None:
    systems, gap = read(project, "systems"), read(project, "gap")
    assert set(gap) == {"t5", "bart"}
    assert gap["bart"]["rouge1"]["f1"] > 0 > gap["t5"]["rouge1"]["f1"]
    for student, kinds in gap.items():
        for kind, shown in kinds.items():
            for measure in ("recall", "precision", "f1"):
                means = [systems[f"{student}-{source}"][kind][measure] for source in ("gpt", "cnn")]
                assert shown[measure] == pytest.approx(means[0] - means[1], abs=1.5e-4)
            assert shown["f1_low"] <= shown["f1"] <= shown["f1_high"]


def test_teacher_json_counts_both_uses_of_the_teacher(project: Path) -> None:
    expected = count_teacher(make_answers(), Prices(**PRICES))
    assert read(project, "teacher") == {"generate": expected, "zeroshot": expected}


@pytest.mark.parametrize("name", ["systems", "rouge", "gap", "teacher"])
def test_every_leaf_is_a_number_that_dvc_keeps(name: str, project: Path) -> None:
    found = dict(leaves(read(project, name)))
    texts = [path for path, value in found.items() if isinstance(value, str)]
    numbers = {path: value for path, value in found.items() if path not in texts}
    assert texts == ([".generate.model", ".zeroshot.model"] if name == "teacher" else [])
    for path, value in numbers.items():
        assert type(value) in (int, float), path
        assert math.isfinite(value), path
        assert value == round(value, 6 if path.endswith("cost_usd") else 4), path


def test_the_plot_has_the_f1_of_each_system_and_metric(project: Path) -> None:
    plot = pd.read_csv(project / "metrics" / "plots" / "rouge.csv")
    systems = read(project, "systems")
    assert list(plot.columns) == ["system", "metric", "f1"]
    assert len(plot) == 6 * 4
    for row in plot.itertuples():
        assert row.f1 == systems[str(row.system)][str(row.metric)]["f1"]


def test_an_article_whose_call_failed_is_scored_for_no_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_project(tmp_path, make_failed_answers())
    monkeypatch.chdir(tmp_path)
    main()
    systems, teacher = read(tmp_path, "systems"), read(tmp_path, "teacher")
    # shared with the references of the first and the last article: 4 of 6 and 2 of 5 words
    assert systems["t5-cnn"]["rouge1"]["recall"] == round(100 * (4 / 6 + 2 / 5) / 2, 4)
    assert systems["t5-gpt"]["words"] == 2
    assert systems["reference"]["words"] == 5.5
    assert all(systems[name].keys() == systems["lead-3"].keys() for name in TEXTS)
    gap = read(tmp_path, "gap")["t5"]["rouge1"]["recall"]
    means = [systems[name]["rouge1"]["recall"] for name in ("t5-gpt", "t5-cnn")]
    assert gap == pytest.approx(means[0] - means[1], abs=1.5e-4)
    assert (teacher["zeroshot"]["failed"], teacher["generate"]["failed"]) == (1, 0)
    assert teacher["zeroshot"]["calls"] == 3
