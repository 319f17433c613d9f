"""A load generator in a process of its own: keep-alive connections that each ask again at once.

In:  a port of this machine, a file of inputs (a JSON list of texts), connections and requests.
Out: one line of JSON: seconds, requests by status, milliseconds at the median and at 99%.
Run: python -m tests.benchmarks.load PORT INPUTS.json 64 10000
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles

PROMPT = "Please summarize the following news article. '{}'"
LOST = "lost"
"""In place of a status: a request whose connection ended before its response did."""


def render(text: str) -> bytes:
    """The bytes of a chat request."""
    messages = [{"role": "user", "content": PROMPT.format(text)}]
    body = json.dumps({"model": "any", "messages": messages}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Load:
    """What is still to be asked, and what came back."""

    requests: Iterator[bytes]
    open: int
    """Connections that have not ended."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    statuses: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)

    def end(self) -> None:
        """Counts a connection out."""
        self.open -= 1
        if not self.open:
            self.done.set()


class Connection(asyncio.Protocol):
    """One request after the other, of responses that say their length."""

    def __init__(self, load: Load) -> None:
        self._load, self._received, self._sent = load, b"", 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        assert self._transport is not None
        request = next(self._load.requests, None)
        if request is None:
            self._sent = 0.0
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._received = b""
        self._load.milliseconds.append(1000 * (time.perf_counter() - self._sent))
        self._load.statuses[head[9:12].decode()] += 1
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._sent:
            self._load.statuses[LOST] += 1
        self._load.end()


async def run(port: int, texts: list[str], connections: int, count: int) -> dict[str, object]:
    """Asks `count` times over so many connections."""
    requests = islice(cycle([render(text) for text in texts]), count)
    load, loop = Load(requests, connections), asyncio.get_running_loop()
    start = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: Connection(load), "127.0.0.1", port)
    await load.done.wait()
    seconds = time.perf_counter() - start
    slow = quantiles(load.milliseconds, n=100)[-1] if len(load.milliseconds) > 1 else 0.0
    return {
        "seconds": seconds,
        "statuses": dict(load.statuses),
        "p50": median(load.milliseconds),
        "p99": slow,
    }


def main() -> None:
    """Asks as the command line says."""
    port, connections, count = int(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
    texts = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    print(json.dumps(asyncio.run(run(port, texts, connections, count))))


if __name__ == "__main__":
    main()
