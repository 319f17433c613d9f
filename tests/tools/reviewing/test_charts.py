"""Mermaid charts: their data, and labels that cannot end them."""

import re

import pytest

from understudy.rendering.templates import render_markdown
from understudy.tools.reviewing.charts import Chart, draw_bars, draw_curves, read_curve
from understudy.tools.reviewing.page import TEMPLATE


def render(chart: Chart | None) -> str:
    assert chart is not None
    return render_markdown(TEMPLATE.with_name("chart.md.j2"), chart=chart)


def numbers(line: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+", line.partition("[")[2])]


def lines_of(chart: Chart | None, kind: str) -> list[str]:
    return [
        line.strip() for line in render(chart).splitlines() if line.strip().startswith(f"{kind} ")
    ]


def test_bars_are_those_of_now_and_the_line_those_of_the_base() -> None:
    chart = draw_bars("F1", "points", {"a": 1.0, "b": 4.0, "gone": 2.0}, {"b": 3.0, "a": 2.0})
    assert lines_of(chart, "x-axis") == ['x-axis ["b", "a"]']
    assert lines_of(chart, "bar") == ["bar [3.0, 2.0]"]
    assert lines_of(chart, "line") == ["line [4.0, 1.0]"]
    assert lines_of(chart, "y-axis") == ['y-axis "points" 0 --> 4.2']


def test_nothing_in_common_is_no_chart() -> None:
    assert draw_bars("F1", "points", {"a": 1.0}, {"b": 3.0}) is None
    assert draw_curves("loss", ("step", "loss"), [(1, 2.0)], [(1, 2.0)]) is None
    assert draw_curves("loss", ("step", "loss"), [(1, 2.0), (2, 1.0)], [(3, 2.0), (4, 1.0)]) is None
    assert draw_curves("loss", ("step", "loss"), [], [(1, 2.0)]) is None


def test_curves_of_different_steps_are_drawn_where_both_are() -> None:
    """Both are straight lines, so that every value between two points is known."""
    old, new = [(0, 10.0), (10, 0.0)], [(20, 40.0), (5, 10.0)]
    chart = draw_curves("loss", ("step", "loss"), old, new)
    assert lines_of(chart, "x-axis") == ['x-axis "step" 5.0 --> 10.0']
    before, after = (numbers(line) for line in lines_of(chart, "line"))
    assert len(before) == len(after)
    assert (before[0], before[-1]) == (5.0, 0.0)
    assert (after[0], after[-1]) == (10.0, 20.0)
    middle = len(before) // 2
    assert before[middle - 1] + before[middle] == pytest.approx(5.0, abs=0.01)


@pytest.mark.parametrize(
    "label", ['a"] bar [1', "```\n# x", "%%{init: {}}%%", "<script>", "a;b#quot;", "`x`"]
)
def test_a_label_ends_neither_itself_nor_the_chart(label: str) -> None:
    chart = render(draw_bars(label, label, {label: 1.0, "b": 1.0}, {label: 1.0, "b": 2.0}))
    assert re.fullmatch(
        r"```mermaid\n%%\{init: [^\n]*\}%%\nxychart-beta\n"
        r'  title "[^"\n]*"\n  x-axis \["[^"\n]*", "b"\]\n  y-axis "[^"\n]*" 0 --> 2\.1\n'
        r"  bar \[1\.0, 2\.0\]\n  line \[1\.0, 1\.0\]\n```\n",
        chart,
    )
    assert not re.search(r'"[^"\n]*[<>`#;%{}][^"\n]*"', chart.partition("xychart-beta")[2])


def test_rows_of_a_curve_without_numbers_are_left_out() -> None:
    text = "step,loss\n1,2.5\n2,\n3,nan\nx,1\n4,1.5\n5\n"
    assert read_curve(text, "step", "loss") == [(1, 2.5), (4, 1.5)]
    assert read_curve(text, "step", "validation_loss") == []
    assert read_curve("", "step", "loss") == []
