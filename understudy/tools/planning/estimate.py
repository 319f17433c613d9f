"""What a stage's missing answers will cost: exact in calls, estimated in tokens, money and time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.chunks import open_chunks
from understudy.teacher.client import former_answers, survey_answers
from understudy.teacher.ledger import Ledger
from understudy.teacher.money import price_usd
from understudy.teacher.recall import recall
from understudy.teacher.requests import Question, build_requests, teacher_identity
from understudy.teacher.served import as_last_served
from understudy.tools.planning.throughput import measure_throughput

CHARACTERS_A_TOKEN = 4.0
"""Rule of thumb for English text, where no answer was measured."""
SAMPLE = 1000
"""Answers that are measured, at most."""


@dataclass(frozen=True)
class Rates:
    """What one call takes, by the answers that are there or by rule of thumb."""

    answers: int
    """Answers that were measured; 0 for a rule of thumb."""
    tokens_a_character: float
    output_tokens: float
    per_minute: float | None
    """Answers a minute in the last runs, where the ledger knows any."""


@dataclass(frozen=True)
class Estimate:
    """One stage's calls and what they come to; money in US dollars."""

    rows: int
    requests: int
    """Rows with equal prompts are asked for once."""
    paid: int
    in_batches: int
    """Missing answers that an open batch will bring."""
    to_pay: int
    spent_usd: float
    """What counts under teacher.max_cost_usd already."""
    input_tokens: int
    output_tokens: int
    measured_on: int
    live_usd: float
    batch_usd: float
    at_most_usd: float | None
    """In the mode that params set; null where teacher.request sets no limit of output tokens."""
    minutes: float | None
    """In mode live, at the limits that params set and the answers a minute of the last runs; null
    if neither is known."""
    per_minute: float | None = None
    """Answers a minute in the last runs; null if none was measured."""
    samples: int = 1
    """How often each row is asked; every one counts in `rows`."""


def estimate_calls(
    questions: Iterable[Question],
    params: TeacherParams,
    ledger: Ledger,
    outputs: Path,
    typical_output: float,
    others: Iterable[Question] = (),
) -> Estimate:
    """Looks up what is paid for, and sums up the rest; sends nothing, writes nothing.

    Args:
        questions: the stage's, read more than once.
        params: the section `teacher`.
        ledger: where answers are.
        outputs: the stage's file of answers, whose committed version counts too.
        typical_output: characters of an answer, where no answer is there to measure.
        others: of another stage, whose estimate has the requests that both share.
    """
    params = as_last_served(params, ledger)
    survey = survey_answers(questions, params, ledger)
    elsewhere = survey.missing & {request.key for request in build_requests(others, params)}
    survey = replace(survey, keys=survey.keys - elsewhere, missing=survey.missing - elsewhere)
    missing, known = set(survey.missing), dict[str, Answer]()
    former = former_answers(questions, params, ledger, survey.missing) if missing else ()
    for answer in chain(former, recall(outputs, params) if missing else ()):
        if answer.request in missing:
            missing.discard(answer.request)
            if len(known) < SAMPLE:
                known[answer.request] = answer
    chunks = open_chunks(ledger, teacher_identity(params))
    on_their_way = missing & {key for chunk in chunks for key in chunk.keys}
    missing -= on_their_way
    rates = _measure(questions, params, ledger, survey.keys - survey.missing, known, typical_output)
    characters, at_most, left = 0, 0.0, set(missing)
    for request in build_requests(questions, params):
        if request.key in left:
            left.discard(request.key)
            characters += len(request.question.text)
            at_most += request.worst_usd
    limit = params.max_output_tokens or float("inf")
    tokens = round(characters * rates.tokens_a_character)
    output = round(len(missing) * min(rates.output_tokens, limit))
    live = price_usd(tokens, 0, output, prices=params.prices, batch=False)
    return Estimate(
        rows=survey.rows,
        requests=len(survey.keys),
        paid=len(survey.keys) - len(missing) - len(on_their_way),
        in_batches=len(on_their_way),
        to_pay=len(missing),
        spent_usd=round(survey.spent, 6),
        input_tokens=tokens,
        output_tokens=output,
        measured_on=rates.answers,
        live_usd=round(live, 6),
        batch_usd=round(live * params.prices.batch_factor, 6),
        at_most_usd=round(at_most, 6) if at_most < float("inf") else None,
        minutes=_minutes(len(missing), tokens + output, rates.per_minute, params),
        per_minute=rates.per_minute,
    )


def _measure(
    questions: Iterable[Question],
    params: TeacherParams,
    ledger: Ledger,
    answered: set[str],
    recalled: dict[str, Answer],
    typical_output: float,
) -> Rates:
    """Measures what a call takes on the answers that are there.

    Those recalled from committed outputs count, or else those in the ledger under keys `answered`.
    """
    sample = sorted(answered)[:SAMPLE]
    known = [found for found in map(ledger.answered, sample) if found is not None]
    calls = [(one.at, one.seconds) for one in known if one.seconds]
    per_minute = measure_throughput(calls, len(answered) / max(1, len(sample)), params.concurrency)
    found = recalled or {one.answer.request: one.answer for one in known}
    characters = tokens = output = count = 0
    for request in build_requests(questions, params) if found else ():
        answer = found.pop(request.key, None)
        if answer is not None and answer.prompt_tokens and answer.completion_tokens:
            characters += len(request.question.text)
            tokens += answer.prompt_tokens
            output += answer.completion_tokens
            count += 1
        if not found:
            break
    if not count:
        return Rates(0, 1 / CHARACTERS_A_TOKEN, typical_output / CHARACTERS_A_TOKEN, per_minute)
    return Rates(count, tokens / max(1, characters), output / count, per_minute)


def _minutes(
    calls: int, tokens: int, per_minute: float | None, params: TeacherParams
) -> float | None:
    """The longest of what each limit and the measured pace take; a limit's first minute is free."""
    limits = (calls, params.requests_per_minute), (tokens, params.tokens_per_minute)
    times = [max(0.0, amount / limit - 1) for amount, limit in limits if limit is not None]
    if per_minute:
        times.append(calls / per_minute)
    return round(max(times), 2) if times and calls else None
