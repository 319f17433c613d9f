"""Everything that a review shows, as plain values."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from understudy.contract.kind import this_kind
from understudy.contract.lineup import Lineup
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.review import ReviewParams
from understudy.contract.params.sections import list_sections
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.contract.trained import CURVES
from understudy.core.params import load_section
from understudy.core.reading import read_text
from understudy.tools.reviewing.calls import StageCalls, compare_calls
from understudy.tools.reviewing.charts import Curve, read_curve
from understudy.tools.reviewing.gates import Gate, judge_gates
from understudy.tools.reviewing.noise import read_scores
from understudy.tools.reviewing.scores import ScoreChanges, compare_scores
from understudy.tools.reviewing.verdict_changes import VerdictChange, compare_verdicts
from understudy.versioning.changes import Change, find_changes, flatten, is_number
from understudy.versioning.repository import open_repo
from understudy.versioning.revisions import Revisions, find_revisions, read_committed
from understudy.versioning.snapshots import Snapshot, read_snapshots
from understudy.versioning.status import survey_stages
from understudy.versioning.storage import Storage, survey_storage


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
    """Files and folders that stages read and no stage writes: prompts, data, code."""
    code: list[str]
    """Which of these are the project's own code."""
    metrics: list[Change]
    """Changes in files that both sides have, by dotted name; scores and verdicts among them."""
    files: list[Change]
    """Metrics files that only one side has, by their names in dotted names."""
    unread: dict[str, str]
    """Why metrics files of the workspace could not be read, by path."""
    calls: list[StageCalls]
    free: bool
    """Whether the workspace's teacher costs nothing."""
    priced: bool
    """Whether teacher.prices are set."""
    curves: list[Curves]
    """Learning curves that changed."""
    first: dict[str, tuple[float, float]]
    """The main measure of base and workspace by system."""
    storage: Storage
    stale: list[str]
    """Stages that `dvc repro` would run, whose figures are of an earlier run."""

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
    with open_repo() as repo:
        old, new = read_snapshots(repo, revisions.commit)
        storage = survey_storage(repo)
    before, after = dict(flatten(old.metrics)), dict(flatten(new.metrics))
    old_numbers, new_numbers = (
        {key: leaf for key, leaf in leaves.items() if is_number(leaf)} for leaves in (before, after)
    )
    verdicts, no_verdicts = compare_verdicts(old.metrics, new.metrics)
    scores = compare_scores(old, new, scoring)
    inputs = find_changes(old.inputs, new.inputs)
    code_folders = {
        name.partition("/")[0] for name in (*old.inputs, *new.inputs) if name.endswith(".py")
    }
    old_scores = read_scores(old.metrics)
    main = f"{this_kind().main}_{this_kind().judged}"
    both = {name for name in new.metrics if name in old.metrics}
    return Review(
        revisions=revisions,
        gates=judge_gates(gates, old_numbers, new_numbers, scores.changed),
        scores=scores,
        verdicts=verdicts,
        no_verdicts=no_verdicts,
        params=_find_param_changes(old, new),
        inputs=inputs,
        code=[change.key for change in inputs if change.key.partition("/")[0] in code_folders],
        metrics=[
            change
            for change in find_changes(before, after)
            if any(change.key.startswith(f"{name}.") for name in both)
        ],
        files=find_changes(dict.fromkeys(old.metrics), dict.fromkeys(new.metrics)),
        unread=new.unread,
        calls=compare_calls(old, new, prices),
        free=teacher.base_url == EMBEDDED,
        priced=not prices.are_free,
        curves=list(_find_curves(revisions.commit)),
        first={
            system: (old_scores[system][main], figures[main])
            for system, figures in read_scores(new.metrics).items()
            if main in figures and main in old_scores.get(system, {})
        },
        storage=storage,
        stale=[s.name for s in survey_stages() if s.state in ("stale", "waits")],
    )


def _find_param_changes(old: Snapshot, new: Snapshot) -> list[Change]:
    """Changes of params, where a key that one side leaves out has today's default."""
    before, after = dict(flatten(old.params)), dict(flatten(new.params))
    sections = list_sections().items()
    defaults = flatten({name: kind().model_dump(mode="json") for name, kind in sections})
    known = {key: default for key, default in defaults if key in before or key in after}
    return find_changes({**known, **before}, {**known, **after})


def _find_curves(commit: str) -> Iterator[Curves]:
    for system in Lineup().trained:
        path = CURVES / f"{system}.csv"
        old = read_committed(path, commit) or ""
        new = read_text(path) if path.is_file() else ""
        before, after = (read_curve(text, "step", "validation_loss") for text in (old, new))
        if before != after and before and after:
            yield Curves(system, before, after)
