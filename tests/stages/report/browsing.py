"""The articles that the browser's tests browse, and how they choose and read in it."""

import json
from typing import Any

from tests.stages.report.chromium import Page
from tests.stages.report.inputs import make_articles

ARTICLES = [
    *make_articles(24),
    {
        "id": "stems",
        "article": "Two houses burned in Oslo. Anna's team, 1,250 strong, was opening roads. Rome.",
        "highlights": "Houses burn; 1,250 open the road in Oslo.\nNobody was hurt in Oslo.",
        "t5-gold": "The house was burning in Oslo, Oslo, Oslo.",
        "t5-written": "",
        "t5-labelled": "Houses burned in Oslo on 1 May.",
        "bart-gold": "Anna’s team opened roads in Prag on 1 May.",
        "bart-written": "Two houses burned in Oslo. Two houses burned in Oslo.",
        "bart-labelled": "Nobody was hurt, said Anna.",
        "zeroshot": "Élan in Østerbro: 1,250 strong was opening roads.",
    },
]
IDS = [row["id"] for row in ARTICLES]
CURRENT = """(() => {
  const text = (selector) => document.querySelector(selector)?.textContent ?? null;
  return {id: text('#detail .id'), place: text('#detail .place'),
          selected: text('#list [aria-selected=true] .id'), count: text('#count'),
          active: document.getElementById('list').getAttribute('aria-activedescendant'),
          row: document.querySelector('#list [aria-selected=true]')?.id ?? null};
})()"""


def current(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.run(CURRENT)
    return found


def choose(page: Page, control: str, value: str) -> None:
    """Chooses an option, or types a search."""
    page.run(
        f"(() => {{ const control = document.getElementById({json.dumps(control)});"
        f"control.value = {json.dumps(value)};"
        "control.dispatchEvent(new Event(control.type === 'search' ? 'input' : 'change')) })()"
    )


def focus_list(page: Page) -> None:
    page.run("document.getElementById('list').focus()")


def walk(page: Page) -> list[str]:
    """Ids of all articles in the list's order, one press of a key after the other."""
    focus_list(page)
    page.press("Home")
    found = [current(page)["id"]]
    for _ in range(len(IDS)):
        page.press("j")
        if current(page)["id"] == found[-1]:
            break
        found.append(current(page)["id"])
    return found


def arrange(keys: list[Any]) -> list[str]:
    """Ids by key, equal ones in the order of the test set."""
    return [IDS[at] for at in sorted(range(len(IDS)), key=lambda at: keys[at])]


def differences(points: Any, first: str, second: str, measure: str) -> list[int]:
    """In hundredths of a point, as the page has them."""
    sides = [(100 * points[system][measure]).round() for system in (first, second)]
    return [int(a - b) for a, b in zip(*sides, strict=True)]
