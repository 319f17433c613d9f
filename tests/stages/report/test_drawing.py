"""Scales, ticks and SVG elements."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from markupsafe import Markup

from stages.report.drawing import (
    SHAPES,
    Scale,
    choose_step,
    element,
    mark,
    polyline,
    round_scale,
    show_tick,
    spread,
)
from tests.contract.examples import SYSTEMS


@pytest.mark.parametrize(
    ("value", "place"), [(10, 0), (20, 50), (30, 100), (12.5, 12.5), (9, 0), (99, 100)]
)
def test_values_are_placed_in_percent_and_never_beyond_the_axis(value: float, place: float) -> None:
    assert Scale(10, 30).place(value) == place


def test_an_axis_without_length_places_everything_at_its_start() -> None:
    assert Scale(5, 5).place(5) == 0
    assert Scale(5, 5).ticks() == [5]


@pytest.mark.parametrize(
    ("span", "most", "step"),
    [(10, 6, 2), (10, 11, 1), (1, 6, 0.2), (100, 5, 25), (63, 6, 20), (0.4, 5, 0.1), (0, 5, 1)],
)
def test_steps_are_round_and_make_few_ticks(span: float, most: int, step: float) -> None:
    assert choose_step(span, most) == pytest.approx(step)


@pytest.mark.parametrize("low", [-37.3, 0.0, 0.004, 12.0])
@pytest.mark.parametrize("span", [0.0, 0.003, 1.0, 7.7, 98.0, 12345.0])
def test_a_round_scale_holds_its_values_between_its_end_ticks(low: float, span: float) -> None:
    scale = round_scale([low + span, low])
    ticks = scale.ticks()
    assert ticks[0] <= low + 1e-9
    assert ticks[-1] >= low + span - 1e-9
    assert (ticks[0], ticks[-1]) == pytest.approx((scale.low, scale.high))
    assert 2 <= len(ticks) <= 8
    assert [b - a for a, b in pairwise(ticks)] == pytest.approx([scale.step] * (len(ticks) - 1))


def test_ticks_are_told_without_noise() -> None:
    assert [show_tick(tick) for tick in Scale(-0.2, 0.3, 0.1).ticks()] == [
        "−0.2", "−0.1", "0", "0.1", "0.2", "0.3",
    ]  # fmt: skip
    assert show_tick(12000) == "12,000"


def test_text_and_attributes_are_escaped_and_markup_is_not() -> None:
    found = element("text", "<b>&", Markup("<tspan></tspan>"), aria_label='"><script>', class_="a")
    assert found == (
        '<text aria-label="&#34;&gt;&lt;script&gt;" class="a">&lt;b&gt;&amp;<tspan></tspan></text>'
    )


@pytest.mark.parametrize("system", [*SYSTEMS, "reference"])
def test_every_system_has_a_mark_in_its_own_shape_and_class(system: str) -> None:
    drawn = ET.fromstring(mark(25, 50, system))
    assert drawn.get("class") == f"mark {system}"
    assert (drawn.get("x"), drawn.get("y")) == ("25%", "50%")
    assert drawn[0].get("d") == SHAPES[system.partition("-")[0]]


def test_a_line_through_no_place_is_no_path() -> None:
    assert polyline([]) == ""
    assert polyline([(0, 1), (2.5, 3)]) == "M0 1L2.5 3"


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([10, 50, 90], [10, 50, 90]), ([50, 50], [47, 53]), ([52, 50], [54, 48]),
        ([50, 50, 50], [44, 50, 56]), ([10, 48, 50], [10, 46, 52]), ([], []),
    ],
)  # fmt: skip
def test_names_are_moved_apart_as_little_as_may(places: list[float], expected: list[float]) -> None:
    assert spread(places, 6) == pytest.approx(expected)
