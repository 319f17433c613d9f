"""The section on when a student may answer alone: its plot, its table and its sentences."""

import re
from pathlib import Path
from typing import Any

import pytest

from stages.report.cascades import build_cascades, build_promises, describe_cascades, is_costly
from stages.report.inputs import gather
from stages.report.page import render
from tests.contract.examples import TRAINED
from tests.contract.payback_examples import make_calibration, refuse_calibration
from tests.stages.report.inputs import make_articles, write_project
from understudy.contract.calibration import SystemCalibration


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, make_articles(3))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def give(found: SystemCalibration, *names: str) -> None:
    for name in names or TRAINED:
        found.write(SystemCalibration.path_of(name))


def unpriced(**changes: Any) -> SystemCalibration:
    found = make_calibration(**changes)
    free = [point.model_copy(update={"usd_per_1000": 0.001}) for point in found.points]
    return found.model_copy(update={"points": free})


def test_a_panel_has_a_line_a_source_a_mark_at_the_picked_threshold_and_the_teacher(
    project: Path,
) -> None:
    t5, bart = build_cascades(gather(3))
    assert (t5.student, bart.student) == ("t5", "bart")
    for name in TRAINED[:3]:
        assert t5.plot.count(f'class="mark {name}"') == 1
        assert re.search(rf'class="line {name}"', t5.plot)
    assert t5.plot.count('class="line zeroshot"') == 1
    assert 'class="mark zeroshot"' not in t5.plot
    assert "US dollars for 1,000 requests" in t5.plot


def test_where_nothing_costs_quality_is_drawn_against_the_share_answered_alone(
    project: Path,
) -> None:
    give(unpriced())
    facts = gather(3)
    assert not is_costly(facts.calibrations)
    assert "percent of requests answered alone" in build_cascades(facts)[0].plot


def test_prices_that_are_not_known_are_not_drawn_against(project: Path) -> None:
    found = make_calibration()
    unknown = [point.model_copy(update={"usd_per_1000": None}) for point in found.points]
    give(found.model_copy(update={"points": unknown}), "t5-gold")
    facts = gather(3)
    assert not is_costly(facts.calibrations)
    assert dict(build_promises(facts).rows)["t5-gold"][-2] == "–"


def test_the_table_has_what_each_does_at_its_threshold(project: Path) -> None:
    give(refuse_calibration(rows=20, points=[]), "bart-gold")
    table = dict(build_promises(gather(3)).rows)
    assert list(table["t5-gold"]) == ["100", "0.7500", "40.0%", "9.0%", "52.5", "$0.7000", "500 ms"]
    assert list(table["bart-gold"]) == ["20", "none", "0.0%", "–", "–", "–", "–"]


def test_sentences_promise_once_and_say_of_the_others_why_nothing_is(project: Path) -> None:
    give(refuse_calibration(rows=20, points=[]), "bart-gold", "bart-written")
    promise, refusal = describe_cascades(gather(3))
    assert promise.startswith("With 95% confidence, at most 10% of all requests are answered by")
    assert refusal.startswith("Never alone: bart-gold, bart-written: 20 validation articles")


def test_without_a_threshold_of_anyone_the_page_has_no_plot(project: Path) -> None:
    give(refuse_calibration(rows=0, points=[], teacher_score=None))
    facts = gather(3)
    assert build_cascades(facts) == []
    section = render(facts).partition('id="alone"')[2].partition("</section>")[0]
    assert "Never alone: t5-gold, t5-written" in section
    assert '<svg class="plot"' not in section


def test_one_student_without_points_is_left_out_of_its_panel(project: Path) -> None:
    give(refuse_calibration(rows=0, points=[], teacher_score=None), "t5-gold")
    t5, _ = build_cascades(gather(3))
    assert "line t5-gold" not in t5.plot
    assert "line t5-written" in t5.plot


def test_the_page_has_the_section_after_what_it_is_worth(project: Path) -> None:
    page = render(gather(3))
    assert page.index('id="worth"') < page.index('id="alone"') < page.index('id="scores"')
    assert '<a href="#alone">Alone</a>' in page
