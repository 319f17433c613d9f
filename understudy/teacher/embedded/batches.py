"""The embedded teacher's desk for batches: uploaded files, and the work on them in the background.

Files and batches have the fields and limits of OpenAI's. They live in memory, as long as the desk.
"""

import asyncio
import json
import time
from collections.abc import Container
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

from understudy.teacher.embedded.replies import RefusedError, complete

ENDPOINT = "/v1/chat/completions"
WINDOW, WINDOW_SECONDS = "24h", 24 * 60 * 60
MAX_LINES, MAX_BYTES = 50_000, 200_000_000
FINAL = frozenset({"failed", "completed", "cancelled"})
UNASKED = "The batch was cancelled before this request executed."
Json = dict[str, Any]


def _now() -> int:
    return int(time.time())


def _new_id(prefix: str) -> str:
    return prefix + uuid4().hex


@dataclass(frozen=True)
class StoredFile:
    """A file that was uploaded, or that a batch has written."""

    filename: str
    purpose: str
    content: bytes = field(repr=False)
    id: str = field(default_factory=lambda: _new_id("file-"))
    created_at: int = field(default_factory=_now)

    def describe(self) -> Json:
        """The file object of the API."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


@dataclass
class Batch:
    """A batch and how far it is, in the fields of the API's batch object."""

    input_file_id: str
    metadata: dict[str, str] | None
    id: str = field(default_factory=lambda: _new_id("batch_"))
    object: str = "batch"
    endpoint: str = ENDPOINT
    completion_window: str = WINDOW
    status: str = "validating"
    errors: Json | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int = field(default_factory=_now)
    expires_at: int = field(default_factory=lambda: _now() + WINDOW_SECONDS)
    in_progress_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    request_counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("total", "completed", "failed"), 0)
    )

    def move_to(self, status: str) -> None:
        """Enters a status, and notes when."""
        self.status = status
        setattr(self, f"{status}_at", _now())

    def describe(self) -> Json:
        """The batch object of the API."""
        return asdict(self)


class BatchDesk:
    """Keeps files and batches, and works batches off while its event loop runs."""

    def __init__(self) -> None:
        self.files: dict[str, StoredFile] = {}
        self.batches: dict[str, Batch] = {}
        self._working: set[asyncio.Task[None]] = set()

    def add_file(self, filename: str, purpose: str, content: bytes) -> StoredFile:
        """Keeps a file under a new id."""
        file = StoredFile(filename, purpose, content)
        self.files[file.id] = file
        return file

    def find_file(self, file_id: str) -> StoredFile:
        """Finds a file, or raises a RefusedError of status 404."""
        if file_id not in self.files:
            raise RefusedError(404, f"No such File object: {file_id}", param="id")
        return self.files[file_id]

    def find_batch(self, batch_id: str) -> Batch:
        """Finds a batch, or raises a RefusedError of status 404."""
        if batch_id not in self.batches:
            raise RefusedError(404, f"No batch found with id '{batch_id}'.", param="batch_id")
        return self.batches[batch_id]

    def open_batch(self, file: StoredFile, metadata: dict[str, str] | None) -> Batch:
        """Takes a batch in, and begins to work on it in the background."""
        batch = Batch(file.id, metadata)
        self.batches[batch.id] = batch
        task = asyncio.create_task(self._work_off(batch, file.content))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return batch

    def cancel(self, batch: Batch) -> None:
        """Stops a batch before its next line, or raises a RefusedError of status 409 at its end."""
        if batch.status in FINAL:
            raise RefusedError(409, f"Cannot cancel a batch with status '{batch.status}'.")
        if batch.status != "cancelling":
            batch.move_to("cancelling")

    async def close(self) -> None:
        """Ends all work, finished or not."""
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _work_off(self, batch: Batch, content: bytes) -> None:
        orders, errors = await _validate(content)
        if errors:
            batch.errors = {"object": "list", "data": errors}
            batch.move_to("failed")
            return
        batch.request_counts["total"] = len(orders)
        if batch.status != "cancelling":
            batch.move_to("in_progress")
        answered, failed = await _answer(batch, orders)
        if batch.status != "cancelling":
            batch.move_to("finalizing")
        await asyncio.sleep(0)
        batch.output_file_id = self._write(f"{batch.id}_output.jsonl", answered)
        batch.error_file_id = self._write(f"{batch.id}_error.jsonl", failed)
        batch.move_to("cancelled" if batch.status == "cancelling" else "completed")

    def _write(self, filename: str, lines: list[Json]) -> str | None:
        if not lines:
            return None
        content = "".join(json.dumps(line) + "\n" for line in lines)
        return self.add_file(filename, "batch_output", content.encode()).id


