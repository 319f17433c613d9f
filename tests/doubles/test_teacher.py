"""The doubles of the chat endpoint, each law of theirs against a real client."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.doubles.batches import BatchServer
from tests.doubles.faults import ALL, Faulty
from tests.doubles.teacher import PATIENCE, Call, ChatServer, Reply, echo, in_turn, refuse, say

PROMPTS = [f"prompt {number}" for number in range(8)]
ENDPOINT: Any = "/v1/chat/completions"


def connect(server: ChatServer, key: str = "none", timeout: float = PATIENCE) -> OpenAI:
    return OpenAI(base_url=server.url, api_key=key, timeout=timeout, max_retries=0)


def complete(client: OpenAI, prompt: str = "a") -> str | None:
    messages: Any = [{"role": "user", "content": prompt}]
    reply = client.chat.completions.create(model="double", messages=messages)
    return reply.choices[0].message.content


def call(number: int = 1, prompt: str = "a") -> Call:
    return Call(number, "/", {}, {"messages": [{"role": "user", "content": prompt}]})


# Connections and routes


def test_many_connections_are_answered_at_the_same_time() -> None:
    full = threading.Barrier(96)

    def script(call: Call) -> Reply:
        full.wait(PATIENCE)
        return echo(call)

    prompts = [str(number) for number in range(2 * 96)]
    with (
        ChatServer(script) as server,
        OpenAI(base_url=server.url, api_key="x", max_retries=0) as client,
        ThreadPoolExecutor(96) as pool,
    ):
        answers = list(pool.map(lambda prompt: complete(client, prompt), prompts))
    assert answers == [f"answer to {prompt}" for prompt in prompts]
    assert (server.most_in_flight, server.connections) == (96, 96)


def test_models_are_listed_and_told_one_by_one() -> None:
    with ChatServer() as server, connect(server) as client:
        server.models = [{"id": "of/me", "object": "model", "created": 1, "owned_by": "me"}]
        assert [model.id for model in client.models.list()] == ["of/me"]
        assert client.models.retrieve("of/me").owned_by == "me"
        with pytest.raises(openai.NotFoundError, match="'other' does not exist"):
            client.models.retrieve("other")
    assert [path.split("/")[2] for path in server.gets] == ["models"] * 3
    assert server.calls == []


def test_an_endpoint_may_have_no_route_for_models() -> None:
    with ChatServer() as server, connect(server) as client:
        server.models = None
        with pytest.raises(openai.NotFoundError, match="Unknown request URL"):
            client.models.list()


def test_only_the_right_key_is_let_in_and_a_wrong_one_costs_nothing() -> None:
    with ChatServer() as server, connect(server, "wrong") as wrong, connect(server, "k") as right:
        server.key = "k"
        requests: list[Callable[[], object]] = [lambda: complete(wrong), wrong.models.list]
        for request in requests:
            with pytest.raises(openai.AuthenticationError) as caught:
                request()
            assert caught.value.code == "invalid_api_key"
        assert server.paid == []
        assert (complete(right), right.models.list().data[0].id) == ("answer to a", "double")


def test_hooks_see_a_request_before_it_is_handled_and_before_its_answer_is_sent() -> None:
    seen: list[tuple[str, str, int]] = []
    with ChatServer() as server, connect(server) as client:
        server.before = lambda method, path: seen.append((method, path, len(server.paid)))
        server.after = server.before
        complete(client)
    assert seen == [("POST", "/v1/chat/completions", paid) for paid in (0, 1)]


# What is paid


def test_only_completions_are_paid_and_their_tokens_are_kept() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    replies = in_turn(refuse(500, "Oops."), refuse(400, "No."), say("x", usage=usage))
    with ChatServer(replies) as server, connect(server) as client:
        for _ in range(2):
            with pytest.raises(openai.APIStatusError):
                complete(client)
        complete(client)
    assert ([paid.number for paid in server.paid], server.usage) == ([3], [usage])


@pytest.mark.parametrize(("paid", "count"), [(None, 1), (False, 0)])
def test_a_completion_is_paid_though_nobody_waits_for_it_unless_its_script_says_no(
    paid: bool | None, count: int
) -> None:
    late = Reply(say("late").body, delay=PATIENCE, paid=paid)
    with ChatServer(in_turn(late)) as server, connect(server, timeout=0.5) as client:
        with pytest.raises(openai.APITimeoutError):
            complete(client)
        assert len(server.paid) == count


# Replies that come late or never


def test_a_delayed_reply_comes_after_its_delay() -> None:
    late = Reply(say("late").body, delay=0.2)
    with ChatServer(in_turn(late)) as server, connect(server) as client:
        start = time.monotonic()
        assert complete(client) == "late"
        assert time.monotonic() - start >= 0.2


def test_a_hanging_call_ends_with_its_client_and_is_not_in_flight_any_more() -> None:
    with ChatServer(in_turn(Reply(hang=True), echo)) as server:
        with connect(server, timeout=1) as client:
            with pytest.raises(openai.APITimeoutError):
                complete(client)
            time.sleep(0.2)
            assert complete(client) == "answer to a"
        assert (server.most_in_flight, server.prompts) == (1, ["a", "a"])


@pytest.mark.parametrize("reply", [Reply(hang=True), replace(refuse(500, "x"), delay=PATIENCE)])
def test_a_server_that_closes_waits_for_no_call(reply: Reply) -> None:
    asked = threading.Event()

    def script(_: Call) -> Reply:
        asked.set()
        return reply

    server = ChatServer(script)
    with connect(server) as client, ThreadPoolExecutor() as pool:
        with server:
            waiting = pool.submit(complete, client)
            assert asked.wait(PATIENCE)
            start = time.monotonic()
        assert time.monotonic() - start < PATIENCE / 10
        assert isinstance(waiting.exception(PATIENCE), openai.APIError)


# Faults


@pytest.mark.parametrize("kind", ALL)
def test_each_fault_fails_once_and_only_a_cut_answer_is_paid(kind: str) -> None:
    faulty = Faulty(echo, share=1, kinds=[kind], most_per_prompt=1)
    with ChatServer(faulty) as server, connect(server, timeout=1) as client:
        with pytest.raises((openai.OpenAIError, ValueError, TypeError, AttributeError)):
            complete(client)
        assert complete(client) == "answer to a"
    assert (faulty.faults, len(server.paid)) == ({kind: 1}, 1 + (kind == "cut"))


def test_faults_depend_on_the_seed_and_not_on_the_order() -> None:
    def faults(prompts: list[str], seed: int) -> set[str]:
        faulty = Faulty(lambda _: Reply(status=204), seed=seed, kinds=["500"])
        return {prompt for prompt in prompts if faulty(call(prompt=prompt)).status == 500}

    prompts = [str(number) for number in range(1000)]
    assert faults(prompts, 1) == faults(prompts[::-1], 1) != faults(prompts, 2)
    assert 250 < len(faults(prompts, 1)) < 350


# Batches


@pytest.mark.parametrize(("end", "paid"), [("completed", 8), ("expired", 4), ("failed", 0)])
def test_a_batch_pays_for_what_it_ran_as_often_as_it_is_submitted(end: Any, paid: int) -> None:
    lines = [
        {"custom_id": prompt, "method": "POST", "url": ENDPOINT, "body": call(1, prompt).body}
        for prompt in PROMPTS
    ]
    with BatchServer() as server, connect(server) as client:
        server.finish = end
        data = "\n".join(map(json.dumps, lines)).encode()
        name = client.files.create(file=("in.jsonl", data), purpose="batch").id
        for _ in range(2):
            client.batches.create(input_file_id=name, endpoint=ENDPOINT, completion_window="24h")
        assert server.submitted == 2
        assert server.paid_batch == PROMPTS[:paid] * 2
