"""understudy serve --teacher: real servers and clients before a teacher that counts its bill."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pyarrow.parquet as pq
import pytest

from tests.core.documents import write_document
from tests.doubles.teacher import ChatServer, Hold, Reply, settings
from tests.students import toy_pairs
from tests.tools.test_serve import PROMPT, Server, messages, serving
from tests.tools.test_serve import refuse as refuse_start
from understudy.contract.calibration import Promised, SystemCalibration, Watched
from understudy.serving.confidence import Confidence
from understudy.students.model.weights import hash_weights
from understudy.teacher.ledger import Ledger

ARTICLES = list(toy_pairs(64, seed=11)["article"])
PRICES = {"input": 0.0, "cached_input": 0.0, "output": 1_000_000.0, "batch_factor": 0.5}
"""A dollar a token of the answer: the double's cost 7, and at most 10."""
PRICED = {"prices": PRICES, "request": {"max_completion_tokens": 10}, "concurrency": 64}
ALWAYS, NEVER = -1.0, 2.0
"""Thresholds: every confidence is 0 to 1."""


@pytest.fixture
def model(t5_toy: Path, tmp_path: Path) -> Path:
    """A model folder in a project of its own."""
    (tmp_path / "t5-toy").symlink_to(t5_toy)
    return tmp_path / "t5-toy"


def calibrate(model: Path, double: ChatServer, threshold: float | None, **changes: Any) -> None:
    """Writes what `calibrate` would, with one signal."""
    confidence = Confidence({"length": 1.0}, {"length": 0.0}, {"length": 1.0}, 0.0)
    about: dict[str, Any] = {
        "promise": Promised(epsilon=0.1, delta=5.0, confidence=0.95),
        "references": "gold",
        "rows": 100,
        "fitted": 50,
        "rows_needed": 29,
        "threshold": threshold,
        "share_local": 50.0,
        "risk": 1.0,
        "confidence": confidence.to_record(),
        "watched": Watched(floor=20.0, rate=0.2),
        "weights": hash_weights(model),
        "teacher": {"base_url": double.url, "model": "double"},
        "points": [],
    }
    path = model.parent / SystemCalibration.path_of(model.name)
    SystemCalibration(**about | changes).write(path)


@contextmanager
def served(
    model: Path,
    teacher: ChatServer,
    *options: str,
    serve: dict[str, Any] | None = None,
    **changes: Any,
) -> Iterator[Server]:
    """Runs the command with a teacher."""
    write(model, teacher, serve, **changes)
    with serving(model, "--teacher", *options, **variables(model)) as running:
        yield running


def write(
    model: Path, teacher: ChatServer, serve: dict[str, Any] | None = None, **changes: Any
) -> None:
    document = {"teacher": settings(teacher.url, **changes), "serve": serve or {}}
    write_document(document, model.parent / "params.yaml")


def variables(model: Path) -> dict[str, str]:
    return {"UNDERSTUDY_LEDGER": str(model.parent / "teacher/ledger.jsonl")}


def ask_all(server: Server, articles: list[str]) -> list[Any]:
    """Answers, or errors, of all at once."""

    async def ask() -> list[Any]:
        async with openai.AsyncOpenAI(
            base_url=server.address, api_key="unused", max_retries=0
        ) as client:
            asked = (
                client.chat.completions.create(model="any", messages=messages(article))
                for article in articles
            )
            return await asyncio.gather(*asked, return_exceptions=True)

    found = asyncio.run(ask())
    return [
        one if isinstance(one, BaseException) else one.choices[0].message.content for one in found
    ]


def taught(article: str) -> str:
    return f"answer to {PROMPT.format(article)}"


def test_a_cascade_answers_by_its_threshold(model: Path) -> None:
    with ChatServer() as teacher:
        for threshold, calls in ((ALWAYS, 0), (NEVER, 8), (None, 8)):
            calibrate(model, teacher, threshold)
            with served(model, teacher, "--mode", "cascade") as server:
                answers = ask_all(server, ARTICLES[:8])
            assert len(teacher.calls) == calls
            by_teacher = [
                answer == taught(one) for answer, one in zip(answers, ARTICLES, strict=False)
            ]
            assert all(by_teacher) if calls else not any(by_teacher)
    rows = rows_of(model)
    assert [row["why"] for row in rows] == ["unsure"] * 8 + ["no_promise"] * 8
    assert {row["article"] for row in rows} == set(ARTICLES[:8])
    assert all(row["teacher"] == taught(row["article"]) for row in rows)
    assert all((row["student"] is None) == (row["why"] == "no_promise") for row in rows)


def rows_of(model: Path) -> list[dict[str, Any]]:
    """The rows of data/served/."""
    [day] = sorted((model.parent / "data/served").glob("*.parquet"))
    return pq.read_table(day).to_pylist()  # type: ignore[no-any-return]


