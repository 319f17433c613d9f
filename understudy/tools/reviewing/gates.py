"""Gates: what a branch must hold to pass its review (the params section `review`)."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from understudy.contract.params.review import ReviewParams
from understudy.core.errors import UnderstudyError
from understudy.rendering.markdown import one_line

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
        """Whether the review may end well."""
        return self.state in ("held", "not comparable")


def judge_gates(
    params: ReviewParams, old: Mapping[str, float], new: Mapping[str, float]
) -> list[Gate]:
    """Judges every gate.

    Args:
        params: the gates.
        old: the base's metrics by dotted name.
        new: the workspace's.
    """
    return [*_judge_minimums(params, old, new), *_judge_drops(params, old, new)]


def _judge_minimums(
    params: ReviewParams, old: Mapping[str, float], new: Mapping[str, float]
) -> Iterator[Gate]:
    for metric, limit in params.minimum.items():
        found = new.get(metric)
        if found is None:
            yield _build_unknown("minimum", metric, limit, new)
            continue
        held = found >= limit
        yield Gate(
            rule="minimum",
            metric=metric,
            limit=limit,
            old=old.get(metric),
            new=found,
            state="held" if held else "not held",
            found=f"{found:g} is {'at least' if held else 'less than'} {limit:g}",
        )


def _judge_drops(
    params: ReviewParams, old: Mapping[str, float], new: Mapping[str, float]
) -> Iterator[Gate]:
    for metric, limit in params.largest_drop.items():
        before, after = old.get(metric), new.get(metric)
        if after is None:
            yield _build_unknown("largest_drop", metric, limit, new)
        elif before is None:
            found = "the base has no such metric"
            yield Gate("largest_drop", metric, limit, None, after, "not comparable", found)
        else:
            drop = round(before - after, DIGITS)
            state: State = "held" if drop <= limit else "not held"
            fell = f"fell by {drop:g}, from {before:g} to {after:g}" if drop > 0 else "did not fall"
            found = f"{fell}; at most {limit:g} is allowed"
            yield Gate("largest_drop", metric, limit, before, after, state, found)


def _build_unknown(rule: Rule, metric: str, limit: float, known: Mapping[str, float]) -> Gate:
    close = tuple(difflib.get_close_matches(metric, known, n=3, cutoff=0.5))
    found = "the workspace has no such metric"
    return Gate(rule, metric, limit, None, None, "unknown metric", found, close)


def explain_failures(gates: Sequence[Gate]) -> str | None:
    """One line for stderr; None where every gate passed."""
    failed = [gate for gate in gates if not gate.passed]
    if not failed:
        return None
    told = "; ".join(f"review.{gate.rule} {gate.metric}: {_tell(gate)}" for gate in failed)
    return one_line(f"{len(failed)} of {len(gates)} gates not held: {told}")


def _tell(gate: Gate) -> str:
    if gate.close:
        return f"{gate.found}; did you mean {' or '.join(gate.close)}?"
    hint = "; `dvc metrics show` lists them" if gate.state == "unknown metric" else ""
    return f"{gate.found}{hint}"
