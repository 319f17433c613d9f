"""Whether length explains the zero-shot scores, as the page says it."""

from pathlib import Path
from typing import Any

import pytest

from stages.report.inputs import gather
from stages.report.length import build_length, describe_length
from stages.report.page import render
from tests.contract.text_examples import make_lengths
from tests.stages.report.inputs import write_json


def explained(*shares: float | None) -> dict[str, Any]:
    """metrics/length.json with these shares, students in order."""
    found = {}
    for (name, row), share in zip(make_lengths().to_json().items(), shares, strict=True):
        kept = {key: value for key, value in row.items() if key != "explained"}
        found[name] = kept if share is None else {**kept, "explained": share}
    return found


@pytest.mark.parametrize(
    ("shares", "finding"),
    [
        ([50.0, 50.0, 50.0, 50.0, 50.0, 50.0], "Length explains 50.0% of the differences"),
        ([20.0, None, 63.25, 140.0, 50.0, 50.0], "Length explains between 20.0% and 100.0% of"),
        ([-138.0, None, -5.0, -1.0, -2.0, -3.0], "Length does not explain it"),
        ([-138.0, None, 12.0, -1.0, -2.0, 3.0], "Length explains between 0.0% and 12.0% of"),
        ([None, None, None, None, None, None], "there is nothing to explain"),
    ],
)
def test_the_length_explanation_is_described_as_it_was_found(
    shares: list[float | None], finding: str, project: Path
) -> None:
    write_json(project / "metrics/length.json", explained(*shares))
    assert finding in describe_length(gather(100))


def test_a_student_is_shown_as_it_is_and_cut(project: Path) -> None:
    shares = explained(-138.0, None, 63.25, 140.0, 20.0, 30.0)
    del shares["t5-gold"]["correlation"]
    write_json(project / "metrics/length.json", shares)
    facts = gather(100)
    _, rows = build_length(facts)
    assert [row.explained for row in rows] == [
        "length explains nothing: cutting widens it",
        "no difference in F1 to explain",
        "length explains 63.2%",
        "length explains all of it, and more",
        "length explains 20.0%",
        "length explains 30.0%",
    ]
    page = render(facts)
    assert "as it is, 40.0 words" in page
    assert "cut to 22.0 words" in page
    assert "+8.0 <small>+6.0 to +10.0</small>" in page
    assert page.count("rank correlation with extra words +0.31") == 5
    assert page.count("rank correlation with extra words –") == 1
