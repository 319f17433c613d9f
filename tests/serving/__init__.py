"""What the tests of understudy/serving share: a student that waits until it may answer."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx2
import uvicorn

from understudy.serving.app import Service, build_app, open_service
from understudy.serving.batching import Limits
from understudy.serving.protocol import PatientProtocol
from understudy.serving.running import bind, configure
from understudy.students.decoding.hypotheses import Hypothesis

CHAT = "/v1/chat/completions"
JSON = {"content-type": "application/json"}
PROMPT = "Summarize: "
LIMITS = Limits(max_queue=100, timeout_seconds=20.0, tokens_per_batch=1000)


class Echo:
    """A student whose token ids are code points, and whose answer is its input in capitals."""

    name, max_tokens = "echo", 1000

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.busy = threading.Event()
        """Set while it decodes."""
        self.batches: list[list[str]] = []
        self.breaks = False

    def encode(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def decode(self, encoded: Sequence[list[int]]) -> list[Hypothesis]:
        self.batches.append([self.spell(ids) for ids in encoded])
        self.busy.set()
        assert self.may_answer.wait(30)
        if self.breaks:
            raise RuntimeError("out of memory")
        texts = [self.spell(ids).upper() for ids in encoded]
        return [Hypothesis([ord(letter) for letter in text], -0.5, 0.25) for text in texts]

    def spell(self, ids: list[int]) -> str:
        return "".join(map(chr, ids))

    def count(self, text: str) -> int:
        return len(text)

    @property
    def texts(self) -> list[str]:
        """What it decoded, but for the warm-up."""
        return [text for batch in self.batches[1:] for text in batch]

    def hold(self) -> None:
        """Answers nothing until `may_answer` is set."""
        self.may_answer.clear()
        self.busy.clear()


class Summarizing:
    """A task whose prompt is `Summarize: ` and the input."""

    columns: tuple[str, ...] = ("article",)

    def __init__(self, field: str | None = None) -> None:
        self.field = field

    def match(self, messages: object) -> dict[str, str] | None:
        content = messages[0].get("content") if isinstance(messages, list) else None
        if not isinstance(content, str) or not content.startswith(PROMPT):
            return None
        return {"article": content.removeprefix(PROMPT)}

    def explain(self, messages: object) -> str:
        return "The messages are not the task's prompt."

    def clean(self, values: Mapping[str, str]) -> dict[str, str]:
        return dict(values)

    def join(self, values: Mapping[str, str]) -> str:
        return values["article"]


@contextmanager
def running(
    service: Service, protocol: type[PatientProtocol] = PatientProtocol
) -> Iterator[tuple[httpx2.Client, uvicorn.Server]]:
    """Yields a client of a real server, which runs in a thread while the block does, and it."""
    with bind("127.0.0.1", 0) as bound:
        bound.listen()
        server = uvicorn.Server(configure(build_app(service), 5, protocol))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            address = f"http://127.0.0.1:{bound.getsockname()[1]}"
            with httpx2.Client(base_url=address, timeout=30) as client:
                client.get("/readyz").raise_for_status()
                yield client, server
        finally:
            server.should_exit = True
            thread.join(30)
        assert not thread.is_alive()


@contextmanager
def served(
    service: Service, protocol: type[PatientProtocol] = PatientProtocol
) -> Iterator[httpx2.Client]:
    """Yields the client alone."""
    with running(service, protocol) as (client, _):
        yield client


@contextmanager
def served_echo(
    student: Echo, limits: Limits = LIMITS, field: str | None = None, **options: Any
) -> Iterator[httpx2.Client]:
    """Serves a student that echoes."""
    with served(open_service(student, Summarizing(field), limits, **options)) as client:
        yield client


@contextmanager
def shared_echo(**options: Any) -> Iterator[httpx2.Client]:
    """The same for several tests: it logs nothing, as it would do so between them too."""
    service = open_service(Echo(), Summarizing(), LIMITS, **options)
    with served(replace(service, log=lambda event, level="", **_: None)) as client:
        yield client


def chat(text: str, **more: Any) -> dict[str, Any]:
    """The body of a chat request of the task."""
    return {"messages": [{"role": "user", "content": PROMPT + text}], "model": "any", **more}


def ask(client: httpx2.Client, text: str, **more: Any) -> httpx2.Response:
    """Asks for a chat completion."""
    return client.post(CHAT, json=chat(text, **more))


def head(*more: str) -> bytes:
    """The head of a chat request."""
    lines = (f"POST {CHAT} HTTP/1.1", "host: a", "content-type: application/json")
    return "\r\n".join((*lines, *more, "", "")).encode()


def until(holds: Callable[[], bool]) -> None:
    """Asks again and again; a test that waits in vain is ended by its time limit."""
    while not holds():
        pass


def events(response: httpx2.Response) -> list[Any]:
    """The chunks of a stream; its end is None."""
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [None if line == "[DONE]" else json.loads(line) for line in lines]


def connect(client: httpx2.Client) -> socket.socket:
    """A bare connection to the same server."""
    return socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=30)


def metric(client: httpx2.Client, name: str) -> float:
    """One figure of /metrics."""
    for line in client.get("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    raise KeyError(name)
