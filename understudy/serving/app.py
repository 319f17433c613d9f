"""The routes of the server; what answers is handed in.

In:  a service: a task, what answers it, and what counts.
Out: an ASGI application for one worker.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from understudy.serving.answering import (
    Answerer,
    Reply,
    Student,
    StudentAnswerer,
    Task,
    Values,
    Wanted,
    warm_up,
)
from understudy.serving.batching import Batch, Batcher, Limits
from understudy.serving.chat import (
    ChatRequest,
    check_format,
    check_letters,
    complete,
    count_tokens,
    find_values,
    read_chat,
    read_json,
    stream,
    tell_decision,
    wrap,
)
from understudy.serving.guards import (
    BODY_SECONDS,
    Guard,
    make_id,
    read_body,
    to_response,
    unless_gone,
)
from understudy.serving.monitoring import Log, Meters, log, log_failure
from understudy.serving.openapi import describe_api
from understudy.serving.rejections import RejectedError, stopping

Relay = Callable[[ChatRequest], Coroutine[Any, Any, Reply]]


@dataclass(frozen=True)
class Service:
    """What one worker answers with."""

    model: str
    """The name of what answers, in responses."""
    task: Task
    answerer: Answerer
    batcher: Batcher[Values]
    meters: Meters
    key: str | None = None
    """What clients must send as a bearer token; None where they need none."""
    log_texts: bool = False
    body_seconds: float = BODY_SECONDS
    """Time that the body of a request has to come in."""
    log: Log = log
    """Notes requests."""
    relay: Relay | None = None
    """Answers messages that are not the task; None refuses them."""
    opened: Callable[[], AbstractAsyncContextManager[Any]] = nullcontext
    """Is entered before the first request, and left after the last one."""
    update: Callable[[], None] = lambda: None
    """Brings figures up to date before they are shown."""


def open_service(
    student: Student,
    task: Task,
    limits: Limits,
    key: str | None = None,
    *,
    log_texts: bool = False,
    meters: Meters | None = None,
) -> Service:
    """A service in which a student answers every request of its task."""
    meters = meters or Meters()

    def encode(values: Values) -> list[int]:
        return student.encode(task.join(values))

    def observe(batch: Batch) -> None:
        meters.observe(batch, batcher.queued)

    batcher = Batcher(encode, student.decode, limits, observe, log_failure)
    answerer = StudentAnswerer(student, batcher)
    return Service(student.name, task, answerer, batcher, meters, key, log_texts)


def build_app(service: Service) -> Starlette:
    """The application; it is ready, and warm, when its startup is over."""
    routes = _Routes(service)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with service.opened():
            await warm_up(service.batcher, service.task.columns)
            routes.ready = True
            yield
            routes.stop()
        service.batcher.close()

    app = Starlette(
        routes=[
            Route("/v1/chat/completions", routes.chat, methods=["POST"]),
            Route("/v1/summaries", routes.summarize, methods=["POST"]),
            Route("/v1/models", routes.list_models),
            Route("/v1/models/{name:path}", routes.show_model),
            Route("/healthz", routes.tell_health),
            Route("/readyz", routes.tell_readiness),
            Route("/metrics", routes.show_metrics),
            Route("/openapi.json", routes.show_api),
        ],
        middleware=[Middleware(Guard, meters=service.meters, key=service.key, log=service.log)],
        exception_handlers={HTTPException: _refuse},
        lifespan=lifespan,
    )
    app.state.model, app.state.meters, app.state.stop = service.model, service.meters, routes.stop
    return app


async def _refuse(_: Request, error: Exception) -> Response:
    """What Starlette itself refuses, in the form of the others."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these only
    expected = "GET /openapi.json lists what there is."
    message = f"{error.detail}: {expected}"
    return to_response(RejectedError(error.status_code, message, headers=error.headers))


