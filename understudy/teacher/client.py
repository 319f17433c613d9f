"""Answers every row's question: from the ledger, from committed outputs, or from the endpoint.

What was paid for is not asked again, and every new answer is in the ledger before it counts.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.teacher.batch import BatchRun
from understudy.teacher.budget import Budget
from understudy.teacher.chunks import open_chunks
from understudy.teacher.completion import failed_answer
from understudy.teacher.endpoint import open_endpoint, read_key
from understudy.teacher.errors import (
    BudgetError,
    EndpointError,
    MissingAnswerError,
    OpenBatchError,
    TeacherError,
    UselessAnswersError,
)
from understudy.teacher.journal import Journal
from understudy.teacher.ledger import Ledger, keep
from understudy.teacher.live import LiveRun
from understudy.teacher.lock import teacher_lock
from understudy.teacher.meter import Meter
from understudy.teacher.money import charge_usd
from understudy.teacher.preflight import check_endpoint
from understudy.teacher.recall import recall
from understudy.teacher.requests import (
    Question,
    Request,
    build_requests,
    former_keys,
    teacher_identity,
)
from understudy.teacher.run_context import RunContext
from understudy.teacher.served import OtherModelError, as_last_served, note_served
from understudy.teacher.stopping import Stop, watched
from understudy.teacher.tally import Tally

MOST_CHANGES = 3
"""Times that another model may be found behind a name before a stage is given up."""
ROWS_NAMED = 5
"""Rows without an answer that an error names, at most."""


@dataclass(frozen=True)
class Survey:
    """Which answers of a stage the ledger has."""

    rows: int
    keys: set[str]
    """Keys of the requests; rows with equal prompts share one."""
    missing: set[str]
    first_missing: list[int]
    """The first rows without an answer, counted from 1; one more than an error names."""
    spent: float
    """US dollars for the answers that are there, and at most for calls without a known end."""
    tally: Tally
    """How many of the answers that are there can be used."""


def ask(
    questions: Iterable[Question],
    params: TeacherParams,
    ledger_path: Path,
    stage: str,
    outputs: Path | None = None,
) -> Iterator[tuple[Question, Answer]]:
    """Answers all questions; those that are new are asked now, equal ones once.

    Args:
        questions: one per row, read more than once.
        params: the section `teacher`.
        ledger_path: where answers are kept.
        stage: names the work in the progress line and the ledger.
        outputs: the stage's file of answers, whose committed version fills a fresh ledger.

    Returns:
        Each question with its answer, in order; that of a failed call has its `error`.

    Raises:
        TeacherError: the endpoint cannot be used, the run was stopped, or mode is replay and
            answers are missing. What was answered until then stays in the ledger.
    """
    ledger = Ledger(ledger_path)
    try:
        for _ in range(MOST_CHANGES):
            params = as_last_served(params, ledger)
            try:
                survey = _complete(questions, params, ledger, stage, outputs)
                break
            except OtherModelError:
                continue
        else:
            raise EndpointError(
                f"teacher.base_url = {params.base_url}: it has told {MOST_CHANGES} times in a row "
                f"that another model is behind {params.model}; give each model a name of its own"
            )
    except BaseException:
        ledger.close()
        raise
    return _join(questions, params, ledger, survey)


def _complete(
    questions: Iterable[Question],
    params: TeacherParams,
    ledger: Ledger,
    stage: str,
    outputs: Path | None,
) -> Survey:
    """Makes sure that the ledger has an answer, or a failure, for every question."""
    survey = survey_answers(questions, params, ledger)
    if survey.missing and ledger.count()["answered"]:
        former = former_answers(questions, params, ledger, survey.missing)
        if keep(ledger, former, "the address without /v1"):
            survey = survey_answers(questions, params, ledger)
    if survey.missing and outputs is not None:
        known = (answer for answer in recall(outputs, params) if answer.request in survey.missing)
        if keep(ledger, known, str(outputs)):
            survey = survey_answers(questions, params, ledger)
    if survey.missing and params.mode == "replay":
        raise MissingAnswerError(_describe_missing(survey, stage, ledger.path))
    if survey.missing:
        if params.base_url != EMBEDDED:
            read_key(params.api_key_env)
        with teacher_lock(ledger.path.parent, teacher_identity(params), stage):
            ledger.refresh()  # another run may have asked the same
            survey = survey_answers(questions, params, ledger)
            _check_batches(params, ledger, survey.missing)
            if survey.missing:
                _ask_missing(questions, params, ledger, survey, stage)
    return survey


def survey_answers(questions: Iterable[Question], params: TeacherParams, ledger: Ledger) -> Survey:
    """Looks up every question's answer; only keys are held in memory."""
    row, keys, missing, spent = 0, set[str](), set[str](), 0.0
    first_missing: list[int] = []
    tally = Tally()
    for row, request in enumerate(build_requests(questions, params), start=1):
        # one prompt asks all of a stage's questions
        tally.field, tally.labels = request.question.field, request.question.labels
        if request.key not in keys:
            keys.add(request.key)
            answer = ledger.answer(request.key)
            if answer is None:
                missing.add(request.key)
            else:
                tally.add(answer)
                spent += charge_usd(answer, request.worst_usd, params.prices)
            if request.worst_usd < float("inf"):
                spent += ledger.unanswered(request.key) * request.worst_usd
        if request.key in missing and len(first_missing) <= ROWS_NAMED:
            first_missing.append(row)
    return Survey(row, keys, missing, first_missing, spent, tally)


