"""The embedded teacher: rules behind an OpenAI-compatible server on loopback.

It is no language model and says so in its name. It lets the whole pipeline run offline through
the same client, over the same protocol, as any other endpoint: chat completions and what our
client uses of files and batches.
Run: python -m understudy.teacher.embedded.server, then point any OpenAI client at it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from understudy.teacher.embedded.batches import ENDPOINT, BatchStore
from understudy.teacher.embedded.replies import MODEL, RULES, RefusedError, complete

LOOPBACK = "127.0.0.1"
MAX_BODY = 512 * 2**20  # what OpenAI takes as a file
PAGE = 20
SHUTDOWN_SECONDS = 1.0
"""Time that open connections have to end when the server does; its rules answer at once."""
STORE = web.AppKey("store", BatchStore)


async def _chat_completions(request: web.Request) -> web.Response:
    return web.json_response(complete(await _read_json(request)))


async def _models(_: web.Request) -> web.Response:
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "understudy"}
    return web.json_response({"object": "list", "data": [model]})


async def _create_file(request: web.Request) -> web.Response:
    try:
        form = await request.post()
    except ValueError:
        raise RefusedError(400, "The body is not valid multipart/form-data.") from None
    file = form.get("file")
    if form.get("purpose") != "batch":
        raise _invalid("purpose", "'batch'")
    if not isinstance(file, web.FileField) or not file.filename.endswith(".jsonl"):
        raise _invalid("file", "a file whose name ends in .jsonl")
    stored = request.app[STORE].add_file(file.filename, "batch", file.file.read())
    return web.json_response(stored.describe())


async def _file_content(request: web.Request) -> web.Response:
    return web.Response(body=_find(request.app[STORE].files, request.match_info["file"]).content)


async def _create_batch(request: web.Request) -> web.Response:
    asked, store = await _read_json(request), request.app[STORE]
    if not isinstance(asked, dict):
        raise RefusedError(400, "Expected an object with 'input_file_id'.")
    for param, only in (("endpoint", ENDPOINT), ("completion_window", "24h")):
        if asked.get(param) != only:
            raise _invalid(param, f"'{only}'")
    file = _find(store.files, asked.get("input_file_id"))
    if file.purpose != "batch":
        raise _invalid("input_file_id", f"a file for batches, not for '{file.purpose}'")
    return web.json_response(store.open_batch(file, asked.get("metadata")).describe())


async def _list_batches(request: web.Request) -> web.Response:
    batches, after = request.app[STORE].batches, request.query.get("after")
    names = list(reversed(batches))  # newest first
    start = names.index(_find(batches, after).id) + 1 if after else 0
    try:
        end = start + min(max(int(request.query.get("limit", PAGE)), 1), 100)
    except ValueError:
        raise _invalid("limit", "a number from 1 to 100") from None
    page = [batches[name].describe() for name in names[start:end]]
    return web.json_response({"object": "list", "data": page, "has_more": end < len(names)})


async def _retrieve_batch(request: web.Request) -> web.Response:
    batch = _find(request.app[STORE].batches, request.match_info["batch"])
    return web.json_response(batch.describe())


async def _read_json(request: web.Request) -> Any:
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise RefusedError(400, "The body is not valid JSON.") from None


def _find(known: dict[str, Any], name: Any) -> Any:
    if name not in known:
        raise RefusedError(404, f"No such object: '{name}'.", param="id")
    return known[name]


def _invalid(param: str, expected: str) -> RefusedError:
    return RefusedError(400, f"Invalid '{param}': expected {expected}.", "invalid_value", param)


@web.middleware
async def _refuse_in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RefusedError as error:
        return web.json_response(error.body, status=error.status)
    except web.HTTPException as error:
        refused = RefusedError(error.status, f"{error.reason}: {request.method} {request.path}")
        return web.json_response(refused.body, status=error.status)


async def _with_store(app: web.Application) -> AsyncIterator[None]:
    app[STORE] = BatchStore()
    yield
    await app[STORE].close()


def _build_app() -> web.Application:
    app = web.Application(client_max_size=MAX_BODY, middlewares=[_refuse_in_json])
    app.cleanup_ctx.append(_with_store)
    app.add_routes(
        [
            web.post(ENDPOINT, _chat_completions),
            web.get("/v1/models", _models),
            web.post("/v1/files", _create_file),
            web.get("/v1/files/{file}/content", _file_content),
            web.post("/v1/batches", _create_batch),
            web.get("/v1/batches", _list_batches),
            web.get("/v1/batches/{batch}", _retrieve_batch),
        ]
    )
    return app


@asynccontextmanager
async def serve(port: int = 0) -> AsyncIterator[str]:
    """Serves on loopback while the block runs, and yields the address that ends in /v1."""
    runner = web.AppRunner(_build_app(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, port)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://{LOOPBACK}:{bound}/v1"
    finally:
        await runner.cleanup()


async def _serve_forever() -> None:
    async with serve(port=8765) as address:
        print(f"{MODEL}-{RULES} listens on {address}; Ctrl-C ends it", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve_forever())
