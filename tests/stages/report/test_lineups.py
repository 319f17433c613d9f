"""The report of other sources, and of scores against the teacher's own answers."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from stages.report.browser import build_payload, choose_browsed
from stages.report.claims import build_headlines, build_questions
from stages.report.curves import build_curves
from stages.report.datacard import build_cards, build_counts
from stages.report.inputs import gather
from stages.report.page import render
from stages.report.switching import build_worth
from tests.contract.examples import (
    LABELLED_ALONE,
    make_gap,
    make_recipe_gap,
    make_recipes,
    make_systems,
)
from tests.contract.label_examples import CLASSES
from tests.stages.report.inputs import list_files, make_articles, make_labelled, write_project
from understudy.contract.kind import CLASSIFICATION
from understudy.contract.lineup import Lineup
from understudy.core.errors import DataError

ARTICLES = make_articles(3)
LINEUPS = [
    Lineup(("gold",)),
    Lineup(("labelled",)),
    Lineup(("gold", "labelled")),
    Lineup(("written", "labelled")),
    LABELLED_ALONE,
    CLASSES,
    replace(CLASSES, sources=("labelled",), references="teacher"),
]
EACH = pytest.mark.parametrize("lineup", LINEUPS, ids=lambda one: "-".join(one.systems))
Enter = Callable[..., None]


@pytest.fixture
def enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Enter:
    """Writes what the stage reads of a lineup, and makes it the working directory."""

    def write(lineup: Lineup, seeds: int = 1) -> None:
        rows = make_labelled(3) if lineup.kind is CLASSIFICATION else ARTICLES
        write_project(tmp_path, rows, seeds=seeds, lineup=lineup)
        monkeypatch.chdir(tmp_path)

    return write


def read_text(page: str) -> str:
    """What stands on the page, without style, script and marks."""
    bare = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", bare).split())


@EACH
@pytest.mark.parametrize("seeds", [1, 3])
def test_a_page_of_any_sources_shows_them_alone(lineup: Lineup, seeds: int, enter: Enter) -> None:
    enter(lineup, seeds)
    page = render(gather(100))
    named = set(re.findall(r'class="name ([a-z0-9-]+)"', page))
    assert named == {*lineup.systems, "reference"}
    legend = page[page.index('class="legend"') :].partition("</p>")[0]
    keys = re.findall(r'class="key (\w+)"', legend)
    assert keys == [*lineup.sources]
    assert f"for {len(lineup.pairs)} comparisons (Holm)" in " ".join(page.split())
    assert "None" not in page.partition('<script type="application/json"')[0]


@EACH
def test_every_section_is_of_the_systems_that_are_there(lineup: Lineup, enter: Enter) -> None:
    enter(lineup)
    facts = gather(100)
    assert build_payload(facts)["systems"] == [*lineup.systems]
    assert {row[0] for panel in build_curves(facts) for row in panel.rows} == {*lineup.trained}
    training = next(table for table in build_cards(facts) if table.title == "Training pairs")
    assert training.columns == [*lineup.sources]
    made = {"written", "labelled"} & set(lineup.sources)
    assert len(build_counts(facts)) == 1 + len(made)
    assert list(build_worth(facts).columns)[:-1] == [*lineup.trained]


@EACH
def test_the_browser_begins_with_two_systems_that_are_there(lineup: Lineup) -> None:
    first, second = choose_browsed(lineup)
    assert first != second
    assert {first, second} <= set(lineup.systems)


def test_the_browser_begins_with_the_studys_pair_where_it_is_there() -> None:
    assert choose_browsed(Lineup()) == ("bart-written", "bart-gold")
    assert choose_browsed(Lineup(("gold", "labelled"))) == ("bart-labelled", "bart-gold")


@pytest.mark.parametrize("name", list_files(LABELLED_ALONE))
def test_a_missing_file_is_named(name: str, enter: Enter) -> None:
    enter(LABELLED_ALONE)
    Path(name).unlink()
    with pytest.raises(DataError, match=rf"^{re.escape(name)}: no such file; `dvc repro`"):
        gather(100)


HEADLINES = [
    (Lineup(("gold",)), "zeroshot", "This T5 is 4.0 points above zeroshot."),
    (
        Lineup(("gold", "labelled")),
        "t5-gold",
        "This T5 learned more from the teacher’s labels: 4.0 points above gold pairs.",
    ),
    (
        Lineup(("written", "labelled")),
        "t5-written",
        "This T5 learned more from the teacher’s labels: 4.0 points above written articles.",
    ),
    (LABELLED_ALONE, "lead-3", "This T5 agrees with the teacher more than lead-3, by 4.0 points."),
]


@pytest.mark.parametrize(("lineup", "second", "sentence"), HEADLINES)
def test_the_main_claim_is_on_what_there_is_to_compare(
    lineup: Lineup, second: str, sentence: str, enter: Enter
) -> None:
    enter(lineup)
    first, other = build_headlines(gather(100))
    assert (first.student, first.verdict.second, first.sentence) == ("t5", second, sentence)
    assert other.student == "bart"


GOLD_ALONE = Lineup(("gold",))
OUTCOMES = [
    (GOLD_ALONE, "worse", "This T5 is 4.0 points below zeroshot."),
    (GOLD_ALONE, "equivalent", "This T5 and zeroshot are equivalent, within 1 point."),
    (
        GOLD_ALONE,
        "undecided",
        "This T5: 3 test articles don’t tell whether it is better or worse than zeroshot.",
    ),
    (GOLD_ALONE, "identical", "This T5 writes the same as zeroshot."),
    (GOLD_ALONE, "void", "This T5 against zeroshot is void, both are empty."),
    (LABELLED_ALONE, "worse", "This T5 agrees with the teacher less than lead-3, by 4.0 points."),
    (
        LABELLED_ALONE,
        "equivalent",
        "This T5 agrees with the teacher as much as lead-3, within 1 point.",
    ),
    (
        LABELLED_ALONE,
        "undecided",
        "This T5: 3 test articles don’t tell whether it agrees with the teacher more or less than "
        "lead-3.",
    ),
    (LABELLED_ALONE, "void", "This T5 against lead-3 is void, both are empty."),
]


@pytest.mark.parametrize(("lineup", "verdict", "sentence"), OUTCOMES)
def test_one_source_s_claim_is_its_verdict(
    lineup: Lineup, verdict: str, sentence: str, enter: Enter
) -> None:
    enter(lineup)
    pair = (lineup.trained[0], "zeroshot" if lineup.references == "gold" else "lead-3")
    make_gap({pair: verdict}, lineup).write()
    assert build_headlines(gather(100))[0].sentence == sentence


def test_with_several_seeds_one_sources_claim_is_on_the_recipe(enter: Enter) -> None:
    enter(LABELLED_ALONE, seeds=3)
    make_recipes(3, make_systems(LABELLED_ALONE)).write()
    pair = ("t5-labelled", "lead-3")
    make_recipe_gap(3, {pair: "better"}, LABELLED_ALONE).write()
    first, _ = build_headlines(gather(100))
    assert first.sentence == "T5 agrees with the teacher more than lead-3, by 1.5 points."


def test_against_the_teachers_answers_all_is_agreement_and_nothing_gold(enter: Enter) -> None:
    enter(LABELLED_ALONE)
    page = render(gather(100))
    text = read_text(page)
    assert (
        "There are no gold texts: the references are the teacher&#39;s own answers. Every "
        "figure and every verdict says how far a system agrees with the teacher; none says how "
        "good it is."
    ) in text
    assert '<h2 id="scores-title">Agreement with the teacher</h2>' in page
    assert "are scored against that teacher’s own answers" in text
    assert "counts as shared with the teacher&#39;s own answers" in text
    assert "The references, the teacher&#39;s own answers, have 20.0 words on average." in text
    assert "agreement with the teacher, ROUGE-1 F1 71.2 71.2 –" in text
    assert "Agreement, time, and US dollars" in text
    assert [question.text for question in build_questions(gather(100), "rouge1")] == [
        "Does BART agree with the teacher more than T5?",
        "Does it agree with the teacher more than the article’s first three sentences?",
    ]
    text = read_text(page).lower()
    assert "gold highlights" not in page
    assert re.findall(r"\S+ gold \S+", text) == ["no gold texts:"]
    assert "quality" not in text
    assert "zeroshot" not in text
    assert build_payload(gather(100))["reference"] == "teacher"


def test_without_zero_shot_as_a_system_there_is_no_section_on_length(enter: Enter) -> None:
    enter(LABELLED_ALONE)
    page = render(gather(100))
    assert 'id="length"' not in page
    assert "#length" not in page.partition("<style>")[0] + page.partition("</style>")[2]
    enter(Lineup(("labelled",)))
    page = render(gather(100))
    assert '<section id="length"' in page
    assert '<a href="#length">Length</a>' in page


def test_the_references_are_the_answers_of_the_teacher(enter: Enter) -> None:
    enter(LABELLED_ALONE)
    facts = gather(100)
    assert list(facts.texts["highlights"]) == [row["highlights"] for row in ARTICLES]
    assert "zeroshot" not in facts.texts
    path = Path("data/predictions/zeroshot.parquet")
    table = pd.read_parquet(path)
    table.assign(prediction=table["prediction"].where(table.index != 1)).to_parquet(path)
    with pytest.raises(DataError, match=rf"^{path}: no text for article 'test-000001' of data/sc"):
        gather(100)
