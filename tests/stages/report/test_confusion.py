"""The report of a classification: its classes, its errors, and that no label is markup."""

import re
from pathlib import Path

import pytest

from stages.report.browser import build_payload
from stages.report.confusion import OTHERS, build_classes
from stages.report.inputs import gather
from stages.report.page import render
from tests.contract.label_examples import CLASSES, LABELS
from tests.stages.report.inputs import make_labelled, write_project
from tests.stages.report.planted import ENDS, RUNS
from understudy.contract.classes import NO_LABEL, confusion_path
from understudy.core.errors import DataError

ROWS = 40


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, make_labelled(ROWS), seeds=3, lineup=CLASSES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_row_is_in_one_cell_and_right_ones_are_on_the_diagonal(project: Path) -> None:
    facts, rows = gather(ROWS), make_labelled(ROWS)
    panels = {panel.system: panel for panel in build_classes(facts)["panels"]}
    assert list(panels) == [*CLASSES.systems]
    for system, panel in panels.items():
        assert sum(int(cell.rows or 0) for row in panel.rows for cell in row.cells) == ROWS
        right = sum(int(cell.rows or 0) for row in panel.rows for cell in row.cells if cell.right)
        assert right == sum(row["label"] == row[system] for row in rows)
        assert (NO_LABEL in panel.columns) == (system == "zeroshot")


def test_of_many_classes_those_with_few_rows_share_a_column(project: Path) -> None:
    labels = [f"kind {number}, über" for number in range(25)]
    rows = make_labelled(200, labels)
    write_project(project, rows, lineup=CLASSES)
    found = build_classes(gather(10))
    panel = found["panels"][0]
    assert (len(panel.rows), found["left_out"]) == (20, len(LABELS) + 5)
    assert panel.columns[20] == OTHERS


def test_the_page_tells_what_labels_have_and_nothing_of_texts(project: Path) -> None:
    page = " ".join(
        re.sub(r"<(style|script)\b.*?</\1>", "", render(gather(ROWS)), flags=re.S).split()
    )
    for said in (
        "Which classes, and how sure?", "How sure it is, and how often it is right", "macro F1",
        "another than the gold one in 10.0% of 200 labelled pairs (95% interval 6.6–14.9%)",
        "pairs of near duplicates with two labels", "Does it beat the most frequent label?",
        "Small models learn to label texts", "right alone", "with another label than the teacher",
    ):  # fmt: skip
        assert said in page, said
    for absent in (
        "ROUGE",
        "Leakage",
        "n-grams",
        "summariz",
        "summaries",
        "highlight",
        'id="length"',
        "lead-3",
    ):
        assert absent not in page, absent


def test_the_browser_gets_each_systems_label_and_whether_it_is_right(project: Path) -> None:
    payload, rows = build_payload(gather(3)), make_labelled(ROWS)
    assert (payload["input"], payload["words"], payload["stems"]) == ("text", "labels", {})
    assert payload["measures"] == {"labels_accuracy": "accuracy"}
    for system in CLASSES.systems:
        assert payload["texts"][system] == [row[system] for row in rows[:3]]
        right = [10_000 * (row["label"] == row[system]) for row in rows[:3]]
        assert payload["points"][system]["labels_accuracy"] == right


def test_labels_and_texts_that_are_markup_are_shown_and_do_nothing(project: Path) -> None:
    evil = f'{ENDS}{RUNS}<img src=x onerror="x">'
    rows = [{**row, "text": evil, "id": RUNS} for row in make_labelled(ROWS, (evil, *LABELS))]
    write_project(project, rows, lineup=CLASSES)
    page = render(gather(ROWS))
    assert "<img" not in page
    assert len(re.findall(r"<script", page)) == len(re.findall(r"</script>", page)) == 2
    assert "&lt;img src=x onerror=&#34;x&#34;&gt;" in page


def test_answers_of_another_run_are_refused(project: Path) -> None:
    path = project / confusion_path("lstm-gold")
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    with pytest.raises(DataError, match=r"^metrics/confusion/lstm-gold\.csv: not a line for each"):
        gather(ROWS)
