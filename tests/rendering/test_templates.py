"""Markdown templates: strict about values, silent about HTML, tidy about lines."""

from pathlib import Path

import jinja2
import pytest

from understudy.rendering.templates import render_markdown


def render(folder: Path, text: str, **values: object) -> str:
    (folder / "page.md.j2").write_text(text, encoding="utf-8")
    return render_markdown(folder / "page.md.j2", **values)


def test_lines_text_and_includes_are_rendered_as_markdown(tmp_path: Path) -> None:
    text = "# Title\n  {% if yes %}\n- {{ 1234 | count }}\n  {% endif %}\n"
    assert render(tmp_path, text, yes=True) == "# Title\n- 1,234\n"
    text = "{{ own }} {{ name | code_span }}"
    assert render(tmp_path, text, own="a < b", name="x`\n# y") == "a < b `` x` # y ``"
    (tmp_path / "row.md.j2").write_text("| {{ 41.26 | points }} |", encoding="utf-8")
    assert render(tmp_path, "{% include 'row.md.j2' %}") == "| 41.3 |"


def test_a_value_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="'nothing' is undefined"):
        render(tmp_path, "{{ nothing }}")
