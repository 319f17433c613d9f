"""Requests that are no HTTP, and heads that are too long: JSON as all other errors."""

import json

import httpx2
import pytest

from tests.serving import CHAT, ask, chat, connect
from understudy.serving.protocol import MAX_HEAD


def send(client: httpx2.Client, sent: bytes) -> tuple[int, dict[str, object]]:
    """Status and error of the last response to some bytes, after which the server hangs up."""
    with connect(client) as one:
        one.sendall(sent)
        answered = one.makefile("rb").read()
    head, _, body = answered.rpartition(b"\r\n\r\n")
    last = head[head.rindex(b"HTTP/1.1 ") :]
    assert b"content-type: application/json" in last
    assert b"connection: close" in last
    return int(last[9:12]), json.loads(body)["error"]


HOST = b"GET /healthz HTTP/1.1\r\nhost: a\r\n"


@pytest.mark.parametrize(
    "head",
    [
        HOST + b"x: " + b"a" * 2 * MAX_HEAD,
        HOST + b"x: " + b"a" * 2 * MAX_HEAD + b"\r\n\r\n",
        HOST + b"x: abc\r\n" * MAX_HEAD + b"\r\n",
        b"GET /" + b"a" * 2 * MAX_HEAD + b" HTTP/1.1\r\n",
        HOST + b"\r\n" + HOST + b"x: " + b"a" * 2 * MAX_HEAD + b"\r\n\r\n",
    ],
)
def test_a_head_that_is_too_long_is_a_431(head: bytes, client: httpx2.Client) -> None:
    status, error = send(client, head)
    assert (status, error["code"]) == (431, "head_too_large")
    assert ask(client, "next").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"hello\r\n\r\n",
        b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\nhost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: " + b"9" * 40 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nb\x00d: 1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_a_400(sent: bytes, client: httpx2.Client) -> None:
    status, error = send(client, sent)
    assert (status, error["code"]) == (400, "not_http")
    assert ask(client, "next").status_code == 200


def test_a_head_as_long_as_it_may_be_and_one_after_the_other_are_answered(
    client: httpx2.Client,
) -> None:
    long = HOST + b"x: " + b"a" * (MAX_HEAD - 100) + b"\r\n\r\n"
    with connect(client) as one:
        one.sendall(4 * long + HOST + b"connection: close\r\n\r\n")
        assert one.makefile("rb").read().count(b"HTTP/1.1 200 OK") == 5


def test_a_client_that_offers_http_2_is_answered_in_http_1(client: httpx2.Client) -> None:
    body = json.dumps(chat("a")).encode()
    head = (
        f"POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: Upgrade, HTTP2-Settings, close\r\n"
        "upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"
    ).encode()
    with connect(client) as one:
        one.sendall(head + body)
        assert one.makefile("rb").read().startswith(b"HTTP/1.1 200 OK")
