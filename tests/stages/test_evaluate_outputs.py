"""evaluate: what the command writes."""

import math
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stages.evaluate.__main__ import main
from stages.evaluate.judging import price_calls
from tests.contract.examples import PAIRS, SYSTEMS, TRAINED
from tests.stages.evaluated import PRICES, TEST, TEXTS, evaluate, fill_project, make_calls, read
from understudy.contract.evaluation import scores_schema
from understudy.contract.kind import SUMMARIZATION
from understudy.contract.names import COLUMNS
from understudy.contract.params.teacher import Prices
from understudy.core.errors import DataError
from understudy.scoring.length import cut_like
from understudy.scoring.rows import score_rows
from understudy.versioning.changes import flatten


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the command ran on small files; tests only read it."""
    folder = tmp_path_factory.mktemp("project")
    fill_project(folder)
    process = evaluate(folder)
    assert process.returncode == 0, process.stderr
    return folder


def test_the_command_writes_metrics_scores_a_plot_and_the_teachers_use(project: Path) -> None:
    written = sorted(
        str(path.relative_to(project / "metrics")) for path in (project / "metrics").rglob("*.*")
    )
    read_from = ("answers/", "students/")
    assert [name for name in written if not name.startswith(read_from)] == [
        "gap.json", "length.json", "plots/rouge.csv", "recipes.json", "rouge.json", "seeds.json",
        "systems.json", "teacher.json", "texts.json",
    ]  # fmt: skip
    assert (project / "data" / "scores.parquet").is_file()
    expected = price_calls(make_calls(), Prices(**PRICES)).model_dump(exclude_none=True)
    stages = ("generate", "label", "zeroshot")
    assert read(project, "teacher") == dict.fromkeys(stages, expected)


def test_the_scores_of_each_article_are_kept_system_by_system(project: Path) -> None:
    scores = pd.read_parquet(project / "data" / "scores.parquet")
    schema = pq.read_schema(project / "data" / "scores.parquet")
    assert schema.equals(pa.schema(list(scores_schema(SUMMARIZATION).items())))
    assert list(scores["system"]) == [name for name in SYSTEMS for _ in range(3)]
    assert list(scores["id"]) == ["a", "b", "c"] * len(SYSTEMS)
    systems = read(project, "systems")
    for name, rows in scores.groupby("system"):
        for column in COLUMNS:
            kind, _, measure = column.partition("_")
            mean = float(rows[column].mean())
            assert systems[str(name)][kind][measure] == pytest.approx(mean, abs=1e-4)


def test_systems_holds_the_figures_of_every_system_and_the_reference(project: Path) -> None:
    systems = read(project, "systems")
    assert set(systems) == {*TEXTS, "lead-3", "reference", "references"}
    assert systems["references"] == "gold"
    # a full stop between spaces is no word
    assert systems["reference"] == {"words": 5.3333, "empty": 0}
    assert systems["t5-written"]["empty"] == 1
    assert set(systems["lead-3"]) == {
        "rouge1", "rouge2", "rougel", "rougelsum", "words", "empty",
    }  # fmt: skip
    for name in (*TEXTS, "lead-3"):
        for kind in ("rouge1", "rouge2", "rougel", "rougelsum"):
            shown = systems[name][kind]
            measures = ["recall", "precision", "f1"]
            bounds = [f"{measure}_{end}" for measure in measures for end in ("low", "high")]
            assert list(shown) == [*measures, *bounds]
            for measure in measures:
                low, high = shown[f"{measure}_low"], shown[f"{measure}_high"]
                assert 0 <= low <= shown[measure] <= high <= 100
    # shared with the reference: 4 of 6, 3 of 5 and 2 of 5 words; all of the predicted words
    shown = read(project, "systems")["t5-gold"]["rouge1"]
    assert shown["recall"] == round(100 * (4 / 6 + 3 / 5 + 2 / 5) / 3, 4)
    assert shown["precision"] == 100


def test_rouge_json_and_the_plot_have_the_figures_of_the_systems(project: Path) -> None:
    systems = read(project, "systems")
    assert read(project, "rouge") == {
        "t5": systems["t5-written"],
        "bart": systems["bart-written"],
        "zeroshot": systems["zeroshot"],
        "lead-3": systems["lead-3"],
    }
    plot = pd.read_csv(project / "metrics" / "plots" / "rouge.csv")
    systems = read(project, "systems")
    assert list(plot.columns) == ["system", "metric", "f1"]
    assert len(plot) == 8 * 4
    for row in plot.itertuples():
        assert row.f1 == systems[str(row.system)][str(row.metric)]["f1"]


def test_the_gap_is_first_minus_second_and_undecided_by_three_articles(project: Path) -> None:
    systems, gap = read(project, "systems"), read(project, "gap")
    assert list(gap) == [f"{first}-minus-{second}" for first, second in PAIRS]
    assert len(gap) == 22
    assert list(gap)[:2] == ["t5-written-minus-t5-gold", "t5-labelled-minus-t5-gold"]
    for (first, second), kinds in zip(PAIRS, gap.values(), strict=True):
        for kind, shown in kinds.items():
            for measure in ("recall", "precision", "f1"):
                difference = systems[first][kind][measure] - systems[second][kind][measure]
                assert shown[measure] == pytest.approx(difference, abs=1.5e-4)
            assert shown["f1_low"] <= shown["f1"] <= shown["f1_high"]
    for kinds in read(project, "gap").values():
        for shown in kinds.values():
            assert (shown["better"], shown["equivalent"]) == (0, 0)
            assert 0.05 < shown["p"] <= 1
            assert 0 < shown["p_equivalent"] <= 1
            assert shown["articles_needed"] > 3


def test_texts_hold_what_rouge_does_not_see_of_systems_and_the_reference(project: Path) -> None:
    texts = read(project, "texts")
    assert set(texts) == {*SYSTEMS, "reference"}
    assert texts["lead-3"]["novel1"] == 0
    assert texts["lead-3"]["coverage"] == 100
    assert texts["t5-written"]["empty"] == 1
    # "Anna was in Oslo." names a place that its article lacks, among two that are not empty
    assert texts["t5-written"]["unsupported_names"] == 50
    assert texts["t5-gold"]["unsupported_names"] == 0


def test_length_compares_with_zeroshot_answers_as_they_are_and_cut(project: Path) -> None:
    length, systems = read(project, "length"), read(project, "systems")
    assert set(length) == set(TRAINED)
    highlights = list(TEST["highlights"])
    for name, found in length.items():
        assert found["words"] == systems[name]["words"]
        assert found["zeroshot_words"] == systems["zeroshot"]["words"]
        cut = list(map(cut_like, TEXTS["zeroshot"], TEXTS[name]))
        scores = score_rows(cut, highlights, stemmer=True)["rouge1"]
        for measure in ("recall", "precision", "f1"):
            own = systems[name]["rouge1"][measure]
            as_is = own - systems["zeroshot"]["rouge1"][measure]
            assert found["as_is"][measure] == pytest.approx(as_is, abs=1.5e-4)
            assert found["cut"][measure] == pytest.approx(
                own - sum(scores[measure]) / 3, abs=1.5e-4
            )


@pytest.mark.parametrize("name", ["systems", "rouge", "gap", "texts", "length", "teacher"])
def test_every_leaf_is_a_number_that_dvc_keeps(name: str, project: Path) -> None:
    found = dict(flatten(read(project, name)))
    texts = [path for path, value in found.items() if isinstance(value, str)]
    numbers = {path: value for path, value in found.items() if path not in texts}
    said = {
        "teacher": ["generate.model", "label.model", "zeroshot.model"],
        "systems": ["references"],
    }
    assert texts == said.get(name, [])
    for path, value in numbers.items():
        assert type(value) in (int, float), path
        assert math.isfinite(value), path
        assert value == round(value, 6 if path.endswith("cost_usd") else 4), path


def test_an_article_whose_call_failed_is_scored_for_no_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_project(tmp_path, (False, True, False))
    monkeypatch.chdir(tmp_path)
    main()
    systems, teacher = read(tmp_path, "systems"), read(tmp_path, "teacher")
    # shared with the references of the first and the last article: 4 of 6 and 2 of 5 words
    assert systems["t5-gold"]["rouge1"]["recall"] == round(100 * (4 / 6 + 2 / 5) / 2, 4)
    assert systems["t5-written"]["words"] == 2
    assert systems["reference"]["words"] == 5.5
    assert all(systems[name].keys() == systems["lead-3"].keys() for name in TEXTS)
    gap = read(tmp_path, "gap")["t5-written-minus-t5-gold"]["rouge1"]["recall"]
    means = [systems[name]["rouge1"]["recall"] for name in ("t5-written", "t5-gold")]
    assert gap == pytest.approx(means[0] - means[1], abs=1.5e-4)
    assert (teacher["zeroshot"]["failed"], teacher["generate"]["failed"]) == (1, 0)
    assert (teacher["zeroshot"]["calls"], teacher["zeroshot"]["rows"]) == (2, 3)


def test_a_test_set_in_another_script_stops_before_it_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "data" / "gold" / "test.parquet"
    russian = pd.read_parquet(path).assign(highlights="Мост снова открыт")
    russian.to_parquet(path)
    expected = r"the references of data/gold/test\.parquet: .*'Мост снова открыт', .*; set evaluate"
    with pytest.raises(DataError, match=expected):
        main()
    assert not (tmp_path / "metrics" / "gap.json").exists()