class _LineError(Exception):
    """What is wrong with an input file or one of its lines: code, message and parameter."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param

    def describe(self, line: int | None) -> Json:
        return {"code": self.code, "line": line, "message": self.message, "param": self.param}


async def _validate(content: bytes) -> tuple[list[Json], list[Json]]:
    """The orders of an input file, and the errors in it."""
    orders, errors = dict[str, Json](), list[Json]()
    lines = [(n, line) for n, line in enumerate(content.splitlines(), start=1) if line.strip()]
    if refusal := _too_much_or_nothing(len(content), len(lines)):
        return [], [refusal.describe(None)]
    for number, line in lines:
        await asyncio.sleep(0)
        try:
            order = _read_order(line, orders)
            orders[order["custom_id"]] = order
        except _LineError as error:
            errors.append(error.describe(number))
    return list(orders.values()), errors


def _too_much_or_nothing(size: int, count: int) -> _LineError | None:
    if size > MAX_BYTES:
        return _LineError("file_too_large", f"The file has {size} bytes, over {MAX_BYTES}.")
    if count > MAX_LINES:
        return _LineError("too_many_tasks", f"The file has {count} requests, over {MAX_LINES}.")
    return None if count else _LineError("empty_file", "The file has no requests.")


def _read_order(line: bytes, known: Container[str]) -> Json:
    try:
        order = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        order = None
    if not isinstance(order, dict):
        raise _LineError("invalid_json_line", "This line is not parseable as a JSON object.")
    for name in ("custom_id", "method", "url", "body"):
        if order.get(name) is None:
            raise _LineError("missing_required_parameter", f"Missing parameter: '{name}'.", name)
    _check_values(order, known)
    return order


def _check_values(order: Json, known: Container[str]) -> None:
    name, body = order["custom_id"], order["body"]
    call = isinstance(body, dict) and {"model", "messages"} <= body.keys()
    for right, code, param, message in (
        (isinstance(name, str), "invalid_value", "custom_id", "must be a string"),
        (str(name) not in known, "duplicate_custom_id", "custom_id", "is that of an earlier line"),
        (order["method"] == "POST", "invalid_method", "method", "must be 'POST'"),
        (order["url"] == ENDPOINT, "url_mismatch", "url", f"must be '{ENDPOINT}'"),
        (call, "invalid_value", "body", "must be an object with 'model' and 'messages'"),
    ):
        if not right:
            raise _LineError(code, f"'{param}' {message}.", param)


async def _answer(batch: Batch, orders: list[Json]) -> tuple[list[Json], list[Json]]:
    """Lines for the output file and for the error file."""
    answered, failed = list[Json](), list[Json]()
    for order in orders:
        await asyncio.sleep(0)
        line = {"id": _new_id("batch_req_"), "custom_id": order["custom_id"]}
        if batch.status == "cancelling":
            failed.append(
                line | {"response": None, "error": {"code": "batch_cancelled", "message": UNASKED}}
            )
            continue
        response = _respond(order["body"])
        good = response["status_code"] == 200
        (answered if good else failed).append(line | {"response": response, "error": None})
        batch.request_counts["completed" if good else "failed"] += 1
    return answered, failed


def _respond(call: Json) -> Json:
    try:
        status, body = 200, complete(call)
    except RefusedError as error:
        status, body = error.status, error.body
    return {"status_code": status, "request_id": _new_id("req_"), "body": body}
