"""A chat endpoint that answers at once or after a while.

It is a process of its own, so that what is measured has a core to itself.
Run: python -m tests.benchmarks.chat_server SECONDS PER_MINUTE, with the seconds before each answer
and the requests a minute that it allows, 0 for no limit. It prints its port; GET /counts tells when
it has accepted and refused calls.
"""

import asyncio
import json
import sys
import time
from collections import deque

from aiohttp import web

WINDOW = 60.0
MESSAGE = {"role": "assistant", "content": "word " * 300, "refusal": None}
USAGE = {"prompt_tokens": 80, "completion_tokens": 350, "total_tokens": 430}
ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "double",
        "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
        "usage": USAGE,
    }
).encode()
REFUSAL = {"message": "Slow down.", "type": "requests", "code": "rate_limit_exceeded"}


class Desk:
    """Answers, within a sliding window of requests."""

    def __init__(self, seconds: float, per_minute: int) -> None:
        self._seconds, self._limit = seconds, per_minute
        self._window: deque[float] = deque()
        self.accepted: list[float] = []
        self.refused: list[float] = []

    async def complete(self, request: web.Request) -> web.Response:
        """A chat completion, or HTTP 429."""
        await request.read()
        now = time.monotonic()
        while self._window and self._window[0] <= now - WINDOW:
            self._window.popleft()
        if self._limit and len(self._window) >= self._limit:
            self.refused.append(now)
            wait = max(1, round(1000 * (self._window[0] + WINDOW - now)))
            headers = {"retry-after-ms": str(wait)}
            return web.json_response({"error": REFUSAL}, status=429, headers=headers)
        self._window.append(now)
        self.accepted.append(now)
        await asyncio.sleep(self._seconds)
        return web.Response(body=ANSWER, content_type="application/json", headers=self._headers())

    async def counts(self, _: web.Request) -> web.Response:
        """When calls were accepted and refused, in seconds of this process's clock."""
        return web.json_response({"accepted": self.accepted, "refused": self.refused})

    async def models(self, _: web.Request) -> web.Response:
        """The list of models."""
        return web.json_response({"object": "list", "data": [{"id": "double"}]})

    def _headers(self) -> dict[str, str]:
        if not self._limit:
            return {}
        left = self._limit - len(self._window)
        return {
            "x-ratelimit-limit-requests": str(self._limit),
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": "60s",
        }


async def serve(seconds: float, per_minute: int) -> None:
    """Serves on loopback until it is killed."""
    desk, app = Desk(seconds, per_minute), web.Application()
    app.router.add_post("/v1/chat/completions", desk.complete)
    app.router.add_get("/v1/models", desk.models)
    app.router.add_get("/counts", desk.counts)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), int(sys.argv[2])))
