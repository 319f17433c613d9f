"""Gates: what a branch must hold to pass its review (the params section `review`)."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from understudy.contract.params.review import ReviewParams
from understudy.core.errors import UnderstudyError, one_line

Rule = Literal["minimum", "largest_drop"]
State = Literal["held", "not held", "not comparable", "unknown metric"]
DIGITS = 9
"""A drop of 0.3 from 1.0 to 0.7 is no more than 0.3."""


class GateError(UnderstudyError):
    """A gate that is not held, or that names no metric."""


@dataclass(frozen=True)
class Gate:
    """One gate, judged."""

    rule: Rule
    metric: str
    limit: float
    old: float | None
    new: float | None
    state: State
    found: str
    """What was found, in words and numbers."""
    close: tuple[str, ...] = ()
    """Names like that of an unknown metric."""

    @property
    def passed(self) -> bool:
        """Whether the review may pass."""
        return self.state in ("held", "not comparable")


def judge_gates(
    params: ReviewParams, old: Mapping[str, float], new: Mapping[str, float]
) -> list[Gate]:
    """Judges every gate on metrics by dotted name, `old` ones being the base's."""
    gates: list[tuple[Rule, str, float]] = [
        *(("minimum", metric, limit) for metric, limit in params.minimum.items()),
        *(("largest_drop", metric, limit) for metric, limit in params.largest_drop.items()),
    ]
    return [_judge(*gate, old.get(gate[1]), new) for gate in gates]


def _judge(
    rule: Rule, metric: str, limit: float, before: float | None, known: Mapping[str, float]
) -> Gate:
    state: State
    after = known.get(metric)
    if after is None:
        close = tuple(difflib.get_close_matches(metric, known, n=3, cutoff=0.5))
        found = "the workspace has no such metric"
        return Gate(rule, metric, limit, before, None, "unknown metric", found, close)
    if rule == "minimum":
        state = "held" if after >= limit else "not held"
        found = f"{after:g} is {'at least' if after >= limit else 'less than'} {limit:g}"
    elif before is None:
        state, found = "not comparable", "the base has no such metric"
    else:
        drop = round(before - after, DIGITS)
        state = "held" if drop <= limit else "not held"
        fell = f"fell by {drop:g}, from {before:g} to {after:g}" if drop > 0 else "did not fall"
        found = f"{fell}; at most {limit:g} is allowed"
    return Gate(rule, metric, limit, before, after, state, found)


def explain_failures(gates: Sequence[Gate]) -> str | None:
    """One line for stderr; None where every gate passed."""
    problems = []
    for gate in gates:
        hint = ""
        if gate.state == "unknown metric":
            hint = "; `dvc metrics show` lists them"
        if gate.close:
            hint = f"; did you mean {' or '.join(gate.close)}?"
        if not gate.passed:
            problems.append(f"review.{gate.rule} {gate.metric}: {gate.found}{hint}")
    if not problems:
        return None
    return one_line(f"{len(problems)} of {len(gates)} gates not held: {'; '.join(problems)}")
