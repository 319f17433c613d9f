"""What stands before every route: ids, the key, size and time of a body, one line of log each."""

import asyncio
import hmac
import random
import re
import traceback
from collections.abc import Coroutine
from time import perf_counter
from typing import Any, TypeVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from understudy.serving.monitoring import Log, Meters, log
from understudy.serving.rejections import RejectedError

MAX_BODY = 2**20
BODY_SECONDS = 10.0
"""Time that a body has to come in."""
OPEN = ("/healthz", "/readyz")
"""Routes that need no key, as whatever starts and stops servers has none."""
QUIET = (*OPEN, "/metrics")
"""Routes that machines ask all the time: a line is logged where they go wrong."""
ROUTES = (*QUIET, "/openapi.json", "/v1/models", "/v1/chat/completions", "/v1/summaries")
GONE = 499
"""Status in logs and metrics of a client that did not wait."""
IDENTITY = re.compile(r"[\w.-]{1,64}", re.ASCII)
T = TypeVar("T")


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, meters: Meters, key: str | None, log: Log = log) -> None:
        self._app, self._meters, self._log = app, meters, log
        self._key = None if key is None else f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, and notes what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, sent = perf_counter(), _Sent(send, _identify(scope))
        facts: dict[str, Any] = {}
        scope["facts"], scope["identity"] = facts, sent.identity
        self._meters.active.inc()
        try:
            await self._answer(scope, receive, sent)
        finally:
            self._meters.active.dec()
            self._note(scope, sent, perf_counter() - start, facts)

    async def _answer(self, scope: Scope, receive: Receive, sent: "_Sent") -> None:
        try:
            self._check_key(scope)
            await self._app(scope, receive, sent)
        except ClientGoneError:
            self._meters.gone.inc()
            sent.status = GONE
        except RejectedError as error:
            await to_response(error)(scope, receive, sent)
        except Exception as error:  # noqa: BLE001 - a bug is one request's, not the server's
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename}:{place.lineno}"  # its text may quote the client's
            self._log("bug", "error", id=sent.identity, error=type(error).__name__, at=where)
            if not sent.status:
                failed = RejectedError(500, "The server failed; its log says where.", "bug")
                await to_response(failed)(scope, receive, sent)

    def _check_key(self, scope: Scope) -> None:
        if self._key is None or scope["path"] in OPEN:
            return
        given = Headers(scope=scope).get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, self._key):
            raise RejectedError(
                401,
                "Missing or wrong key: send the server's UNDERSTUDY_SERVE_KEY as a bearer token.",
                "invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )

    def _note(self, scope: Scope, sent: "_Sent", seconds: float, facts: dict[str, Any]) -> None:
        path = scope["path"]
        route = path if path in ROUTES else "other"
        status = sent.status or GONE
        self._meters.requests.labels(route, str(status)).inc()
        self._meters.seconds.labels(route).observe(seconds)
        if status == 200 and route in QUIET:
            return
        shown = {"method": scope["method"], "route": route, "status": status}
        self._log("request", id=sent.identity, **shown, ms=round(seconds * 1000, 1), **facts)


class _Sent:
    """Sends a response with its id, and remembers its status."""

    def __init__(self, send: Send, identity: str) -> None:
        self._send, self.identity, self.status = send, identity, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["x-request-id"] = self.identity
        await self._send(message)


def _identify(scope: Scope) -> str:
    """The id that the client gave its request, if that can be one, or a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if IDENTITY.fullmatch(given) else f"req_{make_id()}"


def make_id() -> str:
    """An id that no other has: random, not secret, and without a call of the system."""
    return f"{random.getrandbits(128):032x}"


def to_response(error: RejectedError) -> Response:
    """What a client gets in place of an answer."""
    from starlette.responses import JSONResponse

    return JSONResponse(error.body, error.status, error.headers)


async def read_body(request: Request, seconds: float = BODY_SECONDS) -> bytes:
    """The body of a request that has JSON, which has `seconds` to come in.

    Raises:
        RejectedError: it is of another type, too long, or too slow.
        ClientGoneError: it never came to its end.
    """
    from starlette.requests import ClientDisconnect

    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RejectedError(
            415, "Expected a body of JSON: send content-type: application/json.", "not_json"
        )
    length = request.headers.get("content-length", "0")
    if int(length) > MAX_BODY:  # h11 has checked that it is a number
        raise _too_large()
    try:
        async with asyncio.timeout(seconds):
            return await _collect(request)
    except TimeoutError:
        raise RejectedError(
            408,
            f"The body took longer than {seconds:g} s: send it at once.",
            "slow_body",
            headers={"connection": "close"},
        ) from None
    except ClientDisconnect:
        raise ClientGoneError from None


async def _collect(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise _too_large()
    return bytes(body)


def _too_large() -> RejectedError:
    return RejectedError(413, f"The body has more than {MAX_BODY:,} bytes.", "body_too_large")


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Does a request's work as long as its client waits; its body must have been read.

    Raises:
        ClientGoneError: the client has left; the work was cancelled.
    """
    current, waits = asyncio.current_task(), True

    def leave(gone: "asyncio.Task[None]") -> None:
        if waits and current is not None and not gone.cancelled():
            current.cancel()

    gone = asyncio.create_task(_wait_for_end(request))
    gone.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if gone.done() and current is not None and not current.uncancel():
            raise ClientGoneError from None
        raise  # the server ends
    finally:
        waits = False
        gone.cancel()


async def _wait_for_end(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
