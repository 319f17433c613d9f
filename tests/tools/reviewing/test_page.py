"""The review as Markdown: outside text stays text, and GitHub takes it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.project import Project
from tests.tools.reviewing.reviewer import Reviewer, set_gates
from understudy.tools.reviewing.gather import gather_review
from understudy.tools.reviewing.page import (
    LEFT_OUT,
    LONGEST,
    MOST,
    build_page,
    bytes_of,
    plural,
    score_change,
    value,
)
from understudy.versioning.changes import Change


def test_outside_text_stays_text(project: Project, review: Reviewer) -> None:
    branch = "a|b`<script>alert(1)</script>"
    project.run("git", "branch", "--quiet", "--move", branch)
    hostile = "| x | `y` <img src=x onerror=alert(1)>\n\n# Gone @someone ``` [a](javascript:b)"
    project.change_params(teacher__model=hostile)
    set_gates(project, minimum={"a|`b`.<b>c</b>": 1})
    made = Path("made/scored/texts.json")
    made.write_text(json.dumps({"<i>|`s`": {"n": 1}, "t5-written": {"novel1": "|*a*"}}), "utf-8")
    project.run("dvc", "repro", "--quiet")
    project.run("git", "tag", "--", "v`1<b>", "main")
    page = review.text("v`1<b>")
    shown = MarkdownIt("commonmark").enable("table").render(page)
    for markup in ("<script", "<img", "<b>", "<i>", "<em>", "<h1", 'javascript:b"'):
        assert markup not in shown
    assert "alert(1)" in shown
    for table in re.findall(r"<table>.*?</table>", shown, re.DOTALL):
        widths = {row.count("<td") + row.count("<th") for row in table.split("<tr>")[1:]}
        assert len(widths) == 1
    outside_code = re.sub(r"<code>.*?</code>", "", shown, flags=re.DOTALL)
    assert "@someone" in shown
    assert "@someone" not in outside_code


def test_a_review_too_long_for_a_comment_keeps_its_first_parts(project: Project) -> None:
    review = gather_review("main")
    texts = [Change(f"texts.{'x' * 200}.{n}", "changed", "a" * 300, "b" * 300) for n in range(99)]
    long = replace(review, metrics=[*review.metrics, *texts], params=texts)
    page = build_page(long)
    assert 30_000 < len(page) <= LONGEST
    assert page.startswith("**No gates are set.**")
    assert "### Artifacts" in page
    assert page.endswith(f"{LEFT_OUT}\n")
    assert page.count("<details>") == page.count("</details>")
    assert len(build_page(long, 500)) <= 500
    assert LEFT_OUT not in build_page(review)


def test_a_long_table_says_how_many_rows_it_leaves_out(project: Project) -> None:
    review = gather_review("main")
    texts = [Change(f"texts.n{n}", "changed", n, n + 1) for n in range(MOST + 7)]
    page = build_page(replace(review, metrics=texts))
    assert f"metrics/texts.json: {MOST + 7} figures changed" in page
    assert f"| `texts.n{MOST - 1}` |" in page
    assert f"| `texts.n{MOST}` |" not in page
    assert "\n\n7 more are in `understudy review --json`." in page


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (value(1234), "1,234"),
        (value(-0.123456789), "−0.123457"),
        (value(True), "`true`"),
        (value(None), "`null`"),
        (value([1, "a"]), '`[1, "a"]`'),
        (value("x" * 100), f"`{'x' * 79}…`"),
        (value("a|b"), "<code>a&#124;b</code>"),
        (score_change(-1.5), "−1.50"),
        (bytes_of(999), "999 bytes"),
        (bytes_of(1_500), "1.5 kB"),
        (bytes_of(242_000_000), "242.0 MB"),
        (bytes_of(3_000_000_000_000), "3,000.0 GB"),
        (bytes_of(None), ""),
        (plural(1, "call"), "1 call"),
        (plural(2_000, "call"), "2,000 calls"),
    ],
)
def test_values_are_shown_as_people_write_them(shown: str, expected: str) -> None:
    assert shown == expected