class _Routes:
    """One method a route."""

    def __init__(self, service: Service) -> None:
        self._service, self._task = service, service.task
        self._started, self.ready = int(time.time()), False
        self._api = describe_api(service.task)

    def stop(self) -> None:
        """Is not ready any more."""
        self.ready = False

    async def chat(self, request: Request) -> Response:
        asked = read_chat(await self._read(request))
        values = self._task.match(asked.messages)
        if values is not None or self._service.relay is None:
            check_format(asked, self._task.field)
        if values is None:
            reply = await self._relay(request, asked)
            text = reply.text
        else:
            reply = await self._answer(request, values, asked.wanted)
            text = wrap(reply.text, self._task.field)
        given = f"chatcmpl-{make_id()}", self._name_model(reply), asked, reply, text
        headers = tell_decision(reply)
        if not asked.stream:
            return JSONResponse(complete(*given), headers=headers)
        events = _iterate(stream(*given))
        headers["cache-control"] = "no-cache"
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def summarize(self, request: Request) -> Response:
        values = find_values(read_json(await self._read(request)), self._task.columns)
        reply = await self._answer(request, values, Wanted())
        return JSONResponse(
            {
                "id": f"summary-{make_id()}",
                "object": "summary",
                "model": self._name_model(reply),
                "summary": reply.text,
                "finish_reason": reply.finish,
                "usage": count_tokens(reply),
            },
            headers=tell_decision(reply),
        )

    async def _read(self, request: Request) -> bytes:
        return await read_body(request, self._service.body_seconds)

    def _name_model(self, reply: Reply) -> str:
        return self._service.model if reply.decision is None else reply.decision.model

    async def _relay(self, request: Request, asked: ChatRequest) -> Reply:
        """Lets the teacher answer messages that are not the task, where that is wanted."""
        if self._service.relay is None:
            why = self._task.explain(asked.messages)
            raise RejectedError(422, why, "not_the_task", "messages")
        check_letters({"messages": json.dumps(asked.messages, ensure_ascii=False)})
        reply = await unless_gone(request, self._service.relay(asked))
        self._note(request, reply)
        if self._service.log_texts:
            request.scope["facts"] |= {"messages": asked.messages, "answer": reply.text}
        return reply

    async def _answer(self, request: Request, values: Values, wanted: Wanted) -> Reply:
        check_letters(values)
        reply = await unless_gone(request, self._service.answerer.answer(values, wanted))
        self._note(request, reply)
        if self._service.log_texts:
            request.scope["facts"] |= {"input": dict(values), "answer": reply.text}
        return reply

    def _note(self, request: Request, reply: Reply) -> None:
        facts: dict[str, Any] = request.scope["facts"]
        facts |= {"read_tokens": reply.read_tokens, "written_tokens": reply.written_tokens}
        decision = reply.decision
        if decision is None or decision.by == "student":
            tokens = self._service.meters.tokens
            tokens.labels("read").inc(reply.read_tokens)
            tokens.labels("written").inc(reply.written_tokens)
            waited = round(reply.waited_seconds * 1000, 1)
            facts |= {"waited_ms": waited, "batch": reply.batch}
        if decision is not None:
            told = {"answered_by": decision.by, "why": decision.why}
            more = {"confidence": decision.confidence, "teacher_failed": decision.failed}
            facts |= told | {name: value for name, value in more.items() if value is not None}

    async def list_models(self, _: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._describe_model()]})

    async def show_model(self, request: Request) -> Response:
        if request.path_params["name"] != self._service.model:
            message = f"No such model here: expected '{self._service.model}'."
            raise RejectedError(404, message, "model_not_found", "model")
        return JSONResponse(self._describe_model())

    def _describe_model(self) -> dict[str, Any]:
        return {
            "id": self._service.model,
            "object": "model",
            "created": self._started,
            "owned_by": "understudy",
        }

    async def tell_health(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def tell_readiness(self, _: Request) -> Response:
        if not self.ready:
            raise stopping()
        return PlainTextResponse("ready\n")

    async def show_metrics(self, _: Request) -> Response:
        meters = self._service.meters
        meters.waiting.set(self._service.batcher.queued)
        self._service.update()
        return Response(meters.render(), media_type=meters.content_type)

    async def show_api(self, _: Request) -> Response:
        return JSONResponse(self._api)


async def _iterate(events: Iterator[str]) -> AsyncIterator[str]:
    """Spares the thread that Starlette would take for each event."""
    for event in events:
        yield event
