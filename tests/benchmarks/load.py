"""A load generator in a process of its own: connections that each ask again at once.

In:  a port of this machine, a file of inputs (a JSON list of texts), connections and requests.
Out: one line of JSON: seconds, requests by status, milliseconds at the median and at 99%.
Run: python -m tests.benchmarks.load PORT INPUTS.json 64 10000
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

PROMPT = "Please summarize the following news article. '{}'"
LOST, REFUSED = "lost", "refused"
"""In place of a status: a request without a whole response, and a connection that nobody takes."""


def render(text: str, prompt: str = PROMPT) -> bytes:
    """The bytes of a chat request."""
    messages = [{"role": "user", "content": prompt.format(text)}]
    body = json.dumps({"model": "any", "messages": messages}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """Asks over many connections, and counts what comes back."""

    def __init__(self, port: int, requests: Iterator[bytes], fresh: bool = False) -> None:
        """Takes what to ask; `fresh` takes a new connection for each request."""
        self.port, self.requests, self.fresh = port, requests, fresh
        self.statuses: Counter[str] = Counter()
        self.milliseconds: list[float] = []
        self.bodies: Counter[bytes] | None = None
        """Responses, where somebody wants to look at them."""

    async def run(self, connections: int) -> None:
        """Returns when there is nothing left to ask, or nobody who listens."""
        await asyncio.gather(*(self._use_connections() for _ in range(connections)))

    async def _use_connections(self) -> None:
        loop = asyncio.get_running_loop()
        while (request := next(self.requests, None)) is not None:
            ended = loop.create_future()
            try:
                connection = partial(_Connection, self, request, ended)
                await loop.create_connection(connection, "127.0.0.1", self.port)
            except ConnectionRefusedError:
                self.statuses[REFUSED] += 1
                return
            await ended


class _Connection(asyncio.Protocol):
    """One request after the other, until the server or the load ends that."""

    def __init__(self, load: Load, request: bytes, ended: "asyncio.Future[None]") -> None:
        self._load, self._request, self._ended = load, request, ended
        self._received, self._waits, self._sent = b"", False, 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask(self._request)

    def _ask(self, request: bytes) -> None:
        assert self._transport is not None
        self._waits, self._sent = True, time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._received, self._waits = b"", False
            self._load.milliseconds.append(1000 * (time.perf_counter() - self._sent))
            self._load.statuses[head[9:12].decode()] += 1
            if self._load.bodies is not None:
                self._load.bodies[body] += 1
            self._go_on(b"connection: close" in head.lower())

    def _go_on(self, is_last: bool) -> None:
        assert self._transport is not None
        if is_last or self._load.fresh or (request := next(self._load.requests, None)) is None:
            self._transport.close()
        else:
            self._ask(request)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits:
            self._load.statuses[LOST] += 1
        if not self._ended.done():
            self._ended.set_result(None)


async def ask_all(port: int, texts: Sequence[str], connections: int, count: int) -> dict[str, Any]:
    """Asks `count` times over so many connections."""
    load = Load(port, islice(cycle([render(text) for text in texts]), count))
    start = time.perf_counter()
    await load.run(connections)
    seconds, times = time.perf_counter() - start, load.milliseconds
    return {
        "seconds": seconds,
        "statuses": dict(load.statuses),
        "p50": median(times),
        "p99": quantiles(times, n=100)[-1] if len(times) > 1 else times[0],
    }


def main() -> None:
    """Asks as the command line says."""
    port, connections, count = int(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
    texts = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    print(json.dumps(asyncio.run(ask_all(port, texts, connections, count))))


if __name__ == "__main__":
    main()
