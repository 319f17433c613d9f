"""Brings the teacher, and what was calibrated, into a server, beside its student."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from understudy.contract.calibration import SystemCalibration
from understudy.contract.kind import this_kind
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.serve import ServeParams
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.contract.served import SERVED
from understudy.core.errors import DataError, ParamsError
from understudy.core.params import load_section
from understudy.scoring.rows import score_rows
from understudy.serving.answering import Answerer, Student
from understudy.serving.app import Service
from understudy.serving.batching import Decoded
from understudy.serving.confidence import Confidence
from understudy.serving.duo import Duo
from understudy.serving.handover import Handover
from understudy.serving.keeping import Keeper
from understudy.serving.mode_meters import ModeMeters
from understudy.serving.modes import Canary, Cascade, Rate, Shadow
from understudy.serving.monitoring import Log, log
from understudy.serving.relaying import Relay
from understudy.serving.signals import measure
from understudy.serving.watching import DriftWatch, Expected
from understudy.students.model.weights import hash_weights
from understudy.teacher.endpoint import read_key
from understudy.tools.escalating.desk import check_cap
from understudy.tools.escalating.task_teacher import TaskTeacher
from understudy.tools.hosting import TaskPrompt


@dataclass(frozen=True)
class Escalation:
    """What a server needs beside its student; checked before anything is listened to."""

    params: ServeParams
    teacher: TeacherParams
    calibration: SystemCalibration | None = None


def prepare(model: Path, params: ServeParams, calibration: Path | None) -> Escalation:
    """Reads the section `teacher`, and the calibration where the mode has a use for one.

    Args:
        model: the student's folder.
        params: the section `serve`.
        calibration: a file; None for that of the student under metrics/calibration/.

    Raises:
        ParamsError, MissingKeyError: the section `teacher` cannot be used.
        DataError: the calibration is absent where it is needed, or is of another model or teacher.
    """
    teacher = load_section("teacher", TeacherParams)
    check_cap(teacher, params.max_cost_usd)
    if teacher.base_url != EMBEDDED and teacher.mode != "replay":
        read_key(teacher.api_key_env)
    found = None
    path = calibration or SystemCalibration.path_of(model.resolve().name)
    if calibration or params.mode == "cascade" or (params.mode == "shadow" and path.exists()):
        found = _load(path, model, teacher)
    return Escalation(params, share(teacher, params.workers), found)


def share(teacher: TeacherParams, workers: int) -> TeacherParams:
    """What one of several workers may ask of the teacher at once and a minute."""
    names = ("concurrency", "requests_per_minute", "tokens_per_minute")
    given = {name: getattr(teacher, name) for name in names}
    return teacher.model_copy(
        update={name: max(1, value // workers) for name, value in given.items() if value}
    )


def _load(path: Path, model: Path, teacher: TeacherParams) -> SystemCalibration:
    if not path.exists():
        raise DataError(
            f"{path}: no such file; `dvc repro calibrate` writes those of shipped students, "
            "--calibration FILE names another, --mode shadow needs none"
        )
    found = SystemCalibration.load(path)
    if found.weights != hash_weights(model):
        raise DataError(
            f"{path}: it was calibrated for other weights than those in {model}, of which nothing "
            "is promised; `dvc repro calibrate` does it again, --calibration FILE names another"
        )
    now = {"base_url": teacher.base_url, "model": teacher.model}
    if found.teacher != now:
        raise DataError(
            f"{path}: it was calibrated against {_name(found.teacher)}, and the section teacher "
            f"of params.yaml has {_name(now)}; change it, or `dvc repro calibrate`"
        )
    return found


def _name(teacher: Mapping[str, str]) -> str:
    return f"{teacher.get('model')} at {teacher.get('base_url')}"


def escalate(
    params: ServeParams,
    calibration: Path | None,
    service: Service,
    student: Student,
    task: TaskPrompt,
    model: Path,
) -> Service:
    """The same service with a teacher behind it, by what `prepare` finds now.

    Raises:
        UnderstudyError: see `prepare`; or the record of the drift test cannot be used.
    """
    escalation = prepare(model, params, calibration)
    meters = service.meters.part(ModeMeters)
    teacher = TaskTeacher(task, escalation.teacher, params)
    handover = Handover(teacher, meters, service.log)
    relay = Relay(student, handover, meters)
    if params.mode == "student":
        return replace(service, relay=relay, opened=teacher.opened, update=handover.update)
    keeper = Keeper(service.log)
    duo = Duo(
        params.mode, student, task, service.batcher, handover, meters, keeper, open_compare(),
        stands_in=params.when_teacher_fails == "student",
        watch=_open_watch(escalation, student, meters, service.log),
    )  # fmt: skip

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        keeper.start()
        async with teacher.opened():
            try:
                yield
            finally:
                await duo.close()
                keeper.stop()

    answerer = _choose_answerer(duo, escalation)
    return replace(service, answerer=answerer, relay=relay, opened=opened, update=handover.update)


def _choose_answerer(duo: Duo, escalation: Escalation) -> Answerer:
    params, found = escalation.params, escalation.calibration
    if params.mode == "shadow":
        return Shadow(duo, params.shadow_percent)
    if params.mode == "canary":
        return Canary(duo, params.canary_percent)
    if found is None:
        raise ParamsError("serve.mode = cascade: expected a calibration; `dvc repro calibrate`")
    return Cascade(duo, rate_by(Confidence.from_record(found.confidence)), found.threshold)


def rate_by(confidence: Confidence) -> Rate:
    """What weighs an answer by the signals that the calibration measured."""

    def rate(decoded: Decoded, text: str, answer: str) -> float:
        [found] = confidence.rate([measure(decoded.hypothesis, text, answer)])
        return float(found)

    return rate


def open_compare() -> Callable[[str, str], float]:
    """What gives the points of ROUGE-1 F1 between two texts, by the section `evaluate`.

    Of a classification 100 for the same label, and 0 for another one.
    """
    if this_kind().has_labels:
        return lambda prediction, reference: 100.0 if prediction == reference else 0.0
    params = load_section("evaluate", EvaluateParams)

    def compare(prediction: str, reference: str) -> float:
        scores = score_rows(
            [prediction], [reference], params.stemmer, ["rouge1"], params.words, processes=1
        )
        return scores["rouge1"]["f1"][0]

    return compare


def _open_watch(
    escalation: Escalation, student: Student, meters: ModeMeters, note: Log
) -> Callable[[float], None] | None:
    """The drift test, where there is something to compare with."""
    found = escalation.calibration
    if escalation.params.mode != "shadow" or found is None or found.watched is None:
        return None
    known = {"weights": found.weights, **found.teacher}
    expected = Expected(found.watched.floor, found.watched.rate, known)
    path = SERVED / f"drift-{student.name}.json"
    return DriftWatch(path, expected, meters, note).add


def tell_mode(escalation: Escalation) -> None:
    """Logs who answers, for how much, and what is promised, with what to know of it."""
    params, found = escalation.params, escalation.calibration
    facts: dict[str, Any] = {"mode": params.mode, "teacher": escalation.teacher.model}
    facts |= {"max_cost_usd": params.max_cost_usd, "when_teacher_fails": params.when_teacher_fails}
    if params.mode == "cascade" and found is not None:
        facts |= {"threshold": found.threshold, "promise": found.promise.model_dump()}
    if notes := "; ".join(_list_notes(escalation)):
        facts["note"] = notes
    log("mode", **facts)


def _list_notes(escalation: Escalation) -> Iterator[str]:
    params, found = escalation.params, escalation.calibration
    is_free = escalation.teacher.prices.are_free
    if params.max_cost_usd is None and not is_free:
        yield "serve.max_cost_usd is null: there is no cap"
    if params.max_cost_usd is not None and is_free:
        yield "teacher.prices are 0: calls count as free, and the cap never ends them"
    if params.mode == "cascade" and found is not None and found.threshold is None:
        yield "no threshold could be promised: the teacher answers everything"
    if params.mode == "shadow" and (found is None or found.watched is None):
        yield "no calibration says how often both disagree: drift is not tested"
