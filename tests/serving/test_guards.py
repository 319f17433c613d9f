"""Keys, sizes, slow and absent clients, full queues, and what the log says of a request."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tests.serving import (
    CHAT,
    JSON,
    LIMITS,
    Echo,
    Summarizing,
    ask,
    chat,
    connect,
    head,
    metric,
    served,
    served_echo,
    shared_echo,
    until,
)
from understudy.serving.app import open_service
from understudy.serving.guards import MAX_BODY
from understudy.serving.protocol import PatientProtocol

KEY = "s3cret-key"


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x"]
)
@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/metrics", "/openapi.json", "/nothing"])
def test_without_the_key_nothing_is_told(
    keyed: httpx2.Client, path: str, given: str | None
) -> None:
    headers = {} if given is None else {"authorization": given}
    response = keyed.post(path, json=chat("a"), headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert response.headers["www-authenticate"] == "Bearer"
    assert KEY not in response.text


@pytest.fixture(scope="module")
def keyed() -> Any:
    """A client of a server that asks for a key."""
    with shared_echo(key=KEY) as client:
        yield client


def test_with_the_key_it_is_answered_and_health_needs_none(keyed: httpx2.Client) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    assert keyed.post(CHAT, json=chat("a"), headers=headers).status_code == 200
    assert keyed.get("/healthz").status_code == 200
    assert keyed.get("/readyz").status_code == 200
    no_ascii = [(b"authorization", b"Bearer \xc3\xa9\xff")]
    assert keyed.get("/v1/models", headers=no_ascii).status_code == 401


def test_a_body_as_large_as_it_may_be_is_answered() -> None:
    with served_echo(Echo(), replace(LIMITS, tokens_per_batch=10)) as client:
        size = MAX_BODY - len(json.dumps(chat("")))
        response = client.post(CHAT, content=json.dumps(chat("a" * size)), headers=JSON)
        assert response.status_code == 200
        assert response.json()["usage"]["prompt_tokens"] == size


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_declared_as_json_is_a_415(kind: str | None) -> None:
    with served_echo(Echo()) as client:
        headers = {} if kind is None else {"content-type": kind}
        response = client.post(CHAT, content=json.dumps(chat("a")), headers=headers)
        assert response.status_code == 415
        assert "application/json" in response.json()["error"]["message"]
        fine = {"content-type": "Application/JSON; charset=utf-8"}
        assert client.post(CHAT, content=json.dumps(chat("a")), headers=fine).status_code == 200


def test_a_request_keeps_its_id_or_gets_one() -> None:
    with served_echo(Echo()) as client:
        ours = client.get("/healthz", headers={"x-request-id": "call-7"})
        bad = client.get("/healthz", headers={"x-request-id": "a b\tc"})
        assert ours.headers["x-request-id"] == "call-7"
        assert bad.headers["x-request-id"].startswith("req_")
        assert client.get("/nothing").headers["x-request-id"].startswith("req_")


def test_a_full_queue_is_a_429_that_says_when_to_come_back() -> None:
    student = Echo()
    limits = replace(LIMITS, max_queue=2)
    with served_echo(student, limits) as client, ThreadPoolExecutor(8) as pool:
        student.hold()
        first = pool.submit(ask, client, "first")
        assert student.busy.wait(30)
        waiting = [pool.submit(ask, client, f"waits {number}") for number in range(2)]
        until(lambda: metric(client, "understudy_queue_length") == 2)
        refused = ask(client, "too many")
        student.may_answer.set()
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["type"] == "rate_limit_error"
        assert [one.result().status_code for one in (first, *waiting)] == [200] * 3
    assert "too many" not in student.texts


def test_an_answer_that_takes_too_long_is_a_504_and_the_server_goes_on() -> None:
    student = Echo()
    with served_echo(student, replace(LIMITS, timeout_seconds=0.2)) as client:
        student.hold()
        response = ask(client, "slow")
        student.may_answer.set()
        assert response.status_code == 504
        assert ask(client, "next").status_code == 200


def test_a_student_that_fails_is_a_500_for_its_batch_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    student = Echo()
    with served_echo(student) as client:
        student.breaks = True
        response = ask(client, "hidden text")
        student.breaks = False
        assert (response.status_code, response.json()["error"]["code"]) == (500, "student_failed")
        assert ask(client, "next").status_code == 200
    logged = capsys.readouterr().err
    assert '"error": "RuntimeError: out of memory"' in logged
    assert "hidden" not in logged


def test_a_client_that_leaves_is_not_decoded_for() -> None:
    student = Echo()
    with served_echo(student) as client, ThreadPoolExecutor(1) as pool:
        student.hold()
        first = pool.submit(ask, client, "first")
        assert student.busy.wait(30)
        body = json.dumps(chat("leaves")).encode()
        with connect(client) as gone:
            gone.sendall(head(f"content-length: {len(body)}") + body)
            until(lambda: metric(client, "understudy_queue_length") == 1)
        until(lambda: metric(client, "understudy_clients_gone_total") == 1)
        assert metric(client, "understudy_queue_length") == 0
        student.may_answer.set()
        assert first.result().status_code == 200
    assert student.texts == ["first"]


def test_a_client_that_leaves_while_it_is_decoded_for_harms_no_other() -> None:
    student = Echo()
    with served_echo(student) as client:
        student.hold()
        body = json.dumps(chat("leaves", stream=True)).encode()
        with connect(client) as gone:
            gone.sendall(head(f"content-length: {len(body)}") + body)
            assert student.busy.wait(30)
        until(lambda: metric(client, "understudy_clients_gone_total") == 1)
        student.may_answer.set()
        assert ask(client, "next").status_code == 200


def test_a_body_that_never_ends_is_a_408() -> None:
    service = open_service(Echo(), Summarizing(), LIMITS)
    with served(replace(service, body_seconds=0.2)) as client, connect(client) as slow:
        slow.sendall(head("content-length: 1000") + b'{"messages"')
        answered = slow.makefile("rb").read()
        assert answered.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answered.lower()
        assert ask(client, "next").status_code == 200


class Impatient(PatientProtocol):
    head_seconds = 0.2


@pytest.mark.parametrize("sent", [b"", b"POST /v1/chat", head("content-length: 9")[:-4]])
def test_a_head_that_never_ends_closes_the_connection(sent: bytes) -> None:
    service = open_service(Echo(), Summarizing(), LIMITS)
    with served(service, Impatient) as client, connect(client) as slow:
        slow.sendall(sent)
        assert slow.makefile("rb").read() == b""
        assert ask(client, "next").status_code == 200


def test_a_second_head_that_never_ends_does_so_too_and_a_slow_answer_does_not() -> None:
    student = Echo()
    with served(open_service(student, Summarizing(), LIMITS), Impatient) as client:
        with connect(client) as slow:
            slow.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET /hea")
            assert slow.makefile("rb").read().count(b"HTTP/1.1 200 OK") == 1
        student.hold()
        timer = threading.Timer(0.5, student.may_answer.set)
        timer.start()
        assert ask(client, "slow").status_code == 200


@pytest.mark.parametrize("log_texts", [False, True])
def test_a_request_is_one_line_of_json_without_its_texts_unless_asked(
    log_texts: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with served_echo(Echo(), key=KEY, log_texts=log_texts) as client:
        headers = {"authorization": f"Bearer {KEY}", "x-request-id": "call-7"}
        client.post(CHAT, json=chat("private"), headers=headers)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [line] = [line for line in lines if line.get("id") == "call-7"]
    assert (line["event"], line["route"], line["status"]) == ("request", CHAT, 200)
    assert (line["read_tokens"], line["written_tokens"], line["batch"]) == (7, 7, 1)
    assert line["ms"] >= line["waited_ms"] >= 0
    texts = json.dumps(lines)
    assert ("private" in texts, "PRIVATE" in texts) == (log_texts, log_texts)
    assert KEY not in texts


def test_paths_of_strangers_are_not_logged_and_make_no_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with served_echo(Echo()) as client:
        client.get("/private/path?key=secret")
        assert "private" not in client.get("/metrics").text
    assert "private" not in capsys.readouterr().err
