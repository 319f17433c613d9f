"""The folds of a review: scores in full, other metrics file by file, plots."""

from collections.abc import Iterator

from understudy.contract.names import KINDS, MEASURES
from understudy.tools.reviewing.changes import Change
from understudy.tools.reviewing.charts import draw_bars, draw_curves
from understudy.tools.reviewing.gather import Review
from understudy.tools.reviewing.pieces import cell, count, fold
from understudy.tools.reviewing.sections import DATA, MAIN, change_row, limited_table, score_cells

ELSEWHERE = (*DATA, "gap", "rouge")
"""Metrics files that a section of its own tells of, or that repeat another."""
BOUNDS = tuple(f"{measure}_{end}" for measure in MEASURES for end in ("low", "high"))


def build_folds(review: Review) -> Iterator[str]:
    """The folds that have something to say, the most wanted first."""
    yield from _fold_charts(review)
    yield from _fold_scores(review)
    yield from _fold_metrics(review)


def _fold_scores(review: Review) -> Iterator[str]:
    """Recall and precision, and F1 where the table above has none."""
    rows = [
        [cell(change.system), change.measure, *score_cells(change)]
        for change in review.scores.changed
        if change.kind not in MAIN or change.measure != "f1"
    ]
    if rows:
        head = ["system", "measure", "ROUGE", "base", "now", "change (95% interval)", ""]
        yield fold("Recall, precision and ROUGE-Lsum", limited_table(head, "lllrrll", rows))


def _fold_metrics(review: Review) -> Iterator[str]:
    files: dict[str, list[Change]] = {}
    for change in review.metrics:
        name = change.key.partition(".")[0]
        if name not in ELSEWHERE and not _is_score(change.key):
            files.setdefault(name, []).append(change)
    for name, changes in files.items():
        rows = [change_row(change) for change in changes if not change.key.endswith(BOUNDS)]
        title = f"metrics/{name}.json: {count(len(changes), 'figure')} changed"
        if rows:
            yield fold(title, limited_table(["metric", "base", "now"], "lrr", rows))


def _is_score(key: str) -> bool:
    parts = key.split(".")
    return parts[0] == "systems" and len(parts) > 2 and parts[-2] in KINDS


def _fold_charts(review: Review) -> Iterator[str]:
    first = review.first
    old, new = ({name: pair[side] for name, pair in first.items()} for side in (0, 1))
    charts = [
        draw_bars("ROUGE-1 F1 (bars: now, line: base)", "points", old, new)
        if review.scores.changed
        else None,
        *(
            draw_curves(
                f"Validation loss of {curves.system} (blue: now, orange: base)",
                "step",
                "loss",
                curves.old,
                curves.new,
            )
            for curves in review.curves
        ),
    ]
    drawn = [chart for chart in charts if chart]
    if drawn:
        yield fold("Plots", "\n\n".join(drawn))
