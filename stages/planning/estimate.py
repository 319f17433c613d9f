"""What a stage's missing answers will cost: exact in calls, estimated in tokens, money and time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from stages.teacher.answers import Answer
from stages.teacher.chunks import open_chunks
from stages.teacher.client import survey_answers
from stages.teacher.ledger import Ledger
from stages.teacher.money import price_usd, worst_case_usd
from stages.teacher.recall import recall
from stages.teacher.requests import (
    Request,
    build_requests,
    canonical,
    request_key,
    teacher_identity,
)
from stages.teacher.settings import TeacherParams

CHARACTERS_A_TOKEN = 4.0
"""Of English text, where no answer of this teacher tells otherwise."""
SAMPLE = 1000
"""Answers that are measured, at most."""


@dataclass(frozen=True)
class Rates:
    """What one call takes, by the answers that are there or by rule of thumb."""

    answers: int
    """How many answers this was measured on; 0 for a rule of thumb."""
    tokens_a_character: float
    output_tokens: float


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
    input_tokens: int
    output_tokens: int
    measured_on: int
    live_usd: float
    batch_usd: float
    at_most_usd: float | None
    """In the mode that params set; null where teacher.request sets no limit of output tokens."""
    minutes: float | None
    """In mode live, at the limits that params set; null where they set none."""


def estimate_calls(
    prompts: Iterable[str],
    params: TeacherParams,
    ledger: Ledger,
    outputs: Path,
    typical_output: float,
) -> Estimate:
    """Looks up what is paid for, and sums up the rest; sends nothing, writes nothing.

    Args:
        prompts: the stage's, read more than once.
        params: the section `teacher`.
        ledger: where answers are.
        outputs: the stage's file of answers, whose committed version counts too.
        typical_output: characters of an answer, where no answer is there to measure.
    """
    survey = survey_answers(prompts, params, ledger)
    missing, known = set(survey.missing), []
    if missing:
        for answer in recall(outputs, params):
            if answer.request in missing:
                missing.discard(answer.request)
                known.append(answer)
    chunks = open_chunks(ledger, teacher_identity(params))
    on_their_way = missing & {key for chunk in chunks for key in chunk.keys}
    missing -= on_their_way
    keys = set(survey.keys)
    answered = {a.request: a for a in known[:SAMPLE]} or _sample(ledger, keys - survey.missing)
    rates = measure(prompts, params, answered, typical_output)
    total = _sum_up(prompts, params, missing, rates)
    return replace(
        total,
        rows=len(survey.keys),
        requests=len(keys),
        paid=len(keys) - len(missing) - len(on_their_way),
        in_batches=len(on_their_way),
    )


def measure(
    prompts: Iterable[str],
    params: TeacherParams,
    answered: dict[str, Answer],
    typical_output: float,
) -> Rates:
    """Tokens of prompts and answers, from the answers that are there."""
    characters = tokens = output = count = 0
    for request in build_requests(prompts, params):
        answer = answered.pop(request_key(request), None)
        if answer is not None and answer.prompt_tokens and answer.completion_tokens:
            characters += _length(request)
            tokens += answer.prompt_tokens
            output += answer.completion_tokens
            count += 1
        if not answered:
            break
    if not count:
        return Rates(0, 1 / CHARACTERS_A_TOKEN, typical_output / CHARACTERS_A_TOKEN)
    return Rates(count, tokens / max(1, characters), output / count)


def _sample(ledger: Ledger, keys: set[str]) -> dict[str, Answer]:
    found = (ledger.answer(key) for key in sorted(keys)[:SAMPLE])
    return {answer.request: answer for answer in found if answer is not None}


def _length(request: Request) -> int:
    return sum(len(message["content"]) for message in request["messages"])


def _sum_up(
    prompts: Iterable[str], params: TeacherParams, missing: set[str], rates: Rates
) -> Estimate:
    characters, at_most, left = 0, 0.0, set(missing)
    for request in build_requests(prompts, params):
        key = request_key(request)
        if key in left:
            left.discard(key)
            characters += _length(request)
            at_most += worst_case_usd(len(canonical(request)), params)
    calls = len(missing)
    limit = params.max_output_tokens or float("inf")
    tokens = round(characters * rates.tokens_a_character)
    output = round(calls * min(rates.output_tokens, limit))
    live = price_usd(tokens, 0, output, prices=params.prices, batch=False)
    return Estimate(
        rows=0,
        requests=0,
        paid=0,
        in_batches=0,
        to_pay=calls,
        input_tokens=tokens,
        output_tokens=output,
        measured_on=rates.answers,
        live_usd=round(live, 6),
        batch_usd=round(live * params.prices.batch_factor, 6),
        at_most_usd=round(at_most, 6) if at_most < float("inf") else None,
        minutes=_minutes(calls, tokens + output, params),
    )


def _minutes(calls: int, tokens: int, params: TeacherParams) -> float | None:
    """The time that limits a minute imply; the first minute's worth needs no waiting."""
    times = [
        max(0.0, amount / limit - 1)
        for amount, limit in (
            (calls, params.requests_per_minute),
            (tokens, params.tokens_per_minute),
        )
        if limit is not None
    ]
    return round(max(times), 2) if times and calls else None
