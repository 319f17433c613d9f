"""Text from outside in Markdown: names of models, data sets and files, error messages, prompts.

They go on one line, into code spans or blocks, where no character of theirs has a meaning.
"""

import re

from understudy.core.errors import one_line


def code_span(text: str) -> str:
    """Markdown that shows a text as it is, whatever it holds."""
    line = one_line(text) or "(empty)"
    fence = "`" * (1 + _longest_fence(line))
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def code_cell(text: str) -> str:
    """The same in a table, whose cells end at every pipe, also within Markdown's code."""
    if "|" not in text:
        return code_span(text)
    shown = "".join(c if c.isalnum() or c in " -" else f"&#{ord(c)};" for c in one_line(text))
    return f"<code>{shown}</code>"


def code_block(text: str) -> str:
    """Markdown that shows a text of several lines as it is."""
    lines = "\n".join(one_line(line) for line in text.splitlines())
    fence = "`" * max(3, 1 + _longest_fence(lines))
    return f"{fence}text\n{lines}\n{fence}"


def _longest_fence(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