def test_the_cap_of_the_day_holds_with_64_escalations_in_flight_in_two_workers(
    model: Path,
) -> None:
    with ChatServer() as teacher:
        calibrate(model, teacher, None)
        serve = {"max_cost_usd": 100.0}
        with served(
            model, teacher, "--mode", "cascade", "--workers", "2", "--threads", "1",
            serve=serve, **PRICED,
        ) as server:  # fmt: skip
            found = ask_all(server, ARTICLES)
            answered = [one for one in found if isinstance(one, str)]
            refused = [one for one in found if isinstance(one, openai.RateLimitError)]
            # an answer costs 7, and 10 at most: 13 fit, a fourteenth could cost 101
            assert (len(answered), len(refused)) == (13, 51)
            assert {one.code for one in refused} == {"daily_cap"}
            assert all(int(one.response.headers["retry-after"]) > 0 for one in refused)
            assert len(teacher.paid) == 13
        with served(model, teacher, "--mode", "cascade", serve=serve, **PRICED) as server:
            again = [
                article for article, one in zip(ARTICLES, found, strict=True) if one in answered
            ]
            assert ask_all(server, again) == answered  # what was paid for is there
            [other] = ask_all(server, ["Another article, long enough."])
            assert isinstance(other, openai.RateLimitError)
            assert server.metric("understudy_teacher_spent_usd") == 91
            assert server.metric("understudy_teacher_left_usd") == 9
            assert len(teacher.paid) == 13


def test_equal_inputs_at_once_in_two_workers_are_paid_once(model: Path) -> None:
    with ChatServer() as teacher:
        calibrate(model, teacher, None)
        with served(
            model, teacher, "--mode", "cascade", "--workers", "2", "--threads", "1"
        ) as server:
            assert set(ask_all(server, ARTICLES[:1] * 48)) == {taught(ARTICLES[0])}
            assert len(teacher.calls) == 1


def test_after_kill_9_each_call_is_booked_as_billed_or_at_its_worst_case(model: Path) -> None:
    hold = Hold(after=3)
    with ChatServer(hold) as teacher:
        calibrate(model, teacher, None)
        serve = {"max_cost_usd": 1000.0}
        with served(model, teacher, "--mode", "cascade", serve=serve, **PRICED) as server:
            assert ask_all(server, ARTICLES[:3]) == [taught(one) for one in ARTICLES[:3]]
            for article in ARTICLES[3:6]:
                asyncio.run(_leave(server, article))
            hold.wait(3)
            server.process.kill()
            server.process.wait()
        hold.release()
        with served(model, teacher, "--mode", "cascade", serve=serve, **PRICED) as server:
            assert ask_all(server, ARTICLES[:7]) == [taught(one) for one in ARTICLES[:7]]
            booked = server.metric("understudy_teacher_spent_usd")
        assert len(teacher.paid) == 3 + 3 + 4
        assert booked == 7 * 3 + 10 * 3 + 7 * 4  # the endpoint has billed 7 for the three, too
    with Ledger(Path(variables(model)["UNDERSTUDY_LEDGER"])) as ledger:
        assert ledger.count() == {"answered": 7, "failed": 0, "in_flight": 0, "lost": 3}


async def _leave(server: Server, article: str) -> None:
    """Asks, and does not wait for the answer."""
    body = {"messages": messages(article)}
    async with httpx2.AsyncClient(base_url=server.address) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.post("/chat/completions", json=body, timeout=0.5)


def test_a_teacher_that_is_too_slow_is_503_or_the_students_turn(model: Path) -> None:
    with ChatServer(lambda _: Reply(hang=True)) as teacher:
        calibrate(model, teacher, None)
        serve: dict[str, Any] = {"teacher_timeout_seconds": 1.0}
        with served(model, teacher, "--mode", "cascade", serve=serve) as server:
            [error] = ask_all(server, ARTICLES[:1])
            assert isinstance(error, openai.InternalServerError)
            assert (error.status_code, error.code) == (503, "teacher_unavailable")
        serve["when_teacher_fails"] = "student"
        with served(model, teacher, "--mode", "cascade", serve=serve) as server:
            body = {"messages": messages(ARTICLES[0])}
            response = httpx2.post(f"{server.address}/chat/completions", json=body, timeout=30)
            assert response.json()["model"] == "t5-toy"
            assert response.headers["x-understudy-teacher-failed"] == "slow"


def test_messages_of_another_task_go_to_the_teacher_without_personal_data(model: Path) -> None:
    with ChatServer() as teacher, served(model, teacher) as server:
        with openai.OpenAI(base_url=server.address, api_key="unused") as client:
            completion = client.chat.completions.create(
                model="any",
                messages=[
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": [{"type": "text", "text": "A joke?"}]},
                ],
            )
        assert completion.choices[0].message.content == "answer to Be brief."
        assert completion.model == "double"
        assert teacher.calls[0].body["messages"][1]["content"] == [
            {"type": "text", "text": "A joke?"}
        ]
        assert server.ask(ARTICLES[0])  # by the student
        assert len(teacher.calls) == 1
    assert not (model.parent / "data").exists()


