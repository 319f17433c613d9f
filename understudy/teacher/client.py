"""Gets one answer a prompt: from the ledger, from committed stage outputs, or from the endpoint.

What was paid for is not asked again, and every new answer is in the ledger before it counts.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.teacher.batch import BatchRun
from understudy.teacher.chunks import open_chunks
from understudy.teacher.completion import failed_answer
from understudy.teacher.endpoint import open_endpoint, read_key
from understudy.teacher.errors import BudgetError, MissingAnswerError, OpenBatchError, TeacherError
from understudy.teacher.journal import Journal
from understudy.teacher.ledger import Ledger, keep
from understudy.teacher.live import LiveRun
from understudy.teacher.lock import asking_alone
from understudy.teacher.meter import Meter
from understudy.teacher.money import Budget, charge_usd, worst_case_usd
from understudy.teacher.preflight import check_endpoint
from understudy.teacher.recall import recall
from understudy.teacher.requests import (
    Request,
    build_requests,
    canonical,
    request_key,
    teacher_identity,
)
from understudy.teacher.run_context import Job
from understudy.teacher.stopping import Stop, watched


@dataclass(frozen=True)
class Survey:
    """What of a stage's answers is there."""

    keys: list[str]
    """Names of the requests, one a prompt, in order."""
    missing: set[str]
    spent: float
    """US dollars for the answers that are there, and at most for calls without a known end."""


def ask(
    prompts: Iterable[str],
    params: TeacherParams,
    ledger_path: Path,
    stage: str,
    outputs: Path | None = None,
) -> Iterator[Answer]:
    """Gets the answers to all prompts; those that are new are asked for now.

    Args:
        prompts: user messages, read more than once; equal ones are asked once.
        params: the section `teacher`.
        ledger_path: where answers are kept.
        stage: names the work in the progress line and the ledger.
        outputs: the stage's file of answers, whose committed version fills a fresh ledger.

    Returns:
        The answers in the order of the prompts, those of failed calls with their `error`.

    Raises:
        TeacherError: the endpoint cannot be used, the run was stopped, or mode is replay and
            answers are missing. What was answered until then stays in the ledger.
    """
    ledger = Ledger(ledger_path)
    try:
        keys = _complete(prompts, params, ledger, stage, outputs)
    except BaseException:
        ledger.close()
        raise
    return _read_answers(ledger, keys, params.model)


def _complete(
    prompts: Iterable[str],
    params: TeacherParams,
    ledger: Ledger,
    stage: str,
    outputs: Path | None,
) -> list[str]:
    """Sees to it that the ledger has an answer to every prompt; returns their keys."""
    survey = survey_answers(prompts, params, ledger)
    if survey.missing and outputs is not None:
        known = (answer for answer in recall(outputs, params) if answer.request in survey.missing)
        if keep(ledger, known, str(outputs)):
            survey = survey_answers(prompts, params, ledger)
    if survey.missing and params.mode == "replay":
        raise MissingAnswerError(_name_missing(survey, stage, ledger.path))
    if survey.missing:
        if params.base_url != EMBEDDED:
            read_key(params.api_key_env)
        with asking_alone(ledger.path.parent, teacher_identity(params), stage):
            ledger.refresh()  # another run may have asked for the same
            survey = survey_answers(prompts, params, ledger)
            _check_batches(params, ledger, survey.missing)
            if survey.missing:
                _ask_missing(prompts, params, ledger, survey, stage)
    return survey.keys


def survey_answers(prompts: Iterable[str], params: TeacherParams, ledger: Ledger) -> Survey:
    """Looks up every prompt's answer."""
    keys, missing, spent = [], set(), 0.0
    seen: set[str] = set()
    for request in build_requests(prompts, params):
        key = request_key(request)
        keys.append(key)
        if key in seen:
            continue
        seen.add(key)
        worst = worst_case_usd(len(canonical(request)), params)
        answer = ledger.answer(key)
        if answer is None:
            missing.add(key)
        else:
            spent += charge_usd(answer, worst, params.prices)
        if worst < float("inf"):
            spent += ledger.unanswered(key) * worst
    return Survey(keys, missing, spent)


def _ask_missing(
    prompts: Iterable[str], params: TeacherParams, ledger: Ledger, survey: Survey, stage: str
) -> None:
    """Asks; what ends that early is raised with what was got and what is left."""
    total = len(set(survey.keys))
    ledger.reserve.hold()
    try:
        with Meter(stage, total, total - len(survey.missing), survey.spent) as meter:
            error = asyncio.run(_run(prompts, params, ledger, survey, meter))
    finally:
        ledger.reserve.release()
    if isinstance(error, TeacherError):
        next_step = "raise it and " if isinstance(error, BudgetError) else ""
        raise type(error)(
            f"{error} ({meter.done} of {total} answers are kept, {total - meter.done} are left; "
            f"{next_step}the next run goes on there)"
        )
    if error is not None:
        raise error


async def _run(
    prompts: Iterable[str], params: TeacherParams, ledger: Ledger, survey: Survey, meter: Meter
) -> BaseException | None:
    """Asks, and returns why it ended early, if it did."""
    stop, journal = Stop(), Journal(ledger)
    budget = Budget(params.max_cost_usd, survey.spent)

    def requests(wanted: set[str]) -> Iterator[Request]:
        return _select(build_requests(prompts, params), wanted)

    try:
        with _stopping(stop):
            async with watched(stop), open_endpoint(params) as endpoint:
                await stop.interrupt(check_endpoint(endpoint, params))
                job = Job(meter.stage, params, requests, endpoint, journal, budget, meter, stop)
                way = BatchRun(job) if params.mode == "batch" else LiveRun(job)
                await way.run(set(survey.missing))
        with _stopping(stop):
            await journal.flush()
    finally:
        journal.close()
    return stop.error


@contextmanager
def _stopping(stop: Stop) -> Iterator[None]:
    """What goes wrong within the block is why the run ends early."""
    try:
        yield
    except TeacherError as error:
        stop.now(error)


def _select(requests: Iterable[Request], wanted: set[str]) -> Iterator[Request]:
    """Those whose keys are wanted, each once."""
    for request in requests:
        key = request_key(request)
        if key in wanted:
            wanted.discard(key)
            yield request


def _check_batches(params: TeacherParams, ledger: Ledger, missing: set[str]) -> None:
    """Answers that are on their way in a batch must not be paid for twice."""
    if params.mode == "batch":
        return
    for chunk in open_chunks(ledger, teacher_identity(params)):
        count = len(missing.intersection(chunk.keys))
        if count:
            raise OpenBatchError(
                f"teacher.mode = {params.mode}: {count} of {len(missing)} missing answers are in "
                f"{chunk.batch or 'a batch'}, which has not ended; set teacher.mode: batch to "
                "collect them"
            )


def _read_answers(ledger: Ledger, keys: Iterable[str], model: str) -> Iterator[Answer]:
    with ledger:
        for key in keys:
            answer = ledger.answer(key)
            if answer is None:
                error = ledger.failure(key) or "its answer was damaged in the ledger"
                answer = failed_answer(key, model, error)
            yield answer


def _name_missing(survey: Survey, stage: str, path: Path, shown: int = 5) -> str:
    places = [str(n) for n, key in enumerate(survey.keys, start=1) if key in survey.missing]
    names = ", ".join(places[:shown]) + (", …" if len(places) > shown else "")
    return (
        f"teacher.mode = replay: {len(survey.missing)} of {len(set(survey.keys))} answers for "
        f"{stage} are not in {path} (rows {names}); set teacher.mode: live to ask for them"
    )
