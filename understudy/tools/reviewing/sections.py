"""The sections of a review, each a heading with a table or a list; empty where nothing changed."""

from collections.abc import Sequence

from understudy.contract.names import TITLES
from understudy.rendering.markdown import code_span
from understudy.tools.reviewing.artifacts import MissingArtifact, Storage
from understudy.tools.reviewing.calls import Bill, StageCalls
from understudy.tools.reviewing.changes import Change
from understudy.tools.reviewing.gates import Gate
from understudy.tools.reviewing.gather import Review
from understudy.tools.reviewing.glance import name_some, split_inputs, tell_money
from understudy.tools.reviewing.pieces import (
    bytes_of,
    cell,
    count,
    fold,
    points,
    signed,
    table,
    value,
)
from understudy.tools.reviewing.scores import ScoreChange

MAIN = ("rouge1", "rouge2", "rougel")
DATA = ("dataset", "generated", "data")
"""Metrics files that count rows."""
ROWS = 12
"""Rows of a table that is not folded."""
MOST = 100
"""Rows of any table."""


def tell_gates(gates: Sequence[Gate]) -> str:
    """Every gate with its state."""
    if not gates:
        return ""
    rows = [
        [
            f"**{gate.state}**" if not gate.passed else gate.state,
            f"`{gate.rule}`",
            cell(gate.metric),
            gate.found + _name_close(gate),
        ]
        for gate in gates
    ]
    return f"### Gates\n\n{table(['', 'gate', 'metric', 'found'], 'llll', rows)}"


def _name_close(gate: Gate) -> str:
    return f"; did you mean {' or '.join(map(cell, gate.close))}?" if gate.close else ""


def tell_scores(review: Review) -> str:
    """ROUGE-1/2/L F1 of the systems that changed, with the noise of each change."""
    changed = [c for c in review.scores.changed if c.kind in MAIN and c.measure == "f1"]
    unchanged = review.scores.unchanged
    parts = []
    if changed:
        head = ["system", "F1", "base", "now", "change (95% interval)", ""]
        parts.append(table(head, "llrrll", [_score_row(change) for change in changed]))
    if unchanged:
        parts.append(f"Unchanged: {', '.join(map(code_span, unchanged))}.")
    if not changed and not unchanged:
        parts.append("Neither side has `metrics/systems.json`.")
    if changed:
        parts.append(_explain_noise(review.scores.unpaired))
    return "### Scores\n\n" + "\n\n".join(parts)


def _score_row(change: ScoreChange) -> list[str]:
    return [cell(change.system), *score_cells(change)]


def score_cells(change: ScoreChange) -> list[str]:
    """A score's type, both values, the change and a word on it."""
    difference, word = "", "new" if change.old is None else "gone"
    if change.old is not None and change.new is not None:
        difference, word = signed(change.new - change.old), "noise not known"
    if change.low is not None and change.high is not None:
        difference += f" ({signed(change.low)} to {signed(change.high)})"
        word = "**beyond noise**" if change.beyond_noise else "within noise"
    return [TITLES[change.kind], points(change.old), points(change.new), difference, word]


def _explain_noise(unpaired: str | None) -> str:
    noise = (
        "<sub>Noise is that of the choice of test articles, not of training; at 95%, one in twenty "
        "changes by chance alone looks beyond it.</sub>"
    )
    if unpaired is None:
        return f"Intervals are of the differences article by article. {noise}"
    return (
        "Intervals are unpaired, from those in `metrics/systems.json`, and wider than need be: "
        f"{code_span(unpaired)}. {noise}"
    )


def tell_verdicts(review: Review) -> str:
    """Verdicts that changed, in words."""
    lines = [
        f"- {code_span(change.first)} against {code_span(change.second)}, "
        f"{TITLES[change.kind]} F1: {change.old or 'no verdict'} → {change.new or 'no verdict'}"
        for change in review.verdicts
    ]
    if review.no_verdicts:
        lines = [review.no_verdicts]
    return "### Verdicts\n\n" + "\n".join(lines) if lines else ""


