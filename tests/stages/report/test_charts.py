"""What the charts draw, read back from the SVG."""

import re
import xml.etree.ElementTree as ET

import pytest
from markupsafe import Markup

from stages.report.charts import (
    Plot,
    Retrained,
    Series,
    difference_scale,
    draw_axis,
    draw_interval,
    draw_lines,
    draw_spread,
    draw_steps,
)
from stages.report.drawing import Scale

PLOT = Plot(Scale(0, 4, 1), Scale(0, 10, 5), "epoch", "loss", "what <it> shows")


def parse(drawn: Markup) -> ET.Element:
    return ET.fromstring(drawn)


def with_class(drawn: ET.Element, name: str) -> list[ET.Element]:
    return [node for node in drawn.iter() if name in (node.get("class") or "").split()]


def test_an_interval_has_two_ends_and_a_difference_zero_and_the_margin() -> None:
    drawn = parse(draw_interval(Scale(0, 100), (40, 30, 55), "t5-written"))
    whole, low, high = with_class(drawn, "whisker")
    assert (whole.get("x1"), whole.get("x2")) == ("30%", "55%")
    assert {low.get("x1"), low.get("x2")} == {"30%"}
    assert {high.get("x1"), high.get("x2")} == {"55%"}
    assert with_class(drawn, "mark")[0].get("x") == "40%"
    assert not with_class(drawn, "margin")
    scale = difference_scale([(-12.9, -16.5, -9.2)], 1)
    assert (scale.low, scale.high) == (-20, 5)
    drawn = parse(draw_interval(scale, (-12.9, -16.5, -9.2), "t5-written", 1))
    (margin,) = with_class(drawn, "margin")
    assert (margin.get("x"), margin.get("width")) == ("76%", "8%")
    assert with_class(drawn, "zero")[0].get("x1") == "80%"


def test_models_of_other_seeds_and_the_recipe_stand_behind_the_interval() -> None:
    retrained = Retrained((50, 20, 80), [30, 45.5, 75])
    drawn = parse(draw_interval(Scale(0, 100), (40, 30, 55), "t5-gold", None, retrained))
    (bar,), (mean,) = with_class(drawn, "recipe"), with_class(drawn, "recipe-mean")
    assert (bar.get("x1"), bar.get("x2")) == ("20%", "80%")
    assert {mean.get("x1"), mean.get("x2")} == {"50%"}
    (models,) = with_class(drawn, "dots")
    assert (models.get("d"), models.get("class")) == ("M30 50h0M45.5 50h0M75 50h0", "dots t5-gold")
    order = [node.get("class") for node in drawn.iter() if node.get("class")]
    assert (
        order.index("dots t5-gold") < order.index("whisker t5-gold") < order.index("mark t5-gold")
    )
    assert with_class(drawn, "whisker")[0].get("x1") == "30%"


def test_rows_stay_silent_beside_their_table_and_an_axis_names_its_ticks() -> None:
    assert parse(draw_interval(Scale(0, 9), (1, 0, 2), "lead-3")).get("aria-hidden") == "true"
    assert parse(draw_axis(Scale(0, 9))).get("aria-hidden") == "true"
    texts = parse(draw_axis(Scale(-1, 1, 0.5)))
    assert [(text.get("x"), text.text) for text in texts] == [
        ("0%", "−1"), ("25%", "−0.5"), ("50%", "0"), ("75%", "0.5"), ("100%", "1"),
    ]  # fmt: skip


def test_a_spread_shows_five_percentiles() -> None:
    drawn = parse(draw_spread(Scale(0, 100), (5, 25, 50, 75, 95), "bart-gold"))
    assert [node.get("x1") for node in with_class(drawn, "whisker")] == ["5%"]
    assert [(n.get("x1"), n.get("x2")) for n in with_class(drawn, "box")] == [("25%", "75%")]
    assert with_class(drawn, "mark")[0].get("x") == "50%"


def test_lines_have_marks_and_their_names_at_their_ends() -> None:
    lines = [
        Series("t5-gold", "first", [(0, 10), (4, 5)]),
        Series("t5-written", "second", [(0, 0), (2, 5), (4, 5)]),
        Series("t5-written", "thin", [(0, 1)], second=True),
        Series("t5-written", "without a point", []),
    ]
    drawn = parse(draw_lines(PLOT, lines))
    paths = [(node.get("d"), node.get("class")) for node in with_class(drawn, "line")]
    assert paths[:3] == [
        ("M0 0L100 50", "line t5-gold"),
        ("M0 100L50 50L100 50", "line t5-written"),
        ("M0 90", "line t5-written second"),
    ]
    assert len(with_class(drawn, "mark")) == 5
    names = with_class(drawn, "name")
    assert [(name.text, name.get("y")) for name in names] == [("first", "47%"), ("second", "53%")]
    assert (drawn.get("role"), drawn.get("aria-label")) == ("img", "what <it> shows")


def test_histograms_are_steps_from_the_first_edge_to_the_last() -> None:
    drawn = parse(draw_steps(PLOT, [0, 1, 4], [("gold", [10, 5]), ("written", [0, 10])]))
    assert [(node.get("d"), node.get("class")) for node in with_class(drawn, "steps")] == [
        ("M0 100L0 0L25 0L25 50L100 50L100 100", "steps gold"),
        ("M0 100L0 100L25 100L25 0L100 0L100 100", "steps written"),
    ]


@pytest.mark.parametrize("heights", [[10], [10, 5, 1]])
def test_a_histogram_has_a_height_for_each_bin(heights: list[float]) -> None:
    with pytest.raises(ValueError, match="zip"):
        draw_steps(PLOT, [0, 1, 4], [("gold", heights)])


@pytest.mark.parametrize("value", [float("1e9"), -5.0, 1e-12])
def test_no_drawing_has_a_place_that_is_no_number(value: float) -> None:
    scale = difference_scale([(value, value, value)], 1)
    drawn = str(draw_interval(scale, (value, value, value), "zeroshot", 1)) + str(draw_axis(scale))
    assert not re.search(r"nan|inf|e[+-]\d", drawn.lower())
