"""The embedded teacher: rules behind an OpenAI-compatible server on loopback.

It is no language model and says so in its name. It lets the whole pipeline run offline through
the same client, over the same protocol, as any other endpoint: chat completions, files, batches.
Run: python -m understudy.teacher.embedded.server, then point any OpenAI client at it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from understudy.teacher.embedded.batches import ENDPOINT, WINDOW, BatchDesk
from understudy.teacher.embedded.replies import MODEL, RULES, RefusedError, complete

LOOPBACK = "127.0.0.1"
MAX_BODY = 512 * 2**20  # what OpenAI takes as a file; a batch's own limit is lower
DESK = web.AppKey("desk", BatchDesk)
Json = dict[str, Any]


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
    if not isinstance(file, web.FileField):
        raise _invalid("file", "a file")
    if not file.filename.endswith(".jsonl"):
        raise RefusedError(400, "Invalid file format for Batch API. Must be .jsonl", param="file")
    stored = request.app[DESK].add_file(file.filename, "batch", file.file.read())
    return web.json_response(stored.describe())


async def _list_files(request: web.Request) -> web.Response:
    files = [file.describe() for file in request.app[DESK].files.values()]
    if request.query.get("order") != "asc":
        files.reverse()
    purpose = request.query.get("purpose")
    found = [file for file in files if purpose in (None, file["purpose"])]
    return _page(request, found, default=10_000, most=10_000)


async def _retrieve_file(request: web.Request) -> web.Response:
    file = request.app[DESK].find_file(request.match_info["file"])
    return web.json_response(file.describe())


async def _delete_file(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    file = desk.find_file(request.match_info["file"])
    del desk.files[file.id]
    return web.json_response({"id": file.id, "object": "file", "deleted": True})


async def _file_content(request: web.Request) -> web.Response:
    file = request.app[DESK].find_file(request.match_info["file"])
    return web.Response(body=file.content)


async def _create_batch(request: web.Request) -> web.Response:
    order, desk = await _read_json(request), request.app[DESK]
    if not isinstance(order, dict):
        raise RefusedError(400, "Expected an object with 'input_file_id'.")
    _check_order(order)
    file = desk.find_file(order["input_file_id"])
    if file.purpose != "batch":
        raise _invalid("input_file_id", f"a file for batches, not for '{file.purpose}'")
    return web.json_response(desk.open_batch(file, order.get("metadata")).describe())


async def _list_batches(request: web.Request) -> web.Response:
    newest_first = reversed(request.app[DESK].batches.values())
    return _page(request, [batch.describe() for batch in newest_first], default=20, most=100)


async def _retrieve_batch(request: web.Request) -> web.Response:
    batch = request.app[DESK].find_batch(request.match_info["batch"])
    return web.json_response(batch.describe())


async def _cancel_batch(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    batch = desk.find_batch(request.match_info["batch"])
    desk.cancel(batch)
    return web.json_response(batch.describe())


async def _read_json(request: web.Request) -> object:
    try:
        content: object = await request.json()
    except (ValueError, RecursionError):
        raise RefusedError(400, "The body is not valid JSON.") from None
    return content


def _invalid(param: str, expected: str) -> RefusedError:
    return RefusedError(400, f"Invalid '{param}': expected {expected}.", "invalid_value", param)


def _check_order(order: Json) -> None:
    for param, only in (("endpoint", ENDPOINT), ("completion_window", WINDOW)):
        if order.get(param) != only:
            raise _invalid(param, f"'{only}'")
    if not isinstance(order.get("input_file_id"), str):
        raise _invalid("input_file_id", "the id of a file")
    if not _is_metadata(order.get("metadata")):
        raise _invalid("metadata", "at most 16 strings of at most 512 characters, by name")


def _is_metadata(metadata: object) -> bool:
    if not isinstance(metadata, dict):
        return metadata is None
    return len(metadata) <= 16 and all(
        len(name) <= 64 and isinstance(value, str) and len(value) <= 512
        for name, value in metadata.items()
    )


def _page(request: web.Request, entries: list[Json], default: int, most: int) -> web.Response:
    """The part of a list that a query asks for with `after` and `limit`."""
    limit, after = _read_limit(request, default, most), request.query.get("after")
    ids = [entry["id"] for entry in entries]
    if after is not None and after not in ids:
        raise RefusedError(404, f"No such object in this list: '{after}'.", param="after")
    start = 0 if after is None else ids.index(after) + 1
    part = entries[start : start + limit]
    return web.json_response(
        {
            "object": "list",
            "data": part,
            "first_id": part[0]["id"] if part else None,
            "last_id": part[-1]["id"] if part else None,
            "has_more": start + limit < len(entries),
        }
    )


def _read_limit(request: web.Request, default: int, most: int) -> int:
    limit = request.query.get("limit", str(default))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= most):
        raise _invalid("limit", f"a number from 1 to {most}")
    return int(limit)


@web.middleware
async def _refuse_in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RefusedError as error:
        return web.json_response(error.body, status=error.status)
    except web.HTTPException as error:
        refused = RefusedError(error.status, f"{error.reason}: {request.method} {request.path}")
        return web.json_response(refused.body, status=error.status)


async def _with_desk(app: web.Application) -> AsyncIterator[None]:
    app[DESK] = BatchDesk()
    yield
    await app[DESK].close()


def _build_app() -> web.Application:
    app = web.Application(client_max_size=MAX_BODY, middlewares=[_refuse_in_json])
    app.cleanup_ctx.append(_with_desk)
    app.add_routes(
        [
            web.post(ENDPOINT, _chat_completions),
            web.get("/v1/models", _models),
            web.post("/v1/files", _create_file),
            web.get("/v1/files", _list_files),
            web.get("/v1/files/{file}", _retrieve_file),
            web.delete("/v1/files/{file}", _delete_file),
            web.get("/v1/files/{file}/content", _file_content),
            web.post("/v1/batches", _create_batch),
            web.get("/v1/batches", _list_batches),
            web.get("/v1/batches/{batch}", _retrieve_batch),
            web.post("/v1/batches/{batch}/cancel", _cancel_batch),
        ]
    )
    return app


@asynccontextmanager
async def serve(port: int = 0) -> AsyncIterator[str]:
    """Serves on loopback while the block runs, and yields the address that ends in /v1."""
    runner = web.AppRunner(_build_app(), access_log=None)
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
