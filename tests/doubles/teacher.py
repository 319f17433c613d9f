"""A chat endpoint on loopback that answers by a script, for the real `openai` client.

    with ChatServer() as server:                      # echoes each prompt, see `echo`
        ask(prompts, params(base_url=server.url), ledger, "test")
        assert server.prompts == [...]

    ChatServer(in_turn(refuse(500, "oops"), say("fine")))   # in turn, the last one on and on
    ChatServer(Hold(after=5))                               # answers 5 calls, then holds on
    ChatServer(in_turn(Reply(hang=True), echo))             # the first call times out
    assert len(server.paid) == len(server.usage)            # what there would be a bill for

A script is any function from a `Call` to a `Reply`. It runs in the thread of its connection, so a
script that waits keeps its call in flight and no other. Failures at random
are in `tests/doubles/faults.py`, and files and batches in `batches.py`.
"""

from __future__ import annotations

import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

PATIENCE = 30.0
"""Seconds after which a wait for something that a test expects fails."""

_MODELS = re.compile(r".*?/models(?:/(?P<name>.+))?")


@dataclass(frozen=True)
class Call:
    """One request for a chat completion, with its place in the order of arrival, from 1 on."""

    number: int
    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        return str(self.body["messages"][0]["content"])


@dataclass(frozen=True)
class Reply:
    """What goes back: an object as JSON, or bytes as they are."""

    body: dict[str, Any] | bytes = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    broken: bool = False
    """Half of the body, then the connection is closed."""
    delay: float = 0
    """Seconds before it is sent, in which its call stays in flight."""
    hang: bool = False
    """Never sent: the connection is closed when the server closes, or after `PATIENCE`."""
    disconnect: bool = False
    """Not sent: the connection is closed at once."""
    paid: bool | None = None
    """Whether it is on the bill; None: as a completion, sent or not."""

    @property
    def costs(self) -> bool:
        """Whether its call is paid for."""
        if self.paid is not None:
            return self.paid
        return self.status == 200 and isinstance(self.body, dict) and "choices" in self.body

    @property
    def usage(self) -> dict[str, Any]:
        return (isinstance(self.body, dict) and self.body.get("usage")) or {}


Script = Callable[[Call], Reply]


def say(text: str | None, **parts: Any) -> Reply:
    """A chat completion; `finish_reason`, `refusal`, `usage` and `model` replace the usual."""
    message = {"role": "assistant", "content": text, "refusal": parts.get("refusal")}
    choice = {"index": 0, "message": message, "finish_reason": parts.get("finish_reason", "stop")}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "choices": [choice]}
    of_call = {"model": parts.get("model", "double-2024-05-13"), "usage": parts.get("usage", usage)}
    return Reply(body | of_call)


def refuse(status: int, message: str, code: str | None = None, **headers: str) -> Reply:
    """An error as the API words it; `retry_after_ms="1"` is sent as `retry-after-ms: 1`."""
    error = {"message": message, "type": "error", "param": None, "code": code}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": error}, status, sent)


_WRONG_KEY = refuse(401, "Incorrect API key provided.", "invalid_api_key")


def echo(call: Call) -> Reply:
    """The answer to `prompt` is `answer to prompt`."""
    return say(f"answer to {call.prompt}")


def in_turn(*replies: Reply | Script) -> Script:
    """The first call gets the first reply, and so on; all further calls get the last one."""

    def script(call: Call) -> Reply:
        reply = replies[min(call.number, len(replies)) - 1]
        return reply if isinstance(reply, Reply) else reply(call)

    return script


