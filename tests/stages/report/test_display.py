"""The page on a phone, in the dark, without JavaScript, for screen readers, and at full size."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.examples import LABELLED_ALONE
from tests.stages.report.chromium import Page
from tests.stages.report.conftest import NewPage, WriteReport
from tests.stages.report.inputs import make_articles, make_long_articles
from understudy.contract.params.sources import SOURCES

MEGABYTE = 10**6
NAMED = {"button", "combobox", "searchbox", "radio", "checkbox", "listbox", "option", "link"}


@pytest.fixture(scope="module")
def report(write_report: WriteReport) -> Path:
    return write_report(make_articles(30), seeds=10)


@pytest.fixture
def page(new_page: NewPage) -> Iterator[Page]:
    page = new_page()
    page.prefer(prefers_reduced_motion="reduce")
    yield page
    page.close()


@pytest.mark.parametrize("width", [320, 360, 768, 1024, 1440])
def test_nothing_is_wider_than_the_screen(width: int, page: Page, report: Path) -> None:
    page.resize(width, 740, mobile=width < 500)
    page.open(report.as_uri())
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true })")
    for choice in page.run("[...document.querySelectorAll('[type=radio]')].map((r) => r.id)"):
        page.run(f"document.getElementById('{choice}').click()")
        assert page.run("document.documentElement.scrollWidth") == width, choice
    page.run("document.querySelector('.summary.zeroshot button').click()")
    assert page.run("document.documentElement.scrollWidth") == width


def test_on_a_phone_the_panes_are_stacked(page: Page, report: Path) -> None:
    tops = """['#list', '.source', '.summary.bart-written', '.summary.bart-gold']
      .map((selector) => document.querySelector(selector).getBoundingClientRect())
      .map(({top, left}) => [Math.round(top), Math.round(left)])"""
    page.resize(360, 740, mobile=True)
    page.open(report.as_uri())
    places = page.run(tops)
    assert [top for top, _ in places] == sorted({top for top, _ in places})
    page.resize(1280, 900)
    _, source, first, second = page.run(tops)
    assert source[1] < first[1] < second[1]
    assert first[0] == second[0]


def test_a_tap_on_a_phone_brings_the_article_into_sight(page: Page, report: Path) -> None:
    page.resize(360, 740, mobile=True)
    page.open(report.as_uri())
    page.run("document.getElementById('browser').scrollIntoView()")
    page.point("#row-1", click=True)
    top = page.run("document.getElementById('detail').getBoundingClientRect().top")
    assert abs(top) < 20
    assert page.run("document.querySelector('.place').textContent").startswith("2 of 30")


def test_in_the_dark_paper_and_ink_change_places(page: Page, report: Path) -> None:
    look = """(() => { const style = getComputedStyle(document.documentElement);
      return [style.backgroundColor, style.color] })()"""
    page.open(report.as_uri())
    page.prefer(prefers_color_scheme="light")
    light = page.run(look)
    page.prefer(prefers_color_scheme="dark")
    dark = page.run(look)

    def brightness(colour: str) -> int:
        return sum(int(part) for part in colour.strip("rgb()").split(","))

    assert brightness(light[0]) > 700 > 200 > brightness(light[1])
    assert brightness(dark[0]) < 100 < 600 < brightness(dark[1])


def test_the_browser_calls_the_teachers_answers_that(page: Page, write_report: WriteReport) -> None:
    page.open(write_report(make_articles(5), lineup=LABELLED_ALONE).as_uri())
    names = page.run("[...document.querySelectorAll('.summary .name')].map((n) => n.textContent)")
    assert sorted(names) == ["bart-labelled", "lead-3", "t5-labelled", "teacher"]
    assert " teacher words" in page.run(
        "document.querySelector('.summary.lead-3 .told').textContent"
    )
    assert page.list_events("Runtime.exceptionThrown") == []


@pytest.mark.parametrize("width", [320, 1440])
def test_a_page_of_one_source_is_no_wider_than_the_screen(
    width: int, page: Page, write_report: WriteReport
) -> None:
    page.resize(width, 740, mobile=width < 500)
    page.open(write_report(make_articles(5), lineup=LABELLED_ALONE).as_uri())
    assert page.run("document.documentElement.scrollWidth") == width


def test_each_source_has_a_colour_of_its_own(page: Page, report: Path) -> None:
    colour = "getComputedStyle(document.querySelector('main .name.{}')).color"
    for scheme in ("light", "dark"):
        page.open(report.as_uri())
        page.prefer(prefers_color_scheme=scheme)
        for student in ("t5", "bart"):
            names = [f"{student}-{source}" for source in SOURCES]
            found = {page.run(colour.format(name)) for name in (*names, "zeroshot", "lead-3")}
            assert len(found) == len(SOURCES) + 2


def test_without_javascript_everything_but_the_browser_is_there(page: Page, report: Path) -> None:
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    page.resize(1280, 900)
    page.open(report.as_uri())
    visible = "document.querySelector('{}').checkVisibility()"
    assert page.run(visible.format("noscript p"))
    assert not page.run(visible.format("#browser"))
    for kind, other in (("rouge1", "rouge2"), ("rouge2", "rouge1")):
        page.run(f"document.querySelector('[for=compared-{kind}]').scrollIntoView()")
        page.point(f"[for=compared-{kind}]", click=True)
        assert page.run(visible.format(f".panel.{kind} .compared"))
        assert not page.run(visible.format(f".panel.{other} .compared"))
    page.run("document.querySelector('[for=measure-recall]').scrollIntoView()")
    page.point("[for=measure-recall]", click=True)
    assert page.run(visible.format(".panel.rouge1 .drawing.recall"))
    assert not page.run(visible.format(".panel.rouge1 .drawing.f1"))


def test_switches_are_worked_with_the_keyboard(page: Page, report: Path) -> None:
    page.resize(1280, 900)
    page.open(report.as_uri())
    page.run("document.getElementById('scored-rouge1').focus()")
    page.press("ArrowDown")
    assert page.run("document.querySelector('#scores .panel.rouge2').checkVisibility()")
    assert page.run("document.querySelector(':checked + label[for=scored-rouge2]') !== null")


def name_of(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", ""))


def test_all_that_can_be_used_has_a_name_for_screen_readers(page: Page, report: Path) -> None:
    page.resize(1280, 900)
    page.open(report.as_uri())
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    found = [(node["role"]["value"], name_of(node)) for node in nodes if not node["ignored"]]
    assert [role for role, name in found if role in NAMED and not name.strip()] == []
    roles = {role for role, _ in found}
    assert {"main", "navigation", "listbox", "option", "combobox", "searchbox"} <= roles
    images = [name for role, name in found if role == "image"]
    assert len(images) == 5
    assert all(images)
    chosen = [
        name_of(node)
        for node in nodes
        if node["role"]["value"] == "option" and name_of(node).startswith("test-")
        if any(p["name"] == "selected" and p["value"]["value"] for p in node["properties"])
    ]
    assert len(chosen) == 1


def test_tables_are_tables_on_a_phone_too(page: Page, report: Path) -> None:
    counts = []
    for width in (1280, 360):
        page.resize(width, 800, mobile=width < 500)
        page.open(report.as_uri())
        nodes = page.send("Accessibility.getFullAXTree")["nodes"]
        roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
        counts.append({role: roles.count(role) for role in ("table", "rowheader", "columnheader")})
    assert counts[0] == counts[1]
    assert counts[0]["table"] > 5


def test_keys_reach_the_articles_from_the_first_link_on(page: Page, report: Path) -> None:
    page.resize(1280, 900)
    page.open(report.as_uri())
    page.press("Tab", "Enter")
    assert page.run("location.hash") == "#articles"
    page.press("Tab")
    assert page.run("document.activeElement.id") == "first"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.run(outline) == "solid"


def test_two_thousand_long_articles_fit_into_a_page(page: Page, write_report: WriteReport) -> None:
    report = write_report(make_long_articles(2000), seeds=3)
    assert 7 * MEGABYTE < report.stat().st_size < 15 * MEGABYTE
    page.resize(1280, 900)
    page.open(report.as_uri())
    rows = "document.querySelectorAll('#list [role=option]').length"
    assert page.run(rows) < 40
    page.run("document.getElementById('list').focus()")
    page.press("End")
    assert page.run("document.querySelector('.place').textContent").startswith("2000 of 2000 ")
    chosen = "document.querySelector('#list [aria-selected=true]')"
    assert page.run(f"{chosen}.ariaPosInSet") == page.run(f"{chosen}.ariaSetSize") == "2000"
    assert page.run(rows) < 40
    page.run(
        "document.getElementById('query').value = 'test-001234';"
        "document.getElementById('query').dispatchEvent(new Event('input'))"
    )
    assert page.run("document.querySelector('#detail .id').textContent") == "test-001234"
    assert len(page.run("document.querySelector('.source .text').textContent")) == 2047
    assert page.list_events("Runtime.exceptionThrown") == []
