"""Tables in Markdown."""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table whose first columns hold texts, and the others numbers.

    Args:
        head: what the columns are called.
        rows: cells, as many as columns.
        texts: how many columns are aligned to the left.
    """
    marks = ["---"] * texts + ["---:"] * (len(head) - texts)
    return "\n".join(_write_row(cells) for cells in (head, marks, *rows))


def _write_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
