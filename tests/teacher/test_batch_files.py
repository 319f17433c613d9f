"""Files that are processed late, results that come late, and results that vanish."""

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import refuse
from tests.teacher.asking import ask, echoed, prompts, questions, texts
from tests.teacher.batching import PRICES, FaultyServer, params, still_open
from understudy.teacher.client import survey_answers
from understudy.teacher.errors import EndpointError
from understudy.teacher.ledger import Ledger
from understudy.tools import ledger as ledger_command

ASKED = prompts(4)


pytestmark = pytest.mark.usefixtures("impatient")


def files_sent(server: FaultyServer) -> int:
    return sum(file.purpose == "batch" for file in server.files.values())


STATES = [
    *(["pending"], ["pending", "running", "uploaded"], ["uploaded"]),
    ["processed", "pending"],  # it says one thing, and means another: refused as not ready
]


@pytest.mark.parametrize("states", STATES)
def test_a_file_that_is_still_processed_is_waited_for_and_sent_once(
    server: FaultyServer, path: Path, states: list[str]
) -> None:
    server.file_states = states
    assert texts(ask(ASKED, params(server), path)) == echoed(ASKED)
    assert (files_sent(server), server.submitted) == (1, 1)


def test_a_batch_is_tried_of_a_file_that_never_tells_it_is_ready(
    server: FaultyServer, path: Path
) -> None:
    def ready(method: str, route: str) -> None:
        if method == "POST" and route.endswith("/batches"):
            server.file_states.clear()

    server.file_states, server.after = ["pending"] * 1000, ready
    assert texts(ask(ASKED, params(server), path)) == echoed(ASKED)
    assert (files_sent(server), server.submitted) == (1, 1)


def test_a_file_that_cannot_be_processed_is_told(server: FaultyServer, path: Path) -> None:
    server.file_states = ["pending", "error", "error"]
    with pytest.raises(EndpointError, match=r"cannot process the file of requests file-\w+: "):
        ask(ASKED, params(server), path)
    assert server.submitted == 0


def test_a_file_that_is_never_ready_ends_the_run_and_books_nothing(
    server: FaultyServer, path: Path
) -> None:
    server.file_states = ["pending"] * 1000
    teacher = params(server, prices=PRICES, request={"max_completion_tokens": 10})
    with pytest.raises(EndpointError, match=r"has not processed the file file-\w+ \(pending\)"):
        ask(ASKED, teacher, path)
    assert spent(path, teacher) == 0


def spent(path: Path, teacher: Any) -> float:
    with Ledger(path) as ledger:
        return survey_answers(questions(ASKED), teacher, ledger).spent


@pytest.mark.parametrize("finish", ["completed", "expired"])
def test_an_end_that_comes_before_its_results_is_looked_at_again(
    server: FaultyServer, path: Path, finish: Any
) -> None:
    server.finish, server.answer_share, server.late_looks = finish, 1.0, 5
    assert texts(ask(ASKED, params(server), path)) == echoed(ASKED)
    assert server.submitted == 1


def test_results_that_are_never_named_are_not_asked_for_again(
    server: FaultyServer, path: Path
) -> None:
    server.late_looks = 1000
    teacher = params(server, prices=PRICES, request={"max_completion_tokens": 10}, max_retries=3)
    with pytest.raises(EndpointError) as caught:
        ask(ASKED, teacher, path)
    name = server.batches[0].id
    assert str(caught.value).startswith(
        f"batch {name} is completed with 4 of 4 requests done, but names no result file after 20 "
        "looks; its requests may be billed and stay booked"
    )
    assert server.submitted == 1
    assert spent(path, teacher) > 0
    server.late_looks = 0
    assert texts(ask(ASKED, teacher, path)) == echoed(ASKED)
    assert server.submitted == 1


def test_a_vanished_result_file_is_told_as_such_and_stays_booked(
    server: FaultyServer, path: Path
) -> None:
    server.lost = {"batch_output"}
    teacher = params(server, prices=PRICES, request={"max_completion_tokens": 10}, max_retries=3)
    for _ in range(2):
        with pytest.raises(EndpointError) as caught:
            ask(ASKED, teacher, path)
        sent = server.batches[0]
        assert str(caught.value).startswith(
            f"batch {sent.id}: its result file {sent.output_file_id} is gone at the endpoint; its "
            "requests may be billed and stay booked at their worst case"
        )
        assert f"`understudy ledger forget {sent.id}`" in str(caught.value)
        assert (server.submitted, len(still_open(path, teacher))) == (1, 1)
    booked = spent(path, teacher)
    assert booked > 0
    ledger_command.main(["forget", sent.id, "--ledger", str(path)])
    server.lost = set()
    assert texts(ask(ASKED, teacher, path)) == echoed(ASKED)
    assert spent(path, teacher) > booked


def test_a_vanished_file_of_failures_costs_no_answer(server: FaultyServer, path: Path) -> None:
    def lose(method: str, route: str) -> None:
        if server.batches and (name := server.batches[0].error_file_id):
            server.files.pop(name, None)
            server.answer()

    server.answer({ASKED[1]: refuse(500, "Oops.")})
    server.after = lose
    assert texts(ask(ASKED, params(server, max_retries=2, max_failed=1.0), path)) == echoed(ASKED)
    assert (server.submitted, len(server.paid_batch)) == (2, 4)


def test_a_state_that_nobody_knows_is_waited_for(server: FaultyServer, path: Path) -> None:
    def odd(method: str, route: str) -> None:
        if server.batches and server.batches[0].status == "in_progress":
            server.batches[0].status = "resting"

    server.polls_until_done, server.after = 5, odd
    assert texts(ask(ASKED, params(server), path)) == echoed(ASKED)
    assert server.submitted == 1
