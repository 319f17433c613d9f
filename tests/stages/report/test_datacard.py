"""Data cards and cost as tables."""

from pathlib import Path
from typing import Any

import pytest

from stages.report.datacard import (
    ANSWERS,
    BETWEEN,
    GROUPS,
    LABELS,
    SHARES,
    Table,
    build_cards,
    build_cost,
    build_counts,
    describe_cost,
    flatten,
)
from stages.report.inputs import ReportFacts, gather
from tests.contract.examples import make_calls, make_survey
from tests.stages.report.inputs import make_articles, write_json, write_project
from understudy.contract.pairs import SPLITS
from understudy.contract.survey import SEGMENT, SourceSurvey


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, make_articles(3))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gather_with(project: Path, name: str, content: Any) -> ReportFacts:
    write_json(project / "metrics" / f"{name}.json", content)
    return gather(100)


def cells(table: Table) -> dict[str, list[str]]:
    return {head: list(row) for head, row in table.rows}


def test_table_1_counts_rows_and_why_they_were_dropped(project: Path) -> None:
    gold, written = build_counts(gather(100))
    assert list(gold.columns) == ["training", "validation", "test"]
    assert cells(gold) == {
        "rows read": ["100", "100", "3"],
        "unusable": ["0", "0", "0"],
        "too long": ["−7", "−7", "0"],
        "duplicate": ["−2", "−2", "0"],
        "in test": ["−1", "−1", "0"],
        "pairs kept": ["90", "90", "3"],
    }
    assert cells(written)["too long"] == ["−10", "0"]


def test_each_column_of_table_1_adds_up(project: Path) -> None:
    for table in build_counts(gather(100)):
        for column in range(len(table.columns)):
            numbers = [int(row[column].replace("−", "-")) for _, row in table.rows]
            assert sum(numbers[:-1]) == numbers[-1]


def test_figures_of_both_sources_stand_side_by_side(project: Path) -> None:
    tables = {table.title: table for table in build_cards(gather(100))}
    assert list(tables) == [
        "Training pairs",
        "Validation pairs",
        "Test pairs",
        "Vocabulary of training articles",
        "Near duplicates among training articles",
        "Contamination of the test articles",
        "Leakage of highlights into their articles",
        "Answers that cannot be used",
        "Near duplicates between both sources",
    ]
    train = tables["Training pairs"]
    assert train.columns == ["gold", "written"]
    assert cells(train)["words an article"] == ["78 (55–115; 135)"] * 2
    assert cells(train)["pairs"] == ["1,396", "1,396"]
    leakage = cells(tables["Leakage of highlights into their articles"])
    assert leakage["highlight words in runs copied from the article"] == ["87.3%", "87.3%"]
    assert leakage["words of the longest run, on average"] == ["11.2", "11.2"]


def test_what_one_source_alone_has_is_split_by_its_parts(project: Path) -> None:
    tables = {table.title: table for table in build_cards(gather(100))}
    answers = tables["Answers that cannot be used"]
    assert (answers.columns, cells(answers)["too long"]) == (
        ["training", "validation"],
        ["7.9%", "7.9%"],
    )
    assert tables["Test pairs"].columns == ["gold"]
    assert cells(tables["Near duplicates between both sources"]) == {
        "pairs of a gold and a written article": ["4"],
        "gold articles concerned": ["3"],
        "written articles concerned": ["3"],
        "written articles near the one that their highlights belong to": ["3"],
    }


def test_every_figure_of_the_survey_has_a_label_and_every_label_a_figure() -> None:
    survey = make_survey()
    groups = {
        group: getattr(survey.gold, group) or getattr(survey.written, group)
        for group in SourceSurvey.model_fields
    }
    assert set(GROUPS) == {*groups, BETWEEN}
    figures = dict.fromkeys(
        path if group in SPLITS else f"{group}.{path}"
        for group, found in {**groups, BETWEEN: survey.between}.items()
        for path, _ in flatten(found)
        if group != ANSWERS  # their figures are reasons, and show as such
    )
    assert set(LABELS) == set(figures)
    assert set(LABELS) >= SHARES


def test_the_words_of_a_segment_stand_in_its_label() -> None:
    assert LABELS["vocabulary.type_token"] == f"distinct in {SEGMENT:,} running words"


def test_a_group_without_figures_is_no_table(project: Path) -> None:
    content = make_survey().to_json()
    content["written"]["answers"] = {"train": {}, "validation": {}}
    tables = build_cards(gather_with(project, "data", content))
    assert "Answers that cannot be used" not in [table.title for table in tables]


def test_cost_is_shown_per_use_and_per_thousand_calls(project: Path) -> None:
    facts = gather(100)
    cost = cells(build_cost(facts))
    assert cost["cost"] == ["$1.25", "$0.0125"]
    assert cost["cost per 1,000 calls"] == ["$12.50", "$0.1250"]
    assert cost["tokens out"] == ["30,000", "30,000"]
    assert describe_cost(facts, embedded=False) == (
        "The teacher cost $1.26 in all; a written training pair cost $0.0156."
    )


def test_no_calls_have_no_price(project: Path) -> None:
    calls = make_calls(0.0, calls=0).model_dump()
    facts = gather_with(project, "teacher", {"generate": calls, "zeroshot": calls})
    assert cells(build_cost(facts))["cost per 1,000 calls"] == ["–", "–"]
    assert "costs nothing" in describe_cost(facts, embedded=True)


def test_no_pair_that_was_kept_has_no_price(project: Path) -> None:
    split = {"asked": 9, "kept": 0, "dropped": {"too_long": 9}}
    facts = gather_with(project, "generated", {"train": split, "validation": split})
    assert describe_cost(facts, embedded=False) == "The teacher cost $1.26 in all."
