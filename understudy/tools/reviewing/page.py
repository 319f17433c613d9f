"""The review as Markdown: the verdict first, then sections, then folds."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from understudy.contract.kind import this_kind
from understudy.rendering.figures import enumerate_words
from understudy.rendering.markdown import code_cell
from understudy.rendering.templates import render_markdown
from understudy.rendering.verdicts import name_covered
from understudy.tools.reviewing.artifacts import group_seeds
from understudy.tools.reviewing.charts import draw_bars, draw_curves
from understudy.tools.reviewing.gather import Review
from understudy.versioning.changes import Change

TEMPLATE = Path(__file__).parent / "templates" / "review.md.j2"
LONGEST = 60_000
"""Characters; a comment on GitHub takes 65,536."""
LEFT_OUT = "The review is too long for GitHub: `understudy review --json` has all of it."
PART = "\f"
"""Ends a part in the template; text from outside cannot hold it, as it is put on one line."""
DATA = re.compile(r"(dataset|data/\w+)\.|answers/\w+\.(?!calls\.)")
"""Metrics that count rows, by their dotted names."""
ELSEWHERE = re.compile(rf"{DATA.pattern}|answers/|(gap|recipes|rouge|labels)\.")
"""Metrics with a section of their own, or that repeat others."""
BOUNDS = ("_low", "_high")
MOST = 100
"""Rows of any table."""
SHOWN = 80
"""Characters of a value that are shown."""


def build_page(review: Review, longest: int = LONGEST) -> str:
    """The whole review; where it is longer than GitHub takes, its last parts are left out."""
    text = render_markdown(
        TEMPLATE,
        review=review,
        inputs=[change.key for change in review.inputs if change.key not in review.code],
        gates_changed=any(c.key.startswith("review.") and (c.old or c.new) for c in review.params),
        counts=[change for change in review.metrics if DATA.match(change.key)],
        others=_group_other_metrics(review.metrics),
        charts=_draw_charts(review),
        missing=group_seeds(review.storage.missing),
        bytes_of=bytes_of,
        cell=code_cell,
        plural=plural,
        score=score,
        score_change=score_change,
        value=value,
        COVERS=name_covered(this_kind()),
        kind=this_kind(),
        beside=_name_beside(),
        MOST=MOST,
    )
    parts = [re.sub(r"\n{3,}", "\n\n", part.strip()) for part in text.split(PART)]
    page = [part for part in parts if part]
    if sum(len(part) + 2 for part in page) > longest:
        while len(page) > 1 and sum(len(part) + 2 for part in [*page, LEFT_OUT]) > longest:
            page.pop()
        page.append(LEFT_OUT)
    return "\n\n".join(page) + "\n"


def _group_other_metrics(changes: Sequence[Change]) -> dict[str, list[Change]]:
    """Changes by metrics file, those left out that another section shows."""
    files: dict[str, list[Change]] = {}
    for change in changes:
        name, *keys = change.key.split(".")
        is_score = name == "systems" and len(keys) > 1 and keys[-2] in this_kind().types
        is_elsewhere = ELSEWHERE.match(change.key) or change.key.endswith(BOUNDS)
        if not is_score and not is_elsewhere:
            files.setdefault(name, []).append(change)
    return files


def _name_beside() -> str:
    """What the fold of further scores holds: measures that are not judged, and the last type."""
    kind = this_kind()
    names = [shown for name, shown in kind.measures.items() if name != kind.judged]
    return enumerate_words([*names, *list(kind.types.values())[1:][-1:]]).capitalize()


def _draw_charts(review: Review) -> list[Any]:
    old, new = ({name: pair[side] for name, pair in review.first.items()} for side in (0, 1))
    bars = draw_bars(f"{this_kind().title()} (bars: now, line: base)", "points", old, new)
    curves = [
        draw_curves(
            f"Validation loss of {curves.system} (blue: now, orange: base)",
            ("step", "loss"),
            curves.old,
            curves.new,
        )
        for curves in review.curves
    ]
    return [chart for chart in (bars if review.scores.changed else None, *curves) if chart]


def value(content: Any) -> str:
    """A value of params or metrics, for a table."""
    if isinstance(content, float | int) and not isinstance(content, bool):
        return f"{content:{',' if isinstance(content, int) else ',.6g'}}".replace("-", "−")
    text = content if isinstance(content, str) else json.dumps(content, default=str)
    return code_cell(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")


def score(number: float | None) -> str:
    """A score with two decimals, as changes between commits are small."""
    return "" if number is None else f"{number:.2f}".replace("-", "−")


def score_change(number: float) -> str:
    """The same of a change, with its sign."""
    return f"{number:+.2f}".replace("-", "−")


def bytes_of(size: int | None) -> str:
    """A size in the largest unit that leaves a whole number before the point."""
    if size is None:
        return ""
    amount, units = float(size), ["bytes", "kB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:,.0f} {units[0]}" if units[0] == "bytes" else f"{amount:,.1f} {units[0]}"


def plural(number: int, name: str, names: str | None = None) -> str:
    """A number of things: `1 call`, `2,000 calls`."""
    return f"{number:,} {name if number == 1 else names or f'{name}s'}"
