"""The section on when a student may answer alone: its plot, its table and its sentences."""

import re
from pathlib import Path
from typing import Any

from stages.report.cascades import build_cascades, build_promises, describe_cascades, is_costly
from stages.report.inputs import gather
from stages.report.page import render
from tests.contract.examples import TRAINED
from tests.contract.payback_examples import make_calibration, refuse_calibration
from understudy.contract.calibration import SystemCalibration


def give(found: SystemCalibration, *names: str) -> None:
    for name in names or TRAINED:
        found.write(SystemCalibration.path_of(name))


def unpriced(**changes: Any) -> SystemCalibration:
    found = make_calibration(**changes)
    free = [point.model_copy(update={"usd_per_1000": 0.001}) for point in found.points]
    return found.model_copy(update={"points": free})


def test_a_panel_has_lines_marks_and_the_teacher_and_its_place_on_the_page(project: Path) -> None:
    t5, bart = build_cascades(gather(3))
    assert (t5.student, bart.student) == ("t5", "bart")
    for name in TRAINED[:3]:
        assert t5.plot.count(f'class="mark {name}"') == 1
        assert re.search(rf'class="line {name}"', t5.plot)
    assert t5.plot.count('class="line zeroshot"') == 1
    assert 'class="mark zeroshot"' not in t5.plot
    assert "US dollars for 1,000 requests" in t5.plot
    page = render(gather(3))
    assert page.index('id="worth"') < page.index('id="alone"') < page.index('id="scores"')
    assert '<a href="#alone">Alone</a>' in page


def test_where_nothing_costs_quality_is_drawn_against_what_is_answered_alone(project: Path) -> None:
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


def test_the_table_and_the_sentences_tell_each_threshold_or_why_it_is_none(project: Path) -> None:
    give(refuse_calibration(rows=20, points=[]), "bart-gold")
    table = dict(build_promises(gather(3)).rows)
    assert list(table["t5-gold"]) == ["100", "0.7500", "40.0%", "9.0%", "52.5", "$0.7000", "500 ms"]
    assert list(table["bart-gold"]) == ["20", "none", "0.0%", "–", "–", "–", "–"]
    give(refuse_calibration(rows=20, points=[]), "bart-gold", "bart-written")
    promise, refusal = describe_cascades(gather(3))
    assert promise.startswith("With 95% confidence, at most 10% of all requests are answered by")
    assert refusal.startswith("Never alone: bart-gold, bart-written: 20 validation articles")


def test_students_without_points_are_left_out_of_the_plots(project: Path) -> None:
    give(refuse_calibration(rows=0, points=[], teacher_score=None), "t5-gold")
    t5, _ = build_cascades(gather(3))
    assert "line t5-gold" not in t5.plot
    assert "line t5-written" in t5.plot
    give(refuse_calibration(rows=0, points=[], teacher_score=None))
    facts = gather(3)
    assert build_cascades(facts) == []
    section = render(facts).partition('id="alone"')[2].partition("</section>")[0]
    assert "Never alone: t5-gold, t5-written" in section
    assert '<svg class="plot"' not in section
