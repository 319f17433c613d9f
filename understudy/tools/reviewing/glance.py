"""The first lines of a review: gates, what changed, what is compared, what to know first."""

from collections.abc import Iterator, Sequence

from understudy.rendering.markdown import code_span
from understudy.tools.planning.estimate import show_dollars
from understudy.tools.reviewing.gather import Review
from understudy.tools.reviewing.pieces import count, signed
from understudy.tools.reviewing.revisions import Revisions

CODE = ("stages/", "understudy/")
NAMED = 6
"""Files or stages that are named in a line."""


def tell_verdict(review: Review) -> str:
    """One line: whether the gates are held, and what changed at a glance."""
    told = "; ".join(_tell_parts(review))
    return f"**{_tell_gates(review)}** {told[0].upper()}{told[1:]}."


def _tell_gates(review: Review) -> str:
    failed = [gate for gate in review.gates if not gate.passed]
    if failed:
        return f"Gates not held: {len(failed)} of {len(review.gates)}."
    return f"Gates held: {len(review.gates)}." if review.gates else "No gates are set."


def _tell_parts(review: Review) -> Iterator[str]:
    yield _tell_scores(review)
    if review.verdicts:
        yield f"{count(len(review.verdicts), 'verdict')} changed"
    inputs, code = split_inputs(review)
    named = [
        count(len(review.params), "param"),
        count(len(inputs), "input"),
        count(len(code), "file of code", "files of code"),
    ]
    if changed := [words for words in named if not words.startswith("0 ")]:
        yield f"changed: {', '.join(changed)}"
    yield _tell_calls(review)
    storage = review.storage
    if storage.missing:
        yield f"{count(len(storage.missing), 'artifact')} missing in the remote"
    elif storage.problem:
        yield "the remote was not looked at"


def _tell_scores(review: Review) -> str:
    changed = list(dict.fromkeys(change.system for change in review.scores.changed))
    if not changed:
        return "no score changed"
    systems = len(changed) + len(review.scores.unchanged)
    told = f"scores of {len(changed)} of {count(systems, 'system')} changed"
    first = [c for c in review.scores.changed if (c.kind, c.measure) == ("rouge1", "f1")]
    beyond = [
        f"{code_span(change.system)} {signed(change.new - change.old)}"
        for change in first
        if change.beyond_noise and change.new is not None and change.old is not None
    ]
    return f"{told}, ROUGE-1 F1 beyond noise in {', '.join(beyond) or 'none'}"


def _tell_calls(review: Review) -> str:
    bills = [stage.new for stage in review.calls]
    known = [bill for bill in bills if bill is not None]
    if len(known) < len(bills):
        return "new calls of the teacher are not known"
    calls = sum(bill.calls for bill in known)
    told = count(calls, "new call") if calls else "no new calls"
    return f"{told} ({tell_money(review, sum(b.usd for b in known))})" if calls else told


def tell_money(review: Review, usd: float) -> str:
    """What calls cost, or why that is not known."""
    if review.free:
        return "free"
    return show_dollars(usd) if review.priced else "at unknown prices"


def tell_revisions(revisions: Revisions) -> str:
    """What is compared with what."""
    branch = f" of {code_span(revisions.branch)}" if revisions.branch else ""
    changes = f", and {count(len(revisions.changed), 'changed file')}" if revisions.changed else ""
    return (
        f"The workspace ({revisions.head[:10]}{branch}{changes}) compared with "
        f"{revisions.commit[:10]}, its merge base with {code_span(revisions.base)}."
    )


def tell_warnings(review: Review) -> Iterator[str]:
    """What a reader has to know before the figures, a line each."""
    if review.stale:
        yield (
            f"**Stale:** `dvc repro` would run {name_some(review.stale)}; figures of these stages "
            "are of an earlier run."
        )
    if review.revisions.changed:
        yield f"Not committed: {name_some(review.revisions.changed)}."
    if any(c.key.startswith("review.") and (c.old or c.new) for c in review.params):
        yield "This branch changes the gates themselves; see the params."
    for path, problem in review.unread.items():
        yield f"{code_span(path)} cannot be read: {code_span(problem)}."
    for state, told in (("added", "The base has no"), ("removed", "The workspace has no")):
        names = [change.key for change in review.files if change.state == state]
        if names:
            yield f"{told} metrics {name_some(names)} to compare with."


def split_inputs(review: Review) -> tuple[list[str], list[str]]:
    """Changed files that stages read: prompts and data, and the project's own code."""
    names = [change.key for change in review.inputs]
    return [n for n in names if not n.startswith(CODE)], [n for n in names if n.startswith(CODE)]


def name_some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(code_span(name) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
