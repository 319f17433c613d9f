"""Harmful texts in a real browser: nothing runs, nothing is asked for, each reads as it is."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.stages.report.chromium import Page
from tests.stages.report.conftest import NewPage, WriteReport
from tests.stages.report.inputs import Articles, make_articles
from tests.stages.report.planted import count_requests, plant


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    with count_requests() as found:
        yield found


@pytest.fixture(scope="module")
def articles(server: tuple[str, list[str]]) -> Articles:
    return plant(make_articles(3), server[0])


@pytest.fixture
def page(new_page: NewPage, write_report: WriteReport, articles: Articles) -> Iterator[Page]:
    page = new_page()
    page.resize(1280, 900)
    page.open(write_report(articles).as_uri())
    yield page
    page.close()


def show_planted(page: Page) -> None:
    """Shows the planted article and every view of it."""
    page.run(
        "document.getElementById('order').value = 'test';"
        "document.getElementById('order').dispatchEvent(new Event('change'))"
    )
    page.run("document.getElementById('list').focus()")
    page.press(*"012345678", "j", "k", "s", "r", "End")
    page.run(
        "document.getElementById('query').value = '<img';"
        "document.getElementById('query').dispatchEvent(new Event('input'))"
    )


def list_requests(page: Page) -> list[str]:
    events = page.list_events("Network.requestWillBeSent")
    return [event["request"]["url"] for event in events]


def test_planted_scripts_neither_run_nor_ask(page: Page, server: tuple[str, list[str]]) -> None:
    show_planted(page)
    assert page.run("typeof window.planted") == "undefined"
    assert page.run("document.title") == "Understudy: how close is “very close”?"
    assert page.run("document.scripts.length") == 2
    assert (
        page.run("document.querySelectorAll('img, iframe, b1, body b:not(section b)').length") == 0
    )
    schemes = {urlsplit(url).scheme for url in list_requests(page)}
    assert schemes <= {"file", "data", "about"}
    assert len([url for url in list_requests(page) if url.startswith("file:")]) == 1
    assert server[1] == []
    assert page.list_events("Runtime.exceptionThrown") == []
    assert page.list_events("Log.entryAdded") == []


def test_harmful_texts_are_shown_letter_by_letter(page: Page, articles: Articles) -> None:
    show_planted(page)
    planted = articles[0]
    assert page.run("document.querySelector('#detail .id').textContent") == planted["id"]
    assert page.run("document.querySelector('.source .text').textContent") == planted["article"]
    for name in ("highlights", "t5-written", "zeroshot"):
        shown = page.run(f"document.querySelector('.summary.{name} .text').textContent")
        assert shown == planted[name]


def test_a_script_inside_would_not_run_or_reach_anyone(
    page: Page, server: tuple[str, list[str]]
) -> None:
    # What the policy is for; the rest of this file shows that nothing finds its way in.
    url = server[0]
    page.run(
        f"""(() => {{
        const inline = document.createElement('script');
        inline.textContent = "window.planted = 'inline'";
        const loaded = document.createElement('script');
        loaded.src = '{url}/js';
        const image = new Image();
        image.src = '{url}/img';
        document.body.append(inline, loaded, image);
        document.body.insertAdjacentHTML('beforeend', '<p onclick="window.planted=1">x</p>');
        document.body.lastChild.click();
        }})()"""
    )
    failed = page.run(f"fetch('{url}/fetch', {{mode: 'no-cors'}}).then(() => '', (e) => e.name)")
    assert failed == "TypeError"
    assert page.run("typeof window.planted") == "undefined"
    assert server[1] == []
    refused = [event["entry"]["text"] for event in page.list_events("Log.entryAdded")]
    assert len([text for text in refused if "Content Security Policy" in text]) >= 3


def test_the_server_does_count_a_request(new_page: NewPage, server: tuple[str, list[str]]) -> None:
    url, seen = server
    page = new_page()
    page.run(f"fetch('{url}/page', {{mode: 'no-cors'}}).then(() => '')")
    page.close()
    assert "/page" in seen
    seen.clear()


def test_the_page_keeps_its_width_and_direction_whatever_the_texts_are(page: Page) -> None:
    page.resize(360, 740, mobile=True)
    show_planted(page)
    assert page.run("document.documentElement.scrollWidth") <= 360
    assert page.run("getComputedStyle(document.querySelector('#detail header')).direction") == "ltr"


def test_the_report_is_one_file(page: Page, tmp_path: Path, write_report: WriteReport) -> None:
    report = write_report(make_articles(1))
    moved = tmp_path / "anywhere.html"
    moved.write_bytes(report.read_bytes())
    page.open(moved.as_uri())
    assert page.run("document.querySelector('#detail .id').textContent") == "test-000000"
