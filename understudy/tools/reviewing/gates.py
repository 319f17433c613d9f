"""Gates: what a branch must hold to pass its review (the params section `review`)."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from understudy.contract.kind import this_kind
from understudy.contract.names import split_pair
from understudy.contract.params.review import ReviewParams
from understudy.core.errors import UnderstudyError, one_line
from understudy.tools.reviewing.noise import MeanChange
from understudy.tools.reviewing.scores import ScoreChange

Rule = Literal["minimum", "largest_drop", "shown_drop"]
State = Literal[
    "held", "not held", "not comparable", "unknown metric", "needs two seeds", "no score"
]
DIGITS = 9
"""A drop of 0.3 from 1.0 to 0.7 is no more than 0.3."""
SEEDS_TOO = "other seeds and articles"
OF_SEEDS = ("f1_low", "f1_high", "accuracy_low", "accuracy_high", "sd", "p", "p_equivalent")
"""Keys in metrics/seeds.json and metrics/recipes.json that are there with two seeds only."""


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
    params: ReviewParams,
    old: Mapping[str, float],
    new: Mapping[str, float],
    changes: Sequence[ScoreChange] = (),
) -> list[Gate]:
    """Judges every gate.

    Args:
        params: the gates.
        old: the base's metrics by dotted name.
        new: those of the workspace.
        changes: the scores that changed, for the gates on what is shown.
    """
    scores = {f"systems.{one.system}.{one.kind}.{one.measure}": one for one in changes}
    gates: list[tuple[Rule, str, float]] = [
        *(("minimum", metric, limit) for metric, limit in params.minimum.items()),
        *(("largest_drop", metric, limit) for metric, limit in params.largest_drop.items()),
        *(("shown_drop", metric, limit) for metric, limit in params.shown_drop.items()),
    ]
    return [_judge(*gate, old.get(gate[1]), new, scores) for gate in gates]


def _judge(
    rule: Rule,
    metric: str,
    limit: float,
    before: float | None,
    known: Mapping[str, float],
    scores: Mapping[str, ScoreChange],
) -> Gate:
    state: State
    after = known.get(metric)
    if system := _find_lone_seed(metric, known):
        found = f"{system} has one seed in the workspace; add another to {_name_seeds(system)}"
        return Gate(rule, metric, limit, before, after, "needs two seeds", found)
    if after is None:
        close = tuple(difflib.get_close_matches(metric, known, n=3, cutoff=0.5))
        found = "the workspace has no such metric"
        return Gate(rule, metric, limit, before, None, "unknown metric", found, close)
    if rule == "shown_drop" and not _is_score(metric):
        close = tuple(difflib.get_close_matches(metric, filter(_is_score, known), n=1, cutoff=0.5))
        found = "only a score of metrics/systems.json has noise to judge its drop by"
        return Gate(rule, metric, limit, before, after, "no score", found, close)
    if rule == "minimum":
        state = "held" if after >= limit else "not held"
        found = f"{after:g} is {'at least' if after >= limit else 'less than'} {limit:g}"
        return Gate(rule, metric, limit, before, after, state, found)
    if before is None:
        found = "the base has no such metric"
        return Gate(rule, metric, limit, before, after, "not comparable", found)
    moved, noise = MeanChange(before, after, None, None), ""
    if rule == "shown_drop" and metric in scores:
        moved = scores[metric].judged
        noise = SEEDS_TOO if scores[metric].basis == "recipe" else "other articles"
    return _judge_drop(rule, metric, limit, moved, noise)


def _judge_drop(rule: Rule, metric: str, limit: float, moved: MeanChange, noise: str) -> Gate:
    """Judges a drop as it is, or the part of it that is shown whatever the `noise` is."""
    before, after = moved.old or 0.0, moved.new or 0.0
    drop = least = round(before - after, DIGITS)
    found = f"fell by {drop:g}, from {before:g} to {after:g}" if drop > 0 else "did not fall"
    found = f"its mean over seeds {found}" if noise == SEEDS_TOO else found
    if noise and drop > 0:
        if moved.low is None or moved.high is None:
            found += f", all of which counts, as the noise of {noise} is not known"
        else:
            least, most = round(-moved.high, DIGITS), round(-moved.low, DIGITS)
            found += f" ({least:.2f} to {most:.2f} with {noise})"
            found += f", by {least:.2f} at least" if least > 0 else ", which is within noise"
    state: State = "held" if least <= limit else "not held"
    return Gate(rule, metric, limit, before, after, state, f"{found}; at most {limit:g} is allowed")


def _is_score(metric: str) -> bool:
    """Whether a dotted name is that of a system's mean score."""
    file, *keys = metric.split(".")
    kind = this_kind()
    is_long = file == "systems" and len(keys) == 3
    return is_long and keys[1] in kind.types and keys[2] in kind.measures


def _find_lone_seed(metric: str, known: Mapping[str, float]) -> str | None:
    """The system for whose lack of a second seed a metric is not there, if that is why."""
    file, *keys = metric.split(".")
    if metric in known or len(keys) != 3 or keys[2] not in OF_SEEDS:
        return None
    if keys[1] not in this_kind().types:
        return None
    systems = {"seeds": [keys[0]], "recipes": split_pair(keys[0])}.get(file, [])
    return next((one for one in systems if known.get(f"seeds.{one}.seeds") == 1), None)


def _name_seeds(system: str) -> str:
    return f"train-{system.partition('-')[0]}.seeds"


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
            needs = f"{gate.state}: " if gate.state == "needs two seeds" else ""
            problems.append(f"review.{gate.rule} {gate.metric}: {needs}{gate.found}{hint}")
    if not problems:
        return None
    return one_line(f"{len(problems)} of {len(gates)} gates not held: {'; '.join(problems)}")
