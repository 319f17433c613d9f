"""What missing answers will cost: counts that are exact, and sums worked out by hand."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import ChatServer, settings
from tests.teacher.asking import keys, questions, requests
from understudy.contract.answers import COLUMNS, Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.core.tables import table_writer, text_columns
from understudy.teacher import lines
from understudy.teacher.chunks import Chunk
from understudy.teacher.completion import failed_answer
from understudy.teacher.ledger import Ledger
from understudy.teacher.requests import teacher_identity
from understudy.tools.planning.estimate import SAMPLE, Estimate, estimate_calls

PRICES = {"input": 2.0, "cached_input": 1.0, "output": 8.0, "batch_factor": 0.5}
OUTPUT = Path("answers.parquet")
TYPICAL = 100.0
"""Characters of an answer, so 25 tokens by rule of thumb."""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger that is not there yet; the process stands outside any project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "teacher" / "ledger.jsonl"


def params(server: ChatServer, **changes: Any) -> TeacherParams:
    return TeacherParams(**{**settings(server.url), "prices": PRICES, **changes})


def estimate(prompts: list[str], teacher: TeacherParams, path: Path) -> Estimate:
    with Ledger(path) as ledger:
        return estimate_calls(questions(prompts), teacher, ledger, OUTPUT, TYPICAL)


def counts(found: Estimate) -> tuple[int, int, int, int, int]:
    return found.rows, found.requests, found.paid, found.in_batches, found.to_pay


def key(prompt: str, teacher: TeacherParams) -> str:
    return keys([prompt], teacher)[0]


def answer(prompt: str, teacher: TeacherParams, tokens: tuple[int, int]) -> Answer:
    return Answer(key(prompt, teacher), "text", "stop", "", "m", tokens[0], 0, tokens[1])


def record(path: Path, *answers: Answer) -> None:
    path.parent.mkdir(exist_ok=True)
    with Ledger(path) as ledger:
        ledger.append([lines.recalled(found, "test") for found in answers])


def write_output(answers: list[Answer]) -> None:
    with table_writer(OUTPUT, {**text_columns("id"), **COLUMNS}) as table:
        for found in answers:
            table.add({"id": found.request, **found.to_record()})


# Counts


def test_each_answer_counts_once_wherever_it_is(server: ChatServer, path: Path) -> None:
    """One in the ledger, one in the output, one in both, two in a batch, two nowhere."""
    teacher = params(server)
    prompts = ["ledger", "output", "both", "batch 1", "batch 2", "new 1", "new 2", "new 1"]
    record(path, *(answer(prompt, teacher, (1, 1)) for prompt in ("ledger", "both")))
    failed = failed_answer(key("new 2", teacher), "m", "500")
    write_output([*(answer(prompt, teacher, (1, 1)) for prompt in ("output", "both")), failed])
    asked = [key(prompt, teacher) for prompt in ("batch 1", "batch 2", "both", "not asked")]
    with Ledger(path) as ledger:
        ledger.append([Chunk(teacher_identity(teacher), "file-1", asked).uploaded()])
    assert counts(estimate(prompts, teacher, path)) == (8, 7, 3, 2, 2)


def test_a_batch_that_has_ended_or_is_of_another_model_and_a_failed_call_bring_nothing(
    server: ChatServer, path: Path
) -> None:
    teacher, other = params(server), params(server, model="other")
    chunk = Chunk(teacher_identity(teacher), "file-1", [key("a", teacher)])
    foreign = Chunk(teacher_identity(other), "file-2", [key("a", teacher)])
    path.parent.mkdir()
    with Ledger(path) as ledger:
        ledger.append([chunk.uploaded(), chunk.ended("completed"), foreign.uploaded()])
        ledger.append([lines.failed(key("b", teacher), "500"), lines.lost(key("c", teacher), "-")])
    assert counts(estimate(["a", "b", "c"], teacher, path)) == (3, 3, 0, 0, 3)


# Tokens


def test_without_any_answer_a_token_has_four_characters(server: ChatServer, path: Path) -> None:
    prompts = ["x" * 40, "y" * 20, "y" * 20]  # of equal ones, one is paid for
    write_output([])
    found = estimate(prompts, params(server, mode="batch"), path)
    assert counts(found) == (3, 2, 0, 0, 2)
    assert (found.measured_on, found.input_tokens, found.output_tokens) == (0, 15, 50)
    limited = params(server, request={"max_completion_tokens": 10})
    assert estimate(prompts, limited, path).output_tokens == 20
    assert server.connections == 0
    assert sorted(entry.name for entry in path.parent.parent.iterdir()) == [OUTPUT.name]


def test_answers_of_the_ledger_tell_tokens(server: ChatServer, path: Path) -> None:
    teacher = params(server)
    measured = [answer("a" * 10, teacher, (20, 30)), answer("b" * 30, teacher, (100, 50))]
    record(path, *measured)
    found = estimate(["a" * 10, "b" * 30, "c" * 5, "d" * 15], teacher, path)
    # 120 tokens for 40 characters are 3 a character; answers have 40 tokens on average.
    assert (found.measured_on, found.input_tokens, found.output_tokens) == (2, 60, 80)


def test_answers_of_the_committed_output_tell_tokens_too(server: ChatServer, path: Path) -> None:
    teacher = params(server)
    write_output([answer("a" * 10, teacher, (5, 8))])
    found = estimate(["a" * 10, "b" * 20], teacher, path)
    assert (found.measured_on, found.input_tokens, found.output_tokens) == (1, 10, 8)
    assert counts(found) == (2, 2, 1, 0, 1)


def test_answers_without_token_counts_tell_nothing(server: ChatServer, path: Path) -> None:
    teacher = params(server)
    record(path, answer("a" * 10, teacher, (0, 0)), answer("b" * 10, teacher, (9, 0)))
    found = estimate(["a" * 10, "b" * 10, "c" * 20], teacher, path)
    assert (found.measured_on, found.input_tokens, found.output_tokens) == (0, 5, 25)


def test_at_most_a_sample_of_the_answers_is_measured(
    server: ChatServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = params(server)
    assert SAMPLE >= 100
    monkeypatch.setattr("understudy.tools.planning.estimate.SAMPLE", 3)
    prompts = [f"{number:010}" for number in range(8)]
    record(path, *(answer(prompt, teacher, (10, 4)) for prompt in prompts[:6]))
    found = estimate(prompts, teacher, path)
    assert (found.measured_on, found.input_tokens, found.output_tokens) == (3, 20, 8)
    write_output([answer(prompt, teacher, (10, 4)) for prompt in prompts])
    path.unlink()
    found = estimate([*prompts, "x" * 10], teacher, path)
    assert (found.measured_on, found.input_tokens, found.output_tokens) == (3, 10, 4)


# Money


def test_money_live_and_in_batches(server: ChatServer, path: Path) -> None:
    found = estimate(["x" * 4000, "y" * 4000], params(server), path)
    # 2,000 tokens at $2 and 50 at $8 a million
    assert (found.live_usd, found.batch_usd) == (0.0044, 0.0022)


@pytest.mark.parametrize(("mode", "factor"), [("live", 1.0), ("replay", 1.0), ("batch", 0.5)])
def test_at_most_is_every_byte_a_token_and_every_answer_at_its_limit(
    server: ChatServer, path: Path, mode: str, factor: float
) -> None:
    teacher = params(server, mode=mode, request={"max_completion_tokens": 100})
    sizes = [len(request.canonical) for request in requests(["a", "bb"], teacher)]
    found = estimate(["a", "bb", "a"], teacher, path)
    assert found.at_most_usd == pytest.approx((sum(sizes) * 2 + 200 * 8) / 1e6 * factor, abs=1e-6)
    assert found.at_most_usd is not None
    assert found.at_most_usd > found.live_usd * factor


def test_at_most_is_null_where_output_costs_and_nothing_limits_it(
    server: ChatServer, path: Path
) -> None:
    assert estimate(["a"], params(server), path).at_most_usd is None
    free = {**PRICES, "output": 0.0}
    assert estimate(["a"], params(server, prices=free), path).at_most_usd is not None


def test_where_all_is_paid_nothing_is_to_pay_and_takes_no_time(
    server: ChatServer, path: Path
) -> None:
    teacher = params(server, requests_per_minute=1)
    record(path, answer("a", teacher, (1, 1)))
    for prompts, rows in ((["a"], 1), ([], 0)):
        found = estimate(prompts, teacher, path)
        assert counts(found) == (rows, rows, rows, 0, 0)
        assert (found.live_usd, found.batch_usd, found.at_most_usd, found.minutes) == (
            0,
            0,
            0,
            None,
        )


# Time


@pytest.mark.parametrize(
    ("limits", "minutes"),
    [
        ({}, None),
        ({"requests_per_minute": 2}, 4.0),
        ({"requests_per_minute": 100}, 0.0),
        # 10 calls of 100 tokens in and 25 out
        ({"tokens_per_minute": 250}, 4.0),
        ({"tokens_per_minute": 125}, 9.0),
        ({"requests_per_minute": 2, "tokens_per_minute": 125}, 9.0),
        ({"requests_per_minute": 1, "tokens_per_minute": 125}, 9.0),
        ({"requests_per_minute": 3, "tokens_per_minute": 1000}, 2.33),
    ],
)
def test_minutes_are_those_of_the_tighter_limit_after_the_first(
    server: ChatServer, path: Path, limits: dict[str, int], minutes: float | None
) -> None:
    prompts = [f"{number}" * 400 for number in range(10)]
    assert estimate(prompts, params(server, **limits), path).minutes == minutes


def test_a_ledger_that_is_there_does_not_change(server: ChatServer, path: Path) -> None:
    teacher = params(server)
    record(path, answer("a", teacher, (1, 1)))
    write_output([replace(answer("b", teacher, (1, 1)), text="other")])
    before = path.read_bytes(), sorted(path.parent.iterdir())
    assert estimate(["a", "b", "c"], teacher, path).to_pay == 1
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == before
    assert server.connections == 0
