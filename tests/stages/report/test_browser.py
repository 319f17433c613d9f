"""The browser of test articles in a real browser: order, keys, search, marks, address."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.examples import SYSTEMS
from tests.stages.report.browsing import (
    ARTICLES,
    IDS,
    arrange,
    choose,
    current,
    differences,
    focus_list,
    walk,
)
from tests.stages.report.chromium import Page
from tests.stages.report.conftest import NewPage, WriteReport
from tests.stages.report.inputs import lead_of, score
from understudy.contract.names import LEAD
from understudy.texts.fragments import find_fragments
from understudy.texts.words import split_words


@pytest.fixture(scope="module")
def points() -> Any:
    return score(ARTICLES)


@pytest.fixture(scope="module")
def report(write_report: WriteReport, points: Any) -> Path:
    return write_report(ARTICLES, points)


@pytest.fixture
def page(new_page: NewPage, report: Path) -> Iterator[Page]:
    page = new_page()
    page.resize(1280, 900)
    page.prefer(prefers_reduced_motion="reduce")
    page.open(report.as_uri())
    yield page
    assert page.list_events("Runtime.exceptionThrown") == []
    assert page.list_events("Log.entryAdded") == []
    page.close()


def test_the_list_begins_with_the_largest_loss_of_written_students(page: Page, points: Any) -> None:
    keys = differences(points, "bart-written", "bart-gold", "rouge1_f1")
    assert walk(page) == arrange(keys)
    assert current(page)["count"] == "25 articles"


@pytest.mark.parametrize(
    ("first", "second", "measure"),
    [
        ("t5-written", "t5-gold", "rouge1_f1"),
        ("zeroshot", "lead-3", "rouge2_recall"),
        ("lead-3", "bart-written", "rougelsum_precision"),
    ],
)
def test_articles_are_sorted_by_the_difference_of_any_two_systems_in_any_measure(
    first: str, second: str, measure: str, page: Page, points: Any
) -> None:
    for control, value in (("first", first), ("second", second), ("measure", measure)):
        choose(page, control, value)
    keys = differences(points, first, second, measure)
    assert walk(page) == arrange(keys)
    choose(page, "order", "distance")
    assert walk(page) == arrange([abs(key) for key in keys])


@pytest.mark.parametrize("system", ["t5-written", "zeroshot"])
def test_articles_are_sorted_by_a_systems_score(system: str, page: Page, points: Any) -> None:
    choose(page, "order", system)
    keys = [round(100 * value) for value in points[system]["rouge1_f1"]]
    assert walk(page) == arrange(keys)


def test_articles_are_sorted_by_id_and_stand_in_the_order_of_the_test_set(page: Page) -> None:
    choose(page, "order", "id")
    assert walk(page) == sorted(IDS)
    choose(page, "order", "test")
    page.run("document.getElementById('direction').click()")
    assert walk(page) == IDS[::-1]


def test_letters_turn_the_order_round_and_swap_the_systems(page: Page, points: Any) -> None:
    focus_list(page)
    page.press("r")
    keys = differences(points, "bart-written", "bart-gold", "rouge1_f1")
    assert walk(page) == arrange(keys)[::-1]
    chosen = current(page)["id"]
    page.press("s")
    swapped = page.run(
        "[document.getElementById('first').value, document.getElementById('second').value]"
    )
    assert swapped == ["bart-gold", "bart-written"]
    assert current(page)["id"] == chosen


def test_keys_move_through_the_list_and_stop_at_its_ends(page: Page) -> None:
    choose(page, "order", "test")
    focus_list(page)
    steps = [
        ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("ArrowUp", 0), ("End", 24),
        ("j", 24), ("PageUp", None), ("Home", 0), ("PageDown", None),
    ]  # fmt: skip
    for key, expected in steps:
        page.press(key)
        found = current(page)
        if expected is not None:
            assert found["id"] == IDS[expected], key
            assert found["place"].startswith(f"{expected + 1} of 25 ·")
        # the list says the same as the text beside it, to those who only hear it too
        assert found["selected"] == found["id"]
        assert found["active"] == found["row"] == f"row-{IDS.index(found['id'])}"
    assert 1 < IDS.index(current(page)["id"]) < 24


def test_the_chosen_row_is_always_in_sight(page: Page) -> None:
    focus_list(page)
    inside = """(() => { const [box, row] = ['#list', '#list [aria-selected=true]']
      .map((selector) => document.querySelector(selector).getBoundingClientRect());
      return row.top >= box.top - 1 && row.bottom <= box.bottom + 1 })()"""
    for key in ["End", "Home", *["j"] * 14, *["k"] * 9]:
        page.press(key)
        assert page.run(inside), key


def test_a_search_finds_words_in_any_text_whatever_their_case(page: Page) -> None:
    focus_list(page)
    page.press("/", *"ØSTERBRO")
    assert current(page)["count"] == "1 of 25 articles"
    assert current(page)["id"] == "stems"
    page.press("Enter", "j")
    assert current(page)["id"] == "stems"
    assert page.run("document.getElementById('query').value") == "ØSTERBRO"
    page.press("/", "Escape")
    assert current(page)["count"] == "25 articles"
    assert current(page)["id"] == "stems"
    assert page.run("document.activeElement.id") == "list"


def test_letters_that_are_typed_are_no_shortcuts(page: Page) -> None:
    focus_list(page)
    before = current(page)["id"]
    page.press("/", *"jjk")
    assert page.run("document.getElementById('query').value") == "jjk"
    page.press("Escape")
    assert current(page)["id"] == before


def test_a_search_that_finds_nothing_shows_nothing(page: Page) -> None:
    choose(page, "query", "no such words")
    assert current(page)["count"] == "0 of 25 articles"
    assert page.run("document.getElementById('detail').hidden")
    focus_list(page)
    page.press("j", "End", "s", "r")
    choose(page, "query", "test-000007")
    assert not page.run("document.getElementById('detail').hidden")
    assert current(page)["id"] == "test-000007"


def test_shortcuts_can_be_turned_off(page: Page) -> None:
    focus_list(page)
    page.press("?")
    assert page.run("document.getElementById('help').open")
    page.run("document.getElementById('shortcuts').click()")
    focus_list(page)
    before = current(page)["id"]
    page.press("j", "s", "?")
    assert current(page)["id"] == before
    assert page.run("document.getElementById('help').open")
    page.press("ArrowDown")
    assert current(page)["id"] != before


def test_a_row_that_is_clicked_is_shown(page: Page) -> None:
    choose(page, "order", "test")
    page.run("document.getElementById('browser').scrollIntoView()")
    page.point("#row-3", click=True)
    assert current(page)["id"] == IDS[3]
    assert page.run("document.activeElement.id") == "list"


def show(page: Page, identity: str) -> None:
    choose(page, "order", "test")
    choose(page, "query", identity)
    assert current(page)["id"] == identity


def texts_of(row: dict[str, str]) -> dict[str, str]:
    return {name: row[name] if name != LEAD else lead_of(row["article"]) for name in SYSTEMS}


def marks(page: Page, selector: str, name: str) -> list[str]:
    found: list[str] = page.run(
        f"[...document.querySelectorAll({json.dumps(f'{selector} .text mark.{name}')})]"
        ".map((mark) => mark.textContent)"
    )
    return found


@pytest.mark.parametrize("row", ARTICLES[:3] + ARTICLES[-1:], ids=lambda row: str(row["id"]))
def test_as_many_words_are_marked_as_rouge_counts(
    row: dict[str, str], page: Page, points: Any
) -> None:
    show(page, row["id"])
    for system in SYSTEMS:
        told = page.run(f"document.querySelector('.summary.{system} .told').textContent")
        shared, _, gold = told.split(" · ")[1].partition(" of ")
        recall = points[system]["rouge1_recall"][IDS.index(row["id"])]
        assert 100 * int(shared) / int(gold.split()[0]) == pytest.approx(recall), system
        pieces = " ".join(marks(page, f".summary.{system}", "hit"))
        letters = "".join(c if c.isascii() and c.isalnum() else " " for c in pieces)
        assert len(letters.split()) == int(shared), system


@pytest.mark.parametrize("row", ARTICLES[:3] + ARTICLES[-1:], ids=lambda row: str(row["id"]))
def test_held_summaries_mark_their_runs_in_the_article(row: dict[str, str], page: Page) -> None:
    show(page, row["id"])
    focus_list(page)
    article = split_words(row["article"])
    for number, (system, text) in enumerate(texts_of(row).items(), start=1):
        page.press(str(number))
        pressed = f"document.querySelector('.summary.{system} button').ariaPressed"
        assert page.run(pressed) == "true"
        words = split_words(text)
        fragments = find_fragments(article, words)
        told = page.run(f"document.querySelector('.summary.{system} .told').textContent")
        assert f"longest run in the article {fragments.longest} word" in told
        marked = [word for mark in marks(page, ".source", "run") for word in split_words(mark)]
        spans = fragments.spans
        assert set(marked) == {w for start, length in spans for w in words[start : start + length]}
        longest = [mark for mark in marks(page, ".source", "long") if mark]
        assert bool(longest) == (fragments.longest >= 3)
        absent = [
            w for mark in marks(page, f".summary.{system}", "absent") for w in split_words(mark)
        ]
        assert absent == [word for word in words if word not in article]
        page.press(str(number))
        assert page.run(pressed) == "false"
        assert marks(page, ".source", "run") == []


def test_a_summary_under_the_mouse_is_traced_until_the_mouse_leaves(page: Page) -> None:
    show(page, "stems")
    page.run("document.getElementById('browser').scrollIntoView()")
    page.point(".summary.bart-written")
    assert marks(page, ".source", "long") == ["Two houses burned in Oslo"]
    assert marks(page, ".summary.highlights", "hit") == ["Houses burn", "in Oslo", "in Oslo"]
    page.point(".controls")
    assert marks(page, ".source", "run") == []


def test_compared_systems_stand_first_with_their_badges(page: Page) -> None:
    choose(page, "first", "lead-3")
    choose(page, "second", "t5-gold")
    order = "[...document.querySelectorAll('.summary')].map((card) => card.ariaLabel)"
    compared = ("lead-3", "t5-gold")
    others = [system for system in SYSTEMS if system not in compared]
    assert page.run(order) == ["gold", *compared, *others]
    badges = "[...document.querySelectorAll('.badge')].map((badge) => badge.textContent)"
    assert page.run(badges)[:3] == ["", "A", "B"]


def test_the_address_leads_back_to_what_was_shown(page: Page, report: Path) -> None:
    choose(page, "first", "zeroshot")
    choose(page, "measure", "rouge2_recall")
    focus_list(page)
    page.press("r", "j", "j")
    shown = current(page)
    address = page.run(
        """new Promise((found) => { const look = () => location.hash.includes('article=') &&
        location.hash.includes('falling') ? found(location.href) : requestAnimationFrame(look);
        look() })"""
    )
    page.open("about:blank")
    page.open(address)
    assert current(page) == shown
    assert page.run("document.getElementById('measure').value") == "rouge2_recall"


@pytest.mark.parametrize(
    "address",
    ["#article=nothing&first=nobody&order=x&direction=y", "#%%%", "#verdicts", "#article"],
)
def test_an_address_of_nothing_shows_the_usual_view(address: str, page: Page, report: Path) -> None:
    usual = current(page)
    page.open("about:blank")
    page.open(report.as_uri() + address)
    assert current(page) == usual
