"""Markdown pages from Jinja templates that read like the page."""

from pathlib import Path
from typing import Any

from understudy.core.errors import one_line
from understudy.rendering import figures, markdown, verdicts

FILTERS = (
    figures.count,
    figures.dollars,
    figures.percent,
    figures.points,
    figures.signed,
    markdown.code_block,
    markdown.code_cell,
    markdown.code_span,
    one_line,
    verdicts.describe_spread,
)


def render_markdown(template: Path, **values: Any) -> str:
    """Fills in a template, such as `Path(__file__).parent / "templates" / "card.md.j2"`.

    Nothing is escaped: text from outside goes through the filter `code_span`, `code_block` or
    `one_line`. The functions in FILTERS are filters under their own names, and the template may
    include or import others from its folder.

    Raises:
        jinja2.UndefinedError: the template uses a value that is not given.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=False,  # noqa: S701 - Markdown, which HTML's escapes would spoil
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # `count` is Jinja's other name for `length`; here it shows a number
    environment.filters.update({function.__name__: function for function in FILTERS})
    return environment.get_template(template.name).render(values)
