"""What worth reads and writes, to make fixtures from."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.contract.examples import LINEUP, TRAINED, make_pair
from understudy.contract.calibration import SystemCalibration
from understudy.contract.evaluation import ByKind, Gap
from understudy.contract.kind import CLASSIFICATION
from understudy.contract.lineup import Lineup
from understudy.contract.names import KINDS, ZEROSHOT, name_pair
from understudy.contract.recipes import RecipeDifference, RecipeGap
from understudy.contract.timing import StudentLatency
from understudy.contract.trained import TrainedSeeds
from understudy.contract.worth import StudentWorth, TeacherWorth, Worth


def make_recipe_gap(verdicts: Mapping[str, str] | None = None) -> RecipeGap:
    """Each student's recipe against the teacher; unknown where no verdict is given."""
    found = {}
    for system in TRAINED:
        verdict = (verdicts or {}).get(system, "unknown")
        difference = RecipeDifference(
            f1=4.0,
            known=0 if verdict == "unknown" else 1,
            better={"better": 1, "worse": -1}.get(verdict, 0),  # type: ignore[arg-type]
            equivalent=1 if verdict == "equivalent" else 0,
        )
        found[name_pair(system, ZEROSHOT)] = ByKind[RecipeDifference](
            **dict.fromkeys(KINDS, difference)
        )
    return RecipeGap.model_validate(found)


def make_calibration(**changed: Any) -> SystemCalibration:
    """metrics/calibration/SYSTEM.json: of 100 rows, at 0.75, 40 are answered alone, 4 badly."""
    points = [
        {"threshold": 0.9, "share_local": 20.0, "risk": 1.0, "bound": 4.7, "score": 51.0},
        {"threshold": 0.75, "share_local": 40.0, "risk": 4.0, "bound": 9.0, "score": 52.5},
        {"threshold": 0.0, "share_local": 100.0, "risk": 30.0, "bound": 38.5, "score": 48.0},
    ]
    priced = [
        {**point, "usd_per_1000": 1.1 - point["share_local"] / 100, "seconds": 0.5}
        for point in points
    ]
    known = {
        "promise": {"epsilon": 0.1, "delta": 5.0, "confidence": 0.95},
        "references": "gold", "rows": 100, "fitted": 50, "rows_needed": 29,
        "threshold": 0.75, "share_local": 40.0, "risk": 4.0, "bound": 9.0,
        "confidence": {"offset": 0.0, "signals": {}}, "watched": {"floor": 30.0, "rate": 0.15},
        "weights": "w" * 64, "teacher": {"base_url": "https://chat.example/v1", "model": "writer"},
        "teacher_score": 50.0, "points": priced,
    }  # fmt: skip
    return SystemCalibration.model_validate({**known, **changed})


def refuse_calibration(**changed: Any) -> SystemCalibration:
    """The same where no threshold can be promised."""
    nothing = {"threshold": None, "share_local": 0.0, "risk": 0.0, "bound": None}
    return make_calibration(**{**nothing, **changed})


def make_teacher_gap(verdicts: Mapping[str, tuple[str, float]]) -> Gap:
    """Each student against the teacher: a verdict, and points of F1."""
    return Gap.model_validate(
        {name_pair(name, ZEROSHOT): make_pair(*verdicts[name]) for name in TRAINED}
    )


def make_latencies(
    means: Mapping[str, float] | None = None, lineup: Lineup = LINEUP
) -> dict[str, StudentLatency]:
    """By student: all cores take the mean, one core three times as long."""
    found = {}
    for system in lineup.trained:
        mean = (means or {}).get(system, 0.036)
        every = {"median": 0.9 * mean, "p95": 2 * mean, "mean": mean}
        one = {name: 3 * seconds for name, seconds in every.items()}
        figures = {"one_core": one, "all_cores": every, "articles": 50}
        machine = {"cores": 4, "machine": "Example 9 CPU"}
        found[system] = StudentLatency.model_validate({**machine, **figures})
    return found


def write_latencies(
    folder: Path, means: Mapping[str, float] | None = None, lineup: Lineup = LINEUP
) -> None:
    """Writes metrics/latency/SYSTEM.json of every student of `make_latencies` below a folder."""
    for system, latency in make_latencies(means, lineup).items():
        latency.write(folder / StudentLatency.path_of(system))


def make_seeds(*seconds: float) -> TrainedSeeds:
    """Seeds from 13 on, whose training took so long; the first one ships."""
    runs = [
        {"seed": 13 + at, "best_validation_loss": 1.5 + at, "seconds": float(taken)}
        for at, taken in enumerate(seconds)
    ]
    return TrainedSeeds.model_validate({"shipped": 13, "runs": runs})


def make_student_worth(**changed: Any) -> StudentWorth:
    """A student that is better, saves $0.40 on 1,000 answers, and took $4."""
    found: dict[str, Any] = {
        "model_verdict": "better", "recipe_verdict": "unknown", "f1_difference": 4.0,
        "seconds_median": 0.03, "usd_per_1000": 0.1, "saved_usd_per_1000": 0.4,
        "training_hours": 5.0, "training_usd": 1.0, "answers_usd": 3.0,
        "answers_to_pay_back": 10_000, "months_to_pay_back": 0.1, "pays": 1,
    }  # fmt: skip
    return StudentWorth.model_validate({**found, **changed})


def make_agreement_worth(**changed: Any) -> StudentWorth:
    """The same where the references are the teacher's own answers: no verdict against it."""
    nothing = dict.fromkeys(("model_verdict", "recipe_verdict", "f1_difference"))
    return make_student_worth(**{**nothing, "agreement": 71.25, **changed})


def make_worth(
    teacher: Mapping[str, Any] | None = None, lineup: Lineup = LINEUP, **students: StudentWorth
) -> Worth:
    """Students that are alike where none is given (`t5_gold=…`); the first is the candidate."""
    given = {name.replace("_", "-"): found for name, found in students.items()}
    usual: Callable[[], StudentWorth]
    usual = make_student_worth if lineup.references == "gold" else make_agreement_worth
    if lineup.kind is CLASSIFICATION and lineup.references == "gold":
        usual = partial(make_student_worth, f1_difference=None, accuracy_difference=4.0)
    return Worth.model_validate(
        {
            **{name: given.get(name, usual()) for name in lineup.trained},
            "candidate": lineup.trained[0],
            "teacher": TeacherWorth.model_validate(
                {"usd_per_1000": 0.5, "timed": 0, **(teacher or {})}
            ),
            "machine_usd_per_hour": 0.2,
            "answers_per_month": 100_000,
            "usd_per_article": 0.0005,
            "usd_per_seed": {
                student: 0.2 * (at + 1) for at, student in enumerate(lineup.kind.students)
            },
        }
    )