def test_a_shadow_watches_for_drift_and_says_so_once(model: Path) -> None:
    with ChatServer() as teacher:
        calibrate(model, teacher, None, watched=Watched(floor=99.0, rate=0.01))
        for _ in range(2):
            with served(model, teacher, "--mode", "shadow") as server:
                ask_all(server, ARTICLES[:24])
                while server.metric("understudy_compared_total") < 24:
                    pass
                assert server.metric("understudy_drift_alarm") == 1
                assert server.metric("understudy_drift_e_value") > 20
                assert server.metric("understudy_disagreements_total") == 24
    kept = json.loads((model.parent / "data/served/drift-t5-toy.json").read_text("utf-8"))
    assert kept["test"]["requests"] == 48
    assert len(rows_of(model)) == 48
    assert {row["why"] for row in rows_of(model)} == {"shadow"}


def test_the_embedded_teacher_stands_behind_a_canary(model: Path) -> None:
    write_document({"serve": {"canary_percent": 50.0}}, model.parent / "params.yaml")
    with serving(model, "--teacher", "--mode", "canary", **variables(model)) as server:
        answers = ask_all(server, ARTICLES[:16])
        assert all(isinstance(one, str) and one for one in answers)
        by_student = server.metric("understudy_tokens_total")
        assert by_student > 0
    assert 0 < len(rows_of(model)) < 16


def test_sigterm_waits_for_the_teacher_and_keeps_the_row(model: Path) -> None:
    hold = Hold(after=0)
    with ChatServer(hold) as teacher:
        calibrate(model, teacher, None)
        with served(model, teacher, "--mode", "cascade") as server:
            asyncio.run(_stop_and_read(server, hold))
    [row] = rows_of(model)
    assert row["teacher"] == taught(ARTICLES[0])


async def _stop_and_read(server: Server, hold: Hold) -> None:
    async with openai.AsyncOpenAI(base_url=server.address, api_key="unused") as client:
        asked = asyncio.create_task(
            client.chat.completions.create(model="any", messages=messages(ARTICLES[0]))
        )
        await asyncio.to_thread(hold.wait, 1)
        server.process.send_signal(signal.SIGTERM)
        hold.release()
        assert (await asked).choices[0].message.content == taught(ARTICLES[0])
    assert server.process.wait(30) == 0


def one_error(model: Path, *options: str) -> str:
    """The one line of a server that does not start."""
    said = refuse_start(model, *options, **variables(model))
    [line] = said.splitlines()
    return line.removeprefix("error: ")


def test_what_was_calibrated_for_another_model_or_teacher_is_refused(model: Path) -> None:
    with ChatServer() as teacher:
        write(model, teacher)
        cascade = ("--teacher", "--mode", "cascade")
        assert one_error(model, *cascade).startswith(
            "metrics/calibration/t5-toy.json: no such file; `dvc repro calibrate` writes"
        )
        calibrate(model, teacher, NEVER, weights="0" * 64)
        assert "it was calibrated for other weights" in one_error(model, *cascade)
        assert "it was calibrated for other weights" in one_error(
            model, "--teacher", "--mode", "shadow"
        )
        calibrate(model, teacher, NEVER, teacher={"base_url": "http://a/v1", "model": "b"})
        said = one_error(model, *cascade)
        assert "it was calibrated against b at http://a/v1, and the section teacher" in said
        assert f"of params.yaml has double at {teacher.url}" in said
        assert len(teacher.calls) == 0


def test_what_may_cost_money_needs_the_option_and_a_cap_needs_a_bound(model: Path) -> None:
    with ChatServer() as teacher:
        write(model, teacher)
        assert "allow it with --teacher" in one_error(model, "--mode", "shadow")
        write(model, teacher, {"max_cost_usd": 5.0}, prices=PRICES)
        assert "serve.max_cost_usd = 5: a cap needs" in one_error(model, "--teacher")
        write(model, teacher, api_key_env="NO_SUCH_KEY")
        assert "NO_SUCH_KEY" in one_error(model, "--teacher")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_new_calibration_decides_after_sighup_and_figures_go_on(
    workers: int, model: Path
) -> None:
    with ChatServer() as teacher:
        calibrate(model, teacher, ALWAYS)
        given = ("--mode", "cascade", "--workers", str(workers), "--threads", "1")
        with served(model, teacher, *given) as server:
            assert taught(ARTICLES[0]) not in ask_all(server, ARTICLES[:4])
            calibrate(model, teacher, NEVER)
            server.process.send_signal(signal.SIGHUP)
            asked = 4
            while len(teacher.calls) < 4 * workers:  # each worker loads in its own moment
                asked += len(ask_all(server, [f"{asked} {one}" for one in ARTICLES[:4]]))
            assert server.metric("understudy_answers_total") == asked
