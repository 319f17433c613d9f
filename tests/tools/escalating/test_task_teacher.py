"""The teacher, asked by a server as the stages ask it: the same keys, the same reading."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.doubles.teacher import ChatServer, Reply, Script, echo, in_turn, refuse, say, settings
from understudy.contract.params.serve import ServeParams
from understudy.contract.params.teacher import TeacherParams
from understudy.serving.handover import TeacherFailedError
from understudy.teacher.client import ask
from understudy.teacher.prompts import Prompt, Questions
from understudy.texts.redaction import Redactor
from understudy.tools.escalating.task_teacher import TaskTeacher
from understudy.tools.hosting import TaskPrompt

pytestmark = pytest.mark.anyio
PLAIN = "Please summarize. '$article'"
TICKET = """messages:
  - {role: system, content: You summarize tickets.}
  - {role: user, content: "Body: $body\\nTitle: $title"}
response_format: {type: json_object}
field: result.summary
"""
REDACTOR = Redactor(emails=True)


@pytest.fixture(autouse=True)
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ledger.jsonl"
    monkeypatch.setenv("UNDERSTUDY_LEDGER", str(path))
    return path


@asynccontextmanager
async def teaching(script: Script, file: Path) -> AsyncIterator[tuple[TaskTeacher, ChatServer]]:
    """A teacher of the template in a file, and its server."""
    with ChatServer(script) as server:
        task = TaskPrompt(Prompt("zeroshot.prompt", file), (), REDACTOR)
        serve = ServeParams(teacher_timeout_seconds=5.0)
        teacher = TaskTeacher(task, params(server), serve)
        async with teacher.opened():
            yield teacher, server


def params(server: ChatServer) -> TeacherParams:
    return TeacherParams(**settings(server.url))


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    (tmp_path / "plain.txt").write_text(PLAIN, encoding="utf-8")
    return tmp_path / "plain.txt"


@pytest.fixture
def ticket(tmp_path: Path) -> Path:
    (tmp_path / "ticket.yaml").write_text(TICKET, encoding="utf-8")
    return tmp_path / "ticket.yaml"


def stage_answers(file: Path, server: ChatServer, ledger: Path, row: dict[str, str]) -> list[str]:
    """What a stage gets that asks about one row of a table, and pays where it must."""
    folder = ledger.parent / "gold"
    folder.mkdir(exist_ok=True)
    full = {"id": "1", "article": "", "highlights": ""} | row
    pq.write_table(pa.table({name: [text] for name, text in full.items()}), folder / "test.parquet")
    questions = Questions(Prompt("zeroshot.prompt", file), {"test": None}, folder)
    return [answer.text for _, answer in ask(questions, params(server), ledger, "label")]


async def test_a_stage_pays_nothing_for_what_was_served(plain: Path, ledger: Path) -> None:
    async with teaching(echo, plain) as (teacher, server):
        taught = await teacher.ask({"article": " Write to a@b.org.\nSoon. "})
        row = {"article": " Write to [EMAIL].\nSoon. "}
        assert await asyncio.to_thread(stage_answers, plain, server, ledger, row) == [taught.text]
        assert taught.text == "answer to Please summarize. ' Write to [EMAIL].\nSoon. '"
        assert (taught.read_tokens, taught.written_tokens) == (11, 7)
        assert len(server.calls) == 1


async def test_a_prompt_of_several_columns_and_json_is_asked_and_read_as_stages_do(
    ticket: Path, ledger: Path
) -> None:
    answer = json.dumps({"result": {"summary": "It burns."}})
    async with teaching(lambda _: say(answer), ticket) as (teacher, server):
        taught = await teacher.ask({"title": "Fire", "body": "Of a@b.org"})
        assert taught.text == "It burns."
        assert server.calls[0].body["response_format"] == {"type": "json_object"}
        row = {"title": "Fire", "body": "Of [EMAIL]"}
        assert await asyncio.to_thread(stage_answers, ticket, server, ledger, row) == [answer]
        assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("reply", "reason", "detail"),
    [
        (say("not json"), "useless", "not_json"),
        (say('{"result": 1}'), "useless", "no_field"),
        (say('{"result": {"summary": "a"}}', finish_reason="length"), "useless", "cut_off"),
        (say("I'm sorry, I can't help with that."), "useless", "refused"),
        (refuse(400, "no", "content_filter"), "useless", "refused"),
        (Reply({"surprise": 1}), "useless", "unreadable"),
        (refuse(400, "long", "context_length_exceeded"), "refused", "refuses this question"),
        (refuse(401, "key"), "down", "refuses the API key"),
        (refuse(500, "oops"), "down", "HTTP 500: oops"),
    ],
)
async def test_an_answer_of_no_use_says_why(
    reply: Reply, reason: str, detail: str, ticket: Path
) -> None:
    async with teaching(lambda _: reply, ticket) as (teacher, _):
        with pytest.raises(TeacherFailedError) as caught:
            await teacher.ask({"title": "Fire", "body": "B"})
        assert caught.value.reason == reason
        assert detail in caught.value.detail
        assert (caught.value.request is not None) == (reason == "useless")


async def test_other_messages_are_relayed_as_they_are_but_for_personal_data(plain: Path) -> None:
    parts = [{"type": "text", "text": "Who is a@b.org?"}, {"type": "image_url", "image_url": {}}]
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]
    messages += [{"role": "user", "content": parts}]
    script = in_turn(say("cut answer", finish_reason="length"))
    async with teaching(script, plain) as (teacher, server):
        for _ in range(2):
            taught = await teacher.relay(messages, {"response_format": {"type": "text"}})
            assert (taught.text, taught.finish) == ("cut answer", "length")
        [call] = server.calls
        assert call.body["messages"][1]["content"][0]["text"] == "Who is [EMAIL]?"
        assert call.body["messages"][1]["content"][1] == parts[1]
        assert call.body["response_format"] == {"type": "text"}


async def test_a_relayed_refusal_is_what_the_model_said(plain: Path) -> None:
    script = in_turn(say(None, refusal="I would rather not."))
    async with teaching(script, plain) as (teacher, _):
        taught = await teacher.relay([{"role": "user", "content": "Hi"}], {})
        assert taught.text == "I would rather not."
