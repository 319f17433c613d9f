"""Batches: an endpoint that asks for hours, and one that is away for a while."""

from collections import Counter
from pathlib import Path

import pytest

from tests.doubles.teacher import refuse
from tests.teacher.asking import ask, echoed, prompts, questions, texts
from tests.teacher.batching import (
    CREATE,
    DOWNLOAD,
    LIST,
    POLL,
    PRICES,
    UPLOAD,
    FaultyServer,
    billed,
    params,
)
from understudy.teacher.client import survey_answers
from understudy.teacher.errors import ComeBackError, EndpointError
from understudy.teacher.ledger import Ledger

COUNT = 5
DAILY = refuse(429, "Please try again in 7h12m.", "rate_limit_exceeded", retry_after="25920")
LOADING = refuse(503, "Loading", retry_after_ms="1")
GATEWAY = refuse(502, "Bad gateway", retry_after_ms="1")


def check_paid_once(server: FaultyServer, path: Path) -> None:
    teacher = params(server, prices=PRICES, request={"max_completion_tokens": 50})
    assert texts(ask(prompts(COUNT), teacher, path)) == echoed(prompts(COUNT))
    assert Counter(server.paid_batch) == Counter(prompts(COUNT))
    with Ledger(path) as ledger:
        booked = survey_answers(questions(prompts(COUNT)), teacher, ledger).spent
    assert booked == pytest.approx(billed(server))


@pytest.mark.parametrize("step", [UPLOAD, CREATE, POLL, DOWNLOAD])
def test_a_wait_of_hours_ends_the_run_at_the_first_refusal(
    server: FaultyServer, path: Path, step: str
) -> None:
    server.faults[step] = [DAILY] * 9
    teacher = params(server, max_retries=6, prices=PRICES, request={"max_completion_tokens": 50})
    with pytest.raises(ComeBackError, match=r"the endpoint asks to wait until .*`dvc repro` then"):
        ask(prompts(COUNT), teacher, path)
    assert len(server.faults[step]) == 8
    server.faults.clear()
    check_paid_once(server, path)


def test_a_line_that_is_asked_to_wait_for_hours_ends_the_run_with_all_else_kept(
    server: FaultyServer, path: Path
) -> None:
    server.answer({"prompt 1": DAILY})
    teacher = params(server, max_retries=6, prices=PRICES, request={"max_completion_tokens": 50})
    with pytest.raises(ComeBackError, match=rf"{COUNT - 1} of {COUNT} answers are kept"):
        ask(prompts(COUNT), teacher, path)
    assert server.submitted == 1
    server.answer()
    check_paid_once(server, path)


@pytest.mark.parametrize("reply", [LOADING, GATEWAY], ids=["503", "502"])
@pytest.mark.parametrize("step", [UPLOAD, LIST, POLL, DOWNLOAD])
def test_an_endpoint_that_is_away_for_longer_than_the_retries_is_waited_for(
    server: FaultyServer, path: Path, step: str, reply: object
) -> None:
    server.faults[step] = [reply] * 9  # type: ignore[list-item]
    if step == LIST:  # it is looked at when a submission had no clear end
        server.faults[CREATE] = ["lost"]
    teacher = params(server, max_retries=1, wait_seconds=300.0)
    answers = ask(prompts(COUNT), teacher, path)
    assert texts(answers) == echoed(prompts(COUNT))
    assert server.faults[step] == []
    assert server.submitted == 1


def test_an_endpoint_that_stays_away_ends_the_run(server: FaultyServer, path: Path) -> None:
    server.faults[POLL] = [GATEWAY] * 10_000
    teacher = params(server, max_retries=1, wait_seconds=0.1)
    with pytest.raises(EndpointError, match=r"for teacher\.wait_seconds = 0\.1; start the server"):
        ask(prompts(COUNT), teacher, path)
