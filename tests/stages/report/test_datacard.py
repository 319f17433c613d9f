"""Data cards and cost as tables."""

from pathlib import Path
from typing import Any

from stages.report.datacard import (
    ANSWERS,
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
from tests.contract.examples import LINEUP, make_answered, make_calls, make_survey
from tests.contract.label_examples import CLASSES
from tests.stages.report.inputs import write_json
from understudy.contract.answered import Answered
from understudy.contract.pairs import SPLITS
from understudy.contract.params.sources import SOURCES
from understudy.contract.survey import SEGMENT, SourceSurvey


def gather_with(project: Path, name: str, content: Any) -> ReportFacts:
    write_json(project / "metrics" / f"{name}.json", content)
    return gather(100)


def cells(table: Table) -> dict[str, list[str]]:
    return {head: list(row) for head, row in table.rows}


def test_table_1_counts_rows_and_why_they_were_dropped_and_adds_up(project: Path) -> None:
    gold, written, labelled = build_counts(gather(100))
    assert list(gold.columns) == ["training", "validation", "test"]
    assert cells(gold) == {
        "rows read": ["100", "100", "3"],
        "unusable": ["0", "0", "0"],
        "too long": ["−7", "−7", "0"],
        "duplicate": ["−2", "−2", "0"],
        "in test": ["−1", "−1", "0"],
        "rows kept": ["90", "90", "3"],
    }
    assert written.title == "written: articles that the teacher wrote"
    assert labelled.title == "labelled: highlights that the teacher wrote"
    assert cells(written) == {
        "articles asked for": ["90", "9"],
        "failed": ["0", "0"],
        "too long": ["−10", "0"],
        "pairs kept": ["80", "9"],
    }
    assert cells(labelled)["articles asked about"] == ["90", "9"]
    for table in build_counts(gather(100)):
        for column in range(len(table.columns)):
            numbers = [int(row[column].replace("−", "-")) for _, row in table.rows]
            assert sum(numbers[:-1]) == numbers[-1]


def test_figures_of_sources_stand_side_by_side_or_split_by_their_parts(project: Path) -> None:
    tables = {table.title: table for table in build_cards(gather(100))}
    assert list(tables) == [
        "Training pairs",
        "Validation pairs",
        "Test pairs",
        "Vocabulary of training articles",
        "Near duplicates among training articles",
        "Contamination of the test articles",
        "Leakage of highlights into their articles",
        "written: answers that cannot be used",
        "labelled: answers that cannot be used",
        "Near duplicates between gold and written",
    ]
    train = tables["Training pairs"]
    assert train.columns == [*SOURCES]
    assert cells(train)["words an article"] == ["78 (55–115; 135)"] * 3
    assert cells(train)["pairs"] == ["1,396"] * 3
    leakage = cells(tables["Leakage of highlights into their articles"])
    assert leakage["highlight words in runs copied from the article"] == ["87.3%"] * 3
    assert leakage["words of the longest run, on average"] == ["11.2"] * 3
    for source in ("written", "labelled"):
        answers = tables[f"{source}: answers that cannot be used"]
        assert answers.columns == ["training", "validation"]
        assert cells(answers)["too long"] == ["7.9%", "7.9%"]
    assert tables["Test pairs"].columns == ["gold"]
    assert cells(tables["Near duplicates between gold and written"]) == {
        "pairs of a gold and a written article": ["4"],
        "gold articles concerned": ["3"],
        "written articles concerned": ["3"],
        "written articles near the one that their highlights belong to": ["3"],
    }


def test_every_figure_of_the_survey_has_a_label_and_every_label_a_figure() -> None:
    surveys = [make_survey(source, of) for source in SOURCES for of in (LINEUP, CLASSES)]
    assert list(GROUPS) == list(SourceSurvey.model_fields)
    figures = {
        path if group in SPLITS else f"{group}.{path}"
        for survey in surveys
        for group in set(GROUPS) - {ANSWERS}  # their figures are reasons, and show as such
        if getattr(survey, group) is not None
        for path, _ in flatten(getattr(survey, group))
    }
    assert set(LABELS) == figures
    assert set(LABELS) >= SHARES
    assert LABELS["vocabulary.type_token"] == f"distinct in {SEGMENT:,} running words"


def test_a_group_without_figures_is_no_table(project: Path) -> None:
    for source in ("written", "labelled"):
        content = make_survey(source).to_json()
        content["answers"] = {"train": {}, "validation": {}}
        write_json(project / SourceSurvey.path_of(source), content)
    tables = build_cards(gather(100))
    assert not [table.title for table in tables if "cannot be used" in table.title]


def test_cost_is_shown_per_use_and_per_thousand_calls(project: Path) -> None:
    facts = gather(100)
    cost = cells(build_cost(facts))
    columns = ["articles", "labels", "zero-shot summaries"]
    assert build_cost(facts).columns == columns
    assert cost["cost"] == ["$1.25", "$1.25", "$0.0125"]
    assert cost["cost per 1,000 calls"] == ["$12.50", "$12.50", "$0.1250"]
    assert cost["tokens out"] == ["30,000"] * 3
    assert describe_cost(facts, embedded=False) == (
        "The teacher cost $2.51 in all; a written training pair cost $0.0156; a labelled training "
        "pair cost $0.0156."
    )


def test_no_price_is_told_of_no_pairs_imported_answers_and_no_calls(project: Path) -> None:
    split = {"asked": 9, "kept": 0, "dropped": {"too_long": 9}}
    for stage in ("generate", "label"):
        answered = make_answered(stage, train=split, validation=split)
        answered.write(project / Answered.path_of(stage))
    assert describe_cost(gather(100), embedded=False) == "The teacher cost $2.51 in all."
    imported = make_calls(0.1, calls=1000, imported=900).model_dump()
    unpaid = make_calls(0.0, calls=700, imported=700).model_dump()
    zeroshot = make_calls(0.0125).model_dump()
    uses = {"generate": unpaid, "label": imported, "zeroshot": zeroshot}
    cost = cells(build_cost(gather_with(project, "teacher", uses)))
    assert cost["answers"] == ["700", "1,000", "100"]
    assert cost["of these imported from logs"] == ["700", "900", "0"]
    assert cost["cost per 1,000 calls"] == ["–", "$1.00", "$0.1250"]
    calls = make_calls(0.0, calls=0).model_dump()
    facts = gather_with(project, "teacher", dict.fromkeys(("generate", "label", "zeroshot"), calls))
    assert cells(build_cost(facts))["cost per 1,000 calls"] == ["–"] * 3
    assert "costs nothing" in describe_cost(facts, embedded=True)
