"""Pieces of Markdown as GitHub shows it: tables, folds, figures; outside text stays text."""

import html
import json
from collections.abc import Sequence
from typing import Any

from understudy.rendering.markdown import code_span, one_line

LONGEST = 80
"""Characters of a value that are shown."""
MINUS = "−"


def table(head: Sequence[str], align: str, rows: Sequence[Sequence[str]]) -> str:
    """A table.

    Args:
        head: names of the columns.
        align: `l` or `r` for each.
        rows: cells as Markdown without pipes; see `cell`.
    """
    rules = ["---:" if side == "r" else "---" for side in align]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *rows))


def cell(text: str) -> str:
    """Outside text in a table, whose cells end at every pipe, also within code."""
    return code_span(text) if "|" not in text else tagged(text)


def tagged(text: str) -> str:
    """Outside text as HTML code, where Markdown's code does not work."""
    shown = "".join(c if c.isalnum() or c in " -" else f"&#{ord(c)};" for c in one_line(text))
    return f"<code>{shown}</code>"


def value(content: Any) -> str:
    """A value of params or metrics, for a table."""
    if isinstance(content, float | int) and not isinstance(content, bool):
        return figure(content)
    text = content if isinstance(content, str) else json.dumps(content, default=str)
    return cell(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def figure(number: float) -> str:
    """A number; what has many digits is rounded."""
    if isinstance(number, int):
        return f"{number:,}".replace("-", MINUS)
    return f"{number:,.6g}".replace("-", MINUS)


def points(number: float | None) -> str:
    """A score with two decimals."""
    return "" if number is None else f"{number:.2f}".replace("-", MINUS)


def signed(number: float) -> str:
    """The same with its sign."""
    return f"{number:+.2f}".replace("-", MINUS)


def bytes_of(size: int | None) -> str:
    """A size in the largest unit that leaves a whole number before the point."""
    if size is None:
        return ""
    amount, units = float(size), ["bytes", "kB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:,.0f} {units[0]}" if units[0] == "bytes" else f"{amount:,.1f} {units[0]}"


def count(number: int, name: str, names: str | None = None) -> str:
    """A number of things."""
    return f"{number:,} {name if number == 1 else names or f'{name}s'}"


def fold(summary: str, body: str) -> str:
    """A part that is shown on a click; the summary is plain text."""
    return f"<details><summary>{html.escape(summary)}</summary>\n\n{body}\n\n</details>"