class Hold:
    """Echoes the first calls, then keeps every further one in flight until `release`."""

    def __init__(self, after: int, script: Script = echo) -> None:
        self._after, self._script = after, script
        self._held = threading.Semaphore(0)
        self._released = threading.Event()

    def __call__(self, call: Call) -> Reply:
        if call.number > self._after:
            self._held.release()
            self._released.wait(PATIENCE)
        return self._script(call)

    def wait(self, count: int) -> None:
        """Returns as soon as `count` calls are held."""
        for _ in range(count):
            if not self._held.acquire(timeout=PATIENCE):
                raise TimeoutError(f"fewer than {count} calls came in {PATIENCE} seconds")

    def release(self) -> None:
        self._released.set()


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed or has closed is no error here."""


class ChatServer:
    """Serves on loopback, from `with` to the end of the block."""

    def __init__(self, script: Script = echo) -> None:
        self.script = script
        self.calls: list[Call] = []
        """In order of arrival."""
        self.gets: list[str] = []
        """The paths of all GET requests, with their queries."""
        self.paid: list[Call] = []
        """The calls that cost money from their script's answer on, whether or not it arrived."""
        self.usage: list[dict[str, Any]] = []
        """The tokens of each call in `paid`."""
        self.kept: list[tuple[str, float, float]] = []
        """Each answered call's prompt, and from when to when by the monotonic clock it was here."""
        self.models: list[dict[str, Any]] | None = [
            {"id": "double", "object": "model", "created": 1, "owned_by": "test"}
        ]
        """None: there is no such route."""
        self.key: str | None = None
        """The only key that is let in; None: no key is looked at."""
        self.before: Callable[[str, str], None] | None = None
        """Gets method and path of each request before it is handled, in its connection's thread."""
        self.after: Callable[[str, str], None] | None = None
        """The same, after the request was handled and before the client hears of it."""
        self.connections = 0
        self.most_in_flight = 0
        self._in_flight = 0
        self.lock = threading.Condition()
        self._closing, self._open = socket.socketpair()
        handler = type("_BoundRequest", (Request,), {"chat": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self.script, Hold):
            self.script.release()
        self._open.close()  # wakes all that wait for `_closing`
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        with self.lock:  # so that `paid` is complete from here on
            self.lock.wait_for(lambda: not self._in_flight, timeout=1)
        self._closing.close()

    @property
    def prompts(self) -> list[str]:
        """What was asked, in order of arrival."""
        return [call.prompt for call in self.calls]

    def handle(self, request: Request) -> Reply:
        """Answers any request."""
        if request.command == "GET":
            with self.lock:
                self.gets.append(request.path)
        if request.command == "POST" and request.route.endswith("/chat/completions"):
            return self._answer(request)
        return self.find(request) if self._admits(request) else _WRONG_KEY

    def find(self, request: Request) -> Reply:
        """Answers a request that has the right key and is not for a completion."""
        found = _MODELS.fullmatch(request.route)
        if self.models is None or found is None or request.command != "GET":
            return refuse(404, f"Unknown request URL: {request.command} {request.path}.")
        if not (name := unquote(found["name"] or "")):
            return Reply({"object": "list", "data": self.models})
        missing = refuse(404, f"The model '{name}' does not exist", "model_not_found")
        return next((Reply(model) for model in self.models if model["id"] == name), missing)

    def _answer(self, request: Request) -> Reply:
        """Records a call, asks the script for its reply, and stays with it until it is due."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = json.loads(request.data)
        with self.lock:
            call = Call(len(self.calls) + 1, request.path, headers, body)
            self.calls.append(call)
            since = time.monotonic()
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            reply = self.script(call) if self._admits(request) else _WRONG_KEY
            self._charge(call, reply)
            if seconds := PATIENCE if reply.hang else reply.delay:  # or until the client is gone
                select.select([request.connection, self._closing], [], [], seconds)
            if reply.status == 200:
                self.kept.append((call.prompt, since, time.monotonic()))
            return reply
        finally:
            with self.lock:
                self._in_flight -= 1
                self.lock.notify_all()

    def _admits(self, request: Request) -> bool:
        bearer, key = request.headers.get("Authorization"), request.headers.get("api-key")
        return self.key is None or bearer == f"Bearer {self.key}" or key == self.key

    def _charge(self, call: Call, reply: Reply) -> None:
        if reply.costs:
            with self.lock:
                self.paid.append(call)
                self.usage.append(reply.usage)


class Request(BaseHTTPRequestHandler):
    """Answers one connection's requests, one after another."""

    chat: ChatServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        with self.chat.lock:
            self.chat.connections += 1

    @property
    def route(self) -> str:
        """The path without its query."""
        return self.path.partition("?")[0]

    def do_POST(self) -> None:
        self.data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.chat.before:
            self.chat.before(self.command, self.path)
        reply = self.chat.handle(self)
        if self.chat.after:
            self.chat.after(self.command, self.path)
        self._send(reply)

    do_GET = do_DELETE = do_POST  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep the tests' output free of an access log."""

    def _send(self, reply: Reply) -> None:
        if not (reply.hang or reply.disconnect):
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(data))}
            for name, value in (headers | dict(reply.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if reply.broken else data)
        if reply.hang or reply.disconnect or reply.broken:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)


def settings(base_url: str, **changes: Any) -> dict[str, Any]:
    """The params section `teacher` for this endpoint."""
    return {
        "base_url": base_url,
        "api_version": None,
        "model": "double",
        "api_key_env": None,
        "request": {},
        "mode": "live",
        "prices": {"input": 0.0, "cached_input": 0.0, "output": 0.0, "batch_factor": 0.5},
        "max_cost_usd": None,
        "max_failed": 0.0,
        "concurrency": 4,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "timeout_seconds": 30.0,
        "max_retries": 0,
        "wait_seconds": 0.0,  # a server that is away fails its calls at once
        "batch": {"requests": 50_000, "poll_seconds": 0.01},
    } | changes
