"""Which files are read, and what is said of those that cannot be used."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from stages.report.inputs import gather
from tests.contract.examples import SYSTEMS, TRAINED
from tests.stages.report.inputs import lead_of, make_articles, make_points, write_project
from understudy.contract.names import COLUMNS
from understudy.core.errors import DataError, ParamsError

ARTICLES = make_articles(5)
POINTS_OF = make_points(ARTICLES)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, ARTICLES, POINTS_OF)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(path: Path, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    edit(pd.read_parquet(path)).to_parquet(path, index=False)


def refuse(expected: str) -> None:
    with pytest.raises(DataError) as caught:
        gather(100)
    assert str(caught.value) == expected


def test_texts_and_scores_stand_in_the_order_of_the_first_test_articles(project: Path) -> None:
    facts = gather(100)
    assert list(facts.texts["id"]) == [row["id"] for row in ARTICLES]
    for system in TRAINED:
        assert list(facts.texts[system]) == [row[system] for row in ARTICLES]
    assert list(facts.texts["lead-3"]) == [lead_of(row["article"]) for row in ARTICLES]
    for system in SYSTEMS:
        assert facts.points[system].to_numpy().tolist() == POINTS_OF[system].to_numpy().tolist()
    assert (facts.margin, facts.stemmer) == (1.0, True)
    facts = gather(2)
    assert list(facts.texts["id"]) == ["test-000000", "test-000001"]
    assert [len(rows) for rows in facts.points.values()] == [2] * len(SYSTEMS)
    assert facts.scored == 5


def test_an_article_without_scores_is_left_out(project: Path) -> None:
    change(project / "data/scores.parquet", lambda rows: rows[rows["id"] != "test-000001"])
    ids = list(gather(100).texts["id"])
    assert ids == ["test-000000", "test-000002", "test-000003", "test-000004"]
    change(
        project / "data/predictions/zeroshot.parquet",
        lambda rows: rows.assign(prediction=rows["prediction"].where(rows["id"] != "test-000001")),
    )
    assert list(gather(100).texts["id"]) == ids


@pytest.mark.parametrize("system", ["t5-written", "zeroshot"])
@pytest.mark.parametrize(
    "broken",
    [
        lambda rows: rows.iloc[:-1],
        lambda rows: rows.iloc[::-1],
        lambda rows: rows.iloc[:0],
        lambda rows: rows.assign(rouge1_f1=float("nan")),
    ],
    ids=["one fewer", "another order", "none", "without a figure"],
)
def test_a_system_without_one_score_an_article_is_refused(
    broken: Callable[[pd.DataFrame], pd.DataFrame], system: str, project: Path
) -> None:
    change(
        project / "data/scores.parquet",
        lambda rows: pd.concat(
            broken(part) if name == system else part for name, part in rows.groupby("system")
        ),
    )
    refuse(
        f"data/scores.parquet: not one score of {system} for each article of lead-3; "
        "`dvc repro` makes it again"
    )


def test_scores_without_a_column_are_refused(project: Path) -> None:
    change(project / "data/scores.parquet", lambda rows: rows.drop(columns=COLUMNS[-1]))
    with pytest.raises(DataError, match=r"data/scores\.parquet: no column 'rougelsum_f1'"):
        gather(100)


@pytest.mark.parametrize(
    "name", ["data/gold/test.parquet", *(f"data/predictions/{s}.parquet" for s in TRAINED)]
)
def test_a_scored_article_without_a_text_is_refused(name: str, project: Path) -> None:
    change(project / name, lambda rows: rows[rows["id"] != "test-000002"])
    refuse(f"{name}: no text for article 'test-000002' of data/scores.parquet; `dvc repro`")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "not a readable CSV file: No columns to parse from file; `dvc repro` makes it again"),
        ("step,epoch\n1,2\n", "line 2.train_loss: Field required; `dvc repro` makes it again"),
        ("step,epoch,train_loss,validation_loss\n", "no rows in it; `dvc repro` makes it again"),
        (
            "step,epoch,train_loss,validation_loss\n1,,2,3\n",
            "line 2.epoch: expected a finite number; `dvc repro` makes it again",
        ),
        (
            "step,epoch,train_loss,validation_loss\n1,1,low,3\n",
            "line 2.train_loss: expected a number; `dvc repro` makes it again",
        ),
    ],
)
def test_a_broken_curve_is_refused(content: str, problem: str, project: Path) -> None:
    (project / "metrics/curves/t5-written.csv").write_text(content, encoding="utf-8")
    refuse(f"metrics/curves/t5-written.csv: {problem}")


def test_a_curve_that_is_no_text_is_refused_in_one_line(project: Path) -> None:
    (project / "metrics/plots/lengths/labelled.csv").write_bytes(b"\xff\xfe\n\x00\x80")
    with pytest.raises(DataError, match=r"^metrics/plots/lengths/labelled\.csv: [^\n]*$"):
        gather(100)


@pytest.mark.parametrize(
    ("name", "key", "value", "problem"),
    [
        ("systems", "zeroshot", {"words": 1.0, "empty": 0}, "zeroshot.rouge1: Field required"),
        ("systems", "reference", None, "reference: expected keys with values"),
        ("gap", "t5-written-minus-t5-gold", {}, "t5-written-minus-t5-gold.rouge1: Field required"),
        ("texts", "reference", {"words": "9"}, "reference.words: expected a number"),
        ("length", "bart-gold", {"words": 1.0}, "bart-gold.zeroshot_words: Field required"),
        ("teacher", "generate", {"model": 7}, "generate.model: expected text"),
        ("dataset", "test", [], "test: expected keys with values"),
        ("answers/label", "train", {"asked": -1}, "train.asked: expected greater than 0"),
        ("data/labelled", "leakage", {}, "leakage.coverage: Field required"),
        ("latency/bart-labelled", "cores", -1, "cores: expected greater than or equal to 0"),
    ],
)
def test_a_misfit_is_named(name: str, key: str, value: object, problem: str, project: Path) -> None:
    path = project / "metrics" / f"{name}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, key: value}), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        gather(100)
    assert str(caught.value).startswith(f"metrics/{name}.json: {problem}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("pair", ["t5-gold-minus-zeroshot", "zeroshot-minus-lead-3"])
def test_a_missing_comparison_is_named(pair: str, project: Path) -> None:
    path = project / "metrics" / "gap.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content[pair]
    path.write_text(json.dumps(content), encoding="utf-8")
    refuse(f"metrics/gap.json: no '{pair}' in it; `dvc repro` makes it again")


def test_params_are_those_that_the_scores_were_made_with(project: Path) -> None:
    params = (project / "params.yaml").read_text(encoding="utf-8")
    changed = params.replace("margin: 1.0", "margin: 0.25").replace(
        "stemmer: true", "stemmer: false"
    )
    (project / "params.yaml").write_text(changed, encoding="utf-8")
    facts = gather(100)
    assert (facts.margin, facts.stemmer) == (0.25, False)
    (project / "params.yaml").write_text(params.replace("margin: 1.0", "margin: wide"), "utf-8")
    with pytest.raises(ParamsError, match=r"evaluate\.margin = 'wide'"):
        gather(100)
