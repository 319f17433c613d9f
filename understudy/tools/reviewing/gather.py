"""Everything that a review tells, as plain values."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from understudy.contract.names import TRAINED
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.review import ReviewParams
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.core.params import load_section
from understudy.tools.reviewing.artifacts import Storage, survey_storage
from understudy.tools.reviewing.calls import StageCalls, compare_calls
from understudy.tools.reviewing.changes import Change, find_changes, flatten, select_numbers
from understudy.tools.reviewing.charts import Curve, read_curve
from understudy.tools.reviewing.gates import Gate, judge_gates
from understudy.tools.reviewing.pairs import VerdictChange, compare_verdicts
from understudy.tools.reviewing.revisions import Revisions, find_revisions, read_committed
from understudy.tools.reviewing.scores import ScoreChanges, compare_scores, read_scores
from understudy.tools.reviewing.sides import Side, read_sides
from understudy.versioning.status import open_repo, survey_stages

CURVES = Path("metrics/curves")


@dataclass(frozen=True)
class Curves:
    """A student's validation loss on both sides, by step."""

    system: str
    old: Curve
    new: Curve


@dataclass(frozen=True)
class Review:
    """What differs between the workspace and the base, and what that is worth."""

    revisions: Revisions
    gates: list[Gate]
    scores: ScoreChanges
    verdicts: list[VerdictChange]
    no_verdicts: str | None
    """Why verdicts could not be compared."""
    params: list[Change]
    inputs: list[Change]
    """Files that stages read and no stage writes: prompts, data, code."""
    metrics: list[Change]
    """Of files that both sides have, by dotted name; scores and verdicts are among them."""
    files: list[Change]
    """Metrics files that only one side has, by their names in dotted names."""
    unread: dict[str, str]
    """Why metrics files of the workspace could not be read, by path."""
    calls: list[StageCalls]
    free: bool
    """Whether the teacher of now costs nothing."""
    priced: bool
    """Whether teacher.prices are set."""
    curves: list[Curves]
    """Of students whose curve changed."""
    first: dict[str, tuple[float, float]]
    """ROUGE-1 F1 of base and workspace by system."""
    storage: Storage
    stale: list[str]
    """Stages that `dvc repro` would run: what is told of them is of an earlier run."""

    @property
    def held(self) -> bool:
        """Whether every gate passed."""
        return all(gate.passed for gate in self.gates)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"held": self.held, **asdict(self)}


def gather_review(base: str) -> Review:
    """Compares the workspace, in which the process stands, with the merge base of a revision.

    Raises:
        ParamsError: params.yaml cannot be used.
        DataError: Git or DVC cannot be used, or there is no such revision.
    """
    gates = load_section("review", ReviewParams)
    scoring = load_section("evaluate", EvaluateParams)
    teacher = load_section("teacher", TeacherParams)
    prices = teacher.prices
    revisions = find_revisions(base)
    with open_repo(Path()) as repo:
        old, new = read_sides(repo, revisions.commit)
        before, after = flatten(old.metrics), flatten(new.metrics)
        verdicts, no_verdicts = compare_verdicts(old.metrics, new.metrics)
        return Review(
            revisions=revisions,
            gates=judge_gates(gates, select_numbers(before), select_numbers(after)),
            scores=compare_scores(old, new, scoring),
            verdicts=verdicts,
            no_verdicts=no_verdicts,
            params=find_changes(flatten(old.params), flatten(new.params)),
            inputs=find_changes(old.inputs, new.inputs),
            metrics=_find_metric_changes(old, new),
            files=find_changes(dict.fromkeys(old.metrics), dict.fromkeys(new.metrics)),
            unread=new.unread,
            calls=compare_calls(old, new, prices),
            free=teacher.base_url == EMBEDDED,
            priced=bool(prices.input or prices.cached_input or prices.output),
            curves=list(_find_curves(revisions.commit)),
            first=_find_first(old, new),
            storage=survey_storage(repo),
            stale=[s.name for s in survey_stages() if s.state in ("stale", "waits")],
        )


def _find_metric_changes(old: Side, new: Side) -> list[Change]:
    both = [name for name in new.metrics if name in old.metrics]
    before, after = ({name: side.metrics[name] for name in both} for side in (old, new))
    return find_changes(flatten(before), flatten(after))


def _find_curves(commit: str) -> Iterator[Curves]:
    for system in TRAINED:
        path = CURVES / f"{system}.csv"
        old = read_committed(path.as_posix(), commit) or ""
        new = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        before, after = (read_curve(text, "step", "validation_loss") for text in (old, new))
        if before != after and before and after:
            yield Curves(system, before, after)


def _find_first(old: Side, new: Side) -> dict[str, tuple[float, float]]:
    before, after = read_scores(old.metrics), read_scores(new.metrics)
    figures = {
        system: [side[system].get("rouge1", {}).get("f1") for side in (before, after)]
        for system in after
        if system in before
    }
    return {
        system: (first, second)
        for system, (first, second) in figures.items()
        if first is not None and second is not None
    }