def former_answers(
    questions: Iterable[Question], params: TeacherParams, ledger: Ledger, missing: set[str]
) -> Iterator[Answer]:
    """Missing answers that the ledger has under the endpoint's address without /v1."""
    seen = set[str]()
    for key, former in former_keys(questions, params):
        if key in missing and key not in seen and (answer := ledger.answer(former)):
            seen.add(key)
            yield replace(answer, request=key)


def _ask_missing(
    questions: Iterable[Question], params: TeacherParams, ledger: Ledger, survey: Survey, stage: str
) -> None:
    """Asks; an early end is raised with what was got and what is left."""
    total = len(survey.keys)
    ledger.reserve.hold()
    try:
        with Meter(stage, total, total - len(survey.missing), survey.spent) as meter:
            error = asyncio.run(_run(questions, params, ledger, survey, meter))
    finally:
        ledger.reserve.release()
    is_useless = isinstance(error, UselessAnswersError)
    if is_useless and meter.done + meter.failed >= total:  # there is nothing left to save
        print(f"warning: {error}", file=sys.stderr)
        return
    if isinstance(error, TeacherError):
        kept = f"{meter.done} of {total} answers are kept, {total - meter.done} are left"
        next_step = "raise it and " if isinstance(error, BudgetError) else ""
        way = f"; {next_step}the next run goes on there"
        raise type(error)(f"{error} ({kept}{'' if is_useless else way})")
    if error is not None:
        raise error


async def _run(
    questions: Iterable[Question],
    params: TeacherParams,
    ledger: Ledger,
    survey: Survey,
    meter: Meter,
) -> BaseException | None:
    """Asks, and returns why it ended early, if it did."""
    stop, journal = Stop(), Journal(ledger)
    budget = Budget(params, survey.spent)

    def requests(wanted: set[str]) -> Iterator[Request]:
        for request in build_requests(questions, params):
            if request.key in wanted:
                wanted.discard(request.key)
                yield request

    try:
        with _stopping(stop):
            tally = _start_tally(params, ledger, survey)
            async with watched(stop), open_endpoint(params) as endpoint:
                await stop.interrupt(check_endpoint(endpoint, params))
                note_served(endpoint.model, params, ledger)
                run = RunContext(
                    meter.stage, params, requests, endpoint, journal, budget, meter, stop, tally
                )
                way = BatchRun(run) if params.mode == "batch" else LiveRun(run)
                await way.run(set(survey.missing))
                if warning := run.fingerprints.describe():
                    print(f"warning: teacher.model = {params.model}: {warning}", file=sys.stderr)
        with _stopping(stop):
            await journal.flush()
    finally:
        journal.close()
    return stop.error


def _start_tally(params: TeacherParams, ledger: Ledger, survey: Survey) -> Tally:
    """The tally of a run that is about to send.

    Raises:
        UselessAnswersError: earlier answers to the same rows say what further ones will be like.
    """
    if params.mode == "batch" and open_chunks(ledger, teacher_identity(params)):
        return survey.tally  # what is on its way is collected first
    if survey.tally.is_useless(params.look_after):
        raise UselessAnswersError(survey.tally.describe(params))
    is_short = survey.tally.count < (params.look_after or 0)
    return survey.tally if is_short else Tally(survey.tally.field, survey.tally.labels)


@contextmanager
def _stopping(stop: Stop) -> Iterator[None]:
    """What goes wrong within the block is why the run ends early."""
    try:
        yield
    except TeacherError as error:
        stop.now(error)


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


def _join(
    questions: Iterable[Question], params: TeacherParams, ledger: Ledger, survey: Survey
) -> Iterator[tuple[Question, Answer]]:
    """Yields each question with the answer under its own key; a row cannot get another's."""
    with ledger:
        row = 0
        for row, request in enumerate(build_requests(questions, params), start=1):
            if request.key not in survey.keys:
                raise TeacherError(f"row {row}: changed while the teacher was asked; start again")
            answer = ledger.answer(request.key)
            if answer is None:
                error = ledger.failure(request.key) or "its answer was damaged in the ledger"
                answer = failed_answer(request.key, params.model, error)
            yield request.question, answer
        if row != survey.rows:
            raise TeacherError(
                f"{row} rows, expected {survey.rows}: they changed while the teacher was asked; "
                "start again"
            )


def _describe_missing(survey: Survey, stage: str, path: Path) -> str:
    rows = ", ".join(map(str, survey.first_missing[:ROWS_NAMED]))
    more = ", …" if len(survey.first_missing) > ROWS_NAMED else ""
    return (
        f"teacher.mode = replay: {len(survey.missing)} of {len(survey.keys)} answers for "
        f"{stage} are not in {path} (rows {rows}{more}); set teacher.mode: live to ask for them"
    )
