"""The embedded teacher's files and batches, and the work on them in the background.

Both have the fields of OpenAI's. They live in memory, as long as the store.
"""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

from understudy.teacher.embedded.replies import RefusedError, complete

ENDPOINT = "/v1/chat/completions"
Json = dict[str, Any]


def _new_id(prefix: str) -> str:
    return prefix + uuid4().hex


@dataclass(frozen=True)
class StoredFile:
    """A file that was uploaded, or that a batch has written."""

    filename: str
    purpose: str
    content: bytes = field(repr=False)
    id: str = field(default_factory=lambda: _new_id("file-"))
    created_at: int = field(default_factory=lambda: int(time.time()))

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
    metadata: dict[str, str] | None = None
    endpoint: str = ENDPOINT
    completion_window: str = "24h"
    id: str = field(default_factory=lambda: _new_id("batch_"))
    object: str = "batch"
    status: str = "validating"
    errors: Json | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int = field(default_factory=lambda: int(time.time()))
    request_counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("total", "completed", "failed"), 0)
    )

    def fail(self, code: str, message: str, line: int | None = None) -> None:
        """Ends the batch before any of its requests."""
        error = {"code": code, "line": line, "message": message, "param": None}
        self.errors = {"object": "list", "data": [error]}
        self.status = "failed"

    def describe(self) -> Json:
        """The batch object of the API."""
        return asdict(self)


def read_requests(content: bytes) -> list[Json]:
    """The lines of an input file.

    Raises:
        RefusedError: a line is no request, or there is none; its `param` is the line's number.
    """
    requests: dict[str, Json] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            request = json.loads(line.decode("utf-8"))
            name, body = request["custom_id"], request["body"]
            target = request["method"], request["url"]
        except (ValueError, RecursionError, TypeError, KeyError):
            raise _refuse("invalid_json_line", "is no request in JSON", number) from None
        if target not in (("POST", ENDPOINT), ("POST", ENDPOINT.removeprefix("/v1"))):
            raise _refuse("url_mismatch", f"is not for POST {ENDPOINT}", number)
        if not isinstance(name, str) or not isinstance(body, dict):
            raise _refuse("invalid_value", "has a wrong 'custom_id' or 'body'", number)
        if requests.setdefault(name, request) is not request:
            raise _refuse("duplicate_custom_id", "has an earlier line's 'custom_id'", number)
    if not requests:
        raise _refuse("empty_file", "is missing: the file has no requests", 1)
    return list(requests.values())


def _refuse(code: str, problem: str, line: int) -> RefusedError:
    return RefusedError(400, f"Line {line} {problem}.", code, str(line))


def write_lines(lines: Iterable[Json]) -> bytes:
    """The content of a result file."""
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


class BatchStore:
    """Keeps files and batches, and runs batches while its event loop runs."""

    def __init__(self) -> None:
        self.files: dict[str, StoredFile] = {}
        self.batches: dict[str, Batch] = {}
        self._working: set[asyncio.Task[None]] = set()

    def add_file(self, filename: str, purpose: str, content: bytes) -> StoredFile:
        """Keeps a file under a new id."""
        file = StoredFile(filename, purpose, content)
        self.files[file.id] = file
        return file

    def open_batch(self, file: StoredFile, metadata: dict[str, str] | None) -> Batch:
        """Takes a batch in, and begins to run it in the background."""
        batch = Batch(file.id, metadata)
        self.batches[batch.id] = batch
        task = asyncio.create_task(self._run(batch, file.content))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return batch

    async def close(self) -> None:
        """Ends all work, finished or not."""
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _run(self, batch: Batch, content: bytes) -> None:
        try:
            requests = read_requests(content)
        except RefusedError as refusal:
            error = refusal.body["error"]
            batch.fail(error["code"], error["message"], int(error["param"]))
            return
        batch.status, batch.request_counts["total"] = "in_progress", len(requests)
        answered, failed = list[Json](), list[Json]()
        for line in _answer_all(requests):
            await asyncio.sleep(0)  # live calls and polls come in between
            is_good = line["response"]["status_code"] == 200
            (answered if is_good else failed).append(line)
            batch.request_counts["completed" if is_good else "failed"] += 1
        if answered:
            batch.output_file_id = self._write(f"{batch.id}_output.jsonl", answered)
        if failed:
            batch.error_file_id = self._write(f"{batch.id}_error.jsonl", failed)
        batch.status = "completed"

    def _write(self, filename: str, lines: list[Json]) -> str:
        return self.add_file(filename, "batch_output", write_lines(lines)).id


def _answer_all(requests: list[Json]) -> Iterator[Json]:
    for request in requests:
        try:
            status, body = 200, complete(request["body"])
        except RefusedError as error:
            status, body = error.status, error.body
        response = {"status_code": status, "request_id": _new_id("req_"), "body": body}
        name = request["custom_id"]
        yield {"id": _new_id("batch_req_"), "custom_id": name, "response": response, "error": None}
