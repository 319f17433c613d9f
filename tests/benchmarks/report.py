"""How heavy and how quick the report of 2,000 long articles and 3 seeds is, in headless Chromium.

Run: python -m tests.benchmarks.report; make bench runs it. Each round starts a browser with an
empty profile. The list is usable when its rows are painted; an action has ended when what it
changes is laid out.
"""

import os
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.contest import write_table
from tests.stages.report.chromium import Page, find_chromium, run_chromium
from tests.stages.report.inputs import make_long_articles, write_project

ARTICLES = 2000
SEEDS = 3
ROUNDS = 5
KEYS = 20
PAINTED = (
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => "
    "done(document.querySelectorAll('#list [role=option]').length))))"
)
ACTIONS = {
    "sort by the size of the difference": ("order", "distance", "change"),
    "search for two words": ("query", "lighthouse oslo", "input"),
}


def write_report(folder: Path) -> Path:
    """The report, as the stage writes it."""
    from stages.report.__main__ import REPORT, main

    write_project(folder, make_long_articles(ARTICLES), seeds=SEEDS)
    before = Path.cwd()
    os.chdir(folder)
    try:
        main()
    finally:
        os.chdir(before)
    return folder / REPORT


def measure_opening(page: Page, report: Path) -> float:
    """Milliseconds from the navigation to a painted list."""
    start = time.perf_counter()
    page.open(report.as_uri())
    if not page.run(PAINTED):
        raise SystemExit("the list has no rows")
    return 1000 * (time.perf_counter() - start)


def measure_action(page: Page, control: str, value: str, event: str) -> float:
    """Milliseconds that a control's change takes, layout included."""
    taken: float = page.run(
        f"""(() => {{ const control = document.getElementById('{control}');
        const start = performance.now();
        control.value = '{value}';
        control.dispatchEvent(new Event('{event}'));
        document.body.getBoundingClientRect();
        return performance.now() - start }})()"""
    )
    return taken


def measure_key(page: Page) -> float:
    """Milliseconds from a key to the next article's layout, the way to the browser included."""
    page.run("document.getElementById('list').focus()")
    start = time.perf_counter()
    for _ in range(KEYS):
        page.press("j")
        page.run("document.body.getBoundingClientRect().height")
    return 1000 * (time.perf_counter() - start) / KEYS


def measure(command: str, report: Path) -> dict[str, float]:
    """One round in a new browser."""
    with (
        tempfile.TemporaryDirectory() as profile,
        run_chromium(command, Path(profile)) as new_page,
    ):
        page = new_page()
        page.resize(1280, 900)
        found = {"open, to a usable list": measure_opening(page, report)}
        found |= {name: measure_action(page, *action) for name, action in ACTIONS.items()}
        measure_action(page, "query", "", "input")
        found["next article, by a key"] = measure_key(page)
        return found


def run(command: str, folder: Path) -> None:
    """Measures, and writes the table."""
    report = write_report(folder)
    rounds = [measure(command, report) for _ in range(ROUNDS)]
    rows = [
        [
            name,
            f"{median(each[name] for each in rounds):.0f}",
            f"{max(r[name] for r in rounds):.0f}",
        ]
        for name in rounds[0]
    ]
    note = (
        f"{report.stat().st_size / 1e6:.1f} MB, {SEEDS} seeds; milliseconds on "
        f"{os.cpu_count()} cores, {ROUNDS} browsers with empty profiles."
    )
    write_table("report", ["action", "median ms", "slowest ms"], rows, note)


if __name__ == "__main__":
    found = find_chromium()
    if found is None:
        raise SystemExit("no Chromium on this machine; Debian's package is `chromium`")
    with tempfile.TemporaryDirectory() as place:
        run(found, Path(place))