def tell_params(review: Review) -> str:
    """Params and inputs that changed."""
    parts = []
    if review.params:
        parts.append(_table_of_changes(review.params, "param"))
    inputs, code = split_inputs(review)
    for names, what in ((inputs, "Changed inputs"), (code, "Changed code")):
        if names:
            parts.append(f"{what}: {name_some(names)}.")
    return "### Params and inputs\n\n" + "\n\n".join(parts) if parts else ""


def tell_data(review: Review) -> str:
    """Counts of rows that changed."""
    changes = [change for change in review.metrics if change.key.partition(".")[0] in DATA]
    return f"### Data\n\n{_table_of_changes(changes, 'count')}" if changes else ""


def _table_of_changes(changes: Sequence[Change], name: str) -> str:
    """A table, its rows after the first ones in a fold."""
    head = [name, "base", "now"]
    rows = [change_row(change) for change in changes]
    shown = table(head, "lrr", rows[:ROWS])
    if len(rows) <= ROWS:
        return shown
    rest = limited_table(head, "lrr", rows[ROWS:])
    return f"{shown}\n\n{fold(f'{len(rows) - ROWS} more', rest)}"


def change_row(change: Change) -> list[str]:
    """A dotted key and its two values."""
    old, new = (value(content) for content in (change.old, change.new))
    return [
        cell(change.key),
        "" if change.state == "added" else old,
        "" if change.state == "removed" else new,
    ]


def limited_table(head: Sequence[str], align: str, rows: Sequence[Sequence[str]]) -> str:
    """A table of the first rows, and how many more there are."""
    shown = table(head, align, rows[:MOST])
    more = len(rows) - MOST
    return f"{shown}\n\n{more:,} more are in `understudy review --json`." if more > 0 else shown


def tell_calls(review: Review) -> str:
    """What the teacher's answers cost, those that are new, and those that were there."""
    head = ["stage", "answers", "cost", "new calls", "their cost", "reused", "failed"]
    known = [stage for stage in review.calls if stage.unread is None]
    parts = [table(head, "lrrrrrr", [_call_row(review, stage) for stage in known])] if known else []
    parts += [_tell_unread(review, stage) for stage in review.calls if stage.unread is not None]
    return "### Teacher\n\n" + "\n\n".join(parts)


def _call_row(review: Review, stage: StageCalls) -> list[str]:
    now, new = (
        [f"{bill.calls:,}", tell_money(review, bill.usd)] if bill else ["", ""]
        for bill in (stage.now, stage.new)
    )
    reused = f"{stage.reused.calls:,}" if stage.reused else ""
    failed = "" if stage.failed is None else f"{stage.failed:,}"
    return [f"`{stage.stage}`", *now, *new, reused, failed]


def _tell_unread(review: Review, stage: StageCalls) -> str:
    old, new = (_tell_bill(review, bill) for bill in (stage.old, stage.now))
    return (
        f"`{stage.stage}`: {old} → {new}, by `metrics/teacher.json`; which of them are new is not "
        f"known: {code_span(stage.unread or '')}."
    )


def _tell_bill(review: Review, bill: Bill | None) -> str:
    if bill is None:
        return "not known"
    return f"{count(bill.calls, 'call')} ({tell_money(review, bill.usd)})"


def tell_storage(storage: Storage) -> str:
    """What the remote lacks."""
    name = f"the remote {code_span(storage.remote)}" if storage.remote else "the remotes"
    checked = count(storage.checked, "artifact")
    if storage.problem:
        said = f" ({code_span(storage.error)})" if storage.error else ""
        return f"### Artifacts\n\nNot looked for in {name}: {storage.problem}{said}."
    if not storage.missing:
        return f"### Artifacts\n\n{checked} of `dvc.lock`: all are in {name}."
    rows = [_artifact_row(artifact) for artifact in storage.missing]
    listed = limited_table(["artifact", "stage", "size", "missing"], "llrr", rows)
    return (
        f"### Artifacts\n\nNot in {name}: {len(rows):,} of {checked} that `dvc.lock` names; "
        f"`dvc push` sends them:\n\n{listed}"
    )


def _artifact_row(artifact: MissingArtifact) -> list[str]:
    missing = f"{artifact.missing:,} of {count(artifact.files, 'file')}"
    return [cell(artifact.path), cell(artifact.stage), bytes_of(artifact.size), missing]
