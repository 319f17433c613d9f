"""The plan for people: a table of stages, a table of calls, and notes."""

from collections.abc import Iterator, Mapping, Sequence

from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.rendering.figures import dollars
from understudy.tools.planning.estimate import Estimate
from understudy.tools.planning.students import StudentPlan
from understudy.versioning.status import Stage

STUDENT_COLUMNS = ("models", "to train", "time each", "time", "disk each", "disk")
COLUMNS = ("rows", "paid", "to pay", "tokens in", "tokens out", "live", "batch", "at most", "time")
_UNKNOWN = "calls are known when the rows are: `dvc repro filter` asks no teacher"


def render_plan(
    stages: Sequence[Stage],
    calls: Mapping[str, Estimate] | None,
    teacher: TeacherParams,
    students: Mapping[str, StudentPlan],
) -> str:
    """The plan as text; without calls where rows must be downloaded first."""
    rows = [["stage", "state", "why"]]
    for stage in stages:
        first, *others = stage.reasons or ("",)
        rows += [[stage.name, stage.state, first], *(["", "", reason] for reason in others)]
    where = "the embedded rules (free)" if teacher.base_url == EMBEDDED else teacher.base_url
    lines = [
        *_align(rows),
        "",
        *_tell_students(students),
        "",
        f"teacher: {teacher.model} at {where}, mode {teacher.mode}",
    ]
    if calls is None:
        return "\n".join([*lines, _UNKNOWN])
    table = [["stage", *COLUMNS], *([stage, *_cells(found)] for stage, found in calls.items())]
    done = {stage.name.partition("@")[0] for stage in stages if stage.state == "up to date"}
    notes = [
        note
        for stage, found in calls.items()
        for note in _stage_notes(stage, found, teacher, done=stage in done)
    ]
    return "\n".join([*lines, *_align(table), "", *notes, *_notes(list(calls.values()), teacher)])


def _cells(found: Estimate) -> list[str]:
    counts = [found.rows, found.paid, found.to_pay, found.input_tokens, found.output_tokens]
    at_most = "no limit" if found.at_most_usd is None else dollars(found.at_most_usd)
    minutes = "?" if found.minutes is None else f"{found.minutes:,.1f} min"
    money = dollars(found.live_usd), dollars(found.batch_usd)
    return [*(f"{count:,}" for count in counts), *money, at_most, minutes]


def _tell_students(students: Mapping[str, StudentPlan]) -> list[str]:
    rows = [["student", *STUDENT_COLUMNS]]
    for name, found in students.items():
        each, every = map(_duration, (found.seconds_a_model, found.seconds))
        sizes = map(_size, (found.bytes_a_model, found.bytes))
        rows.append([name, str(found.models), str(found.to_train), each, every, *sizes])
    notes = ["disk: in the workspace, the model that ships once more; DVC's cache holds each once"]
    if any(found.seconds_a_model is None for found in students.values()):
        notes.append("?: known when a first model is trained")
    return [*_align(rows), *notes]


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:,.1f} min"


def _size(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e6:,.1f} MB"


def _stage_notes(
    stage: str, found: Estimate, teacher: TeacherParams, *, done: bool
) -> Iterator[str]:
    if found.samples > 1:
        yield f"{stage}: {found.samples} samples a row ({stage}.samples), each of them a call"
    if found.in_batches:
        yield f"{stage}: {found.in_batches:,} more answers are on their way in open batches"
    if not found.to_pay:
        return
    thumb = "4 characters a token and answers of typical length, without reasoning"
    basis = f"{found.measured_on:,} answers of this stage" if found.measured_on else thumb
    yield f"{stage}: tokens are estimated from {basis}; calls are exact"
    if found.per_minute:
        yield f"{stage}: time is at {found.per_minute:,.1f} answers a minute, as in the last runs"
    else:
        known = "teacher's limits a minute alone" if found.minutes is not None else "nothing yet"
        yield f"{stage}: no answer's time was measured; time is estimated from {known}"
    if teacher.max_cost_usd is not None:
        left = max(0.0, teacher.max_cost_usd - found.spent_usd)
        expected = found.batch_usd if teacher.mode == "batch" else found.live_usd
        verdict = "is enough"
        if not left and found.at_most_usd != 0:
            spent = f"{dollars(found.spent_usd)} are booked"
            verdict = f"is too little: {spent}, and the run would stop at once; raise the cap"
        elif expected > left:
            verdict = f"is too little: the run would stop after about {left / expected:.0%} of them"
        elif found.at_most_usd is None or found.at_most_usd > left:
            verdict = "may be too little, should answers be long"
        cap = f"teacher.max_cost_usd = {teacher.max_cost_usd:g}"
        yield f"{stage}: {dollars(left)} of {cap} is left, which {verdict}"
    if done:  # its rows have failed within teacher.max_failed
        yield f"{stage} is up to date: its failed calls wait for `dvc repro -fs {stage}`"


def _notes(calls: Sequence[Estimate], teacher: TeacherParams) -> Iterator[str]:
    coming = sum(found.in_batches for found in calls)
    to_pay = sum(found.to_pay for found in calls)
    if teacher.mode == "replay" and coming + to_pay:
        yield f"teacher.mode = replay: the run would stop, {coming + to_pay:,} answers are missing"
    elif teacher.mode == "live" and coming:
        yield "teacher.mode = live: the run would stop; teacher.mode = batch collects these answers"
    if not to_pay:
        every = "every other" if coming else "every"
        yield f"Nothing to pay: {every} answer is in the ledger or in a committed output."
    elif teacher.base_url != EMBEDDED and teacher.prices.are_free:
        yield "teacher.prices are 0: costs are unknown, and no cap holds"


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
