"""OpenAI's Files and Batch API on loopback, next to the chat endpoint.

    with BatchServer() as server:
        server.finish, server.answer_share = "expired", 0.75   # of the batches created from now on
        run_client(base_url=server.url)                        # may die and come back: state stays
        assert server.submitted == 1
        assert server.paid_batch == prompts[:75]

    server.line_script = lambda prompt: refuse(400, "Bad.") if prompt == "x" else say("fine")
    server.before = lambda method, path: kill() if path.endswith("/batches") else None

How a batch ends and what it costs is settled when it is created, whether or not it is looked at;
only a cancellation takes back what is over `answer_share`. It is done after `polls_until_done`
retrievals that found it open. The lines of its files are in reverse: the API promises no order.
"""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl

from tests.doubles.teacher import ChatServer, Reply, Request, Script, echo, refuse, say

_ROUTE = re.compile(r".*?/(files|batches)(?:/([^/]+))?(?:/(content|cancel))?")
_NOT_RUN = {
    "expired": ("batch_expired", "This request could not be executed before the batch expired."),
    "cancelled": ("batch_cancelled", "The batch was cancelled before this request was executed."),
}


class Failure(NamedTuple):
    """Why a batch did not pass validation."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


_INVALID = Failure("invalid_json_line", "This line is not parseable as valid JSON.", 1)
_DUPLICATE = Failure("duplicate_custom_id", "The custom_id is not unique.")
_FAILURES = {
    "failed": _INVALID,
    "token_limit": Failure("token_limit_exceeded", "Enqueued token limit reached for double."),
}


@dataclass(frozen=True)
class StoredFile:
    """A file that was uploaded, or that a batch wrote."""

    body: dict[str, Any]
    """As a retrieval tells it."""
    data: bytes


@dataclass
class BatchRecord:
    """One batch, and what becomes of its lines."""

    body: dict[str, Any]
    """As a retrieval tells it."""
    lines: list[dict[str, Any]]
    """Of the input file."""
    end: str
    """The status that it comes to."""
    failure: Failure | None
    polls: int
    """Retrievals that still find it open."""
    replies: list[Reply] = field(default_factory=list)
    """To the first of its lines; the others are not run."""

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def status(self) -> str:
        return str(self.body["status"])

    @property
    def answered(self) -> list[tuple[dict[str, Any], Reply]]:
        return list(zip(self.lines, self.replies, strict=False))

    def enter(self, status: str) -> None:
        self.body |= {"status": status, f"{status}_at": int(time.time())}

    def results(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The lines of the output file and those of the error file."""
        good = [_result(*pair) for pair in self.answered if pair[1].status == 200]
        bad = [_result(*pair) for pair in self.answered if pair[1].status != 200]
        code, message = _NOT_RUN.get(self.end, ("", ""))
        error = {"code": code, "message": message}
        return good, bad + [_line(line, None, error) for line in self.lines[len(self.replies) :]]


class BatchServer(ChatServer):
    """A chat endpoint that has /v1/files and /v1/batches as well."""

    def __init__(self, script: Script = echo) -> None:
        super().__init__(script)
        self.files: dict[str, StoredFile] = {}
        self.batches: list[BatchRecord] = []
        """In order of creation."""
        self.finish: Literal["completed", "expired", "failed", "token_limit"] = "completed"
        self.answer_share = 0.5
        """The share of its lines, from the first on, that an expired or cancelled batch runs."""
        self.polls_until_done = 1
        self.most_per_page = 10_000
        """However many a list is asked for."""
        self.line_script: Callable[[str], Reply] = lambda prompt: say(f"answer to {prompt}")
        self._numbers = itertools.count(1)

    @property
    def submitted(self) -> int:
        """How many batches were created: the same file twice makes two."""
        return len(self.batches)

    @property
    def paid_batch(self) -> list[str]:
        """The prompts that were answered in batches, once for each batch that ran them."""
        pairs = [pair for batch in self.batches for pair in batch.answered]
        return [_prompt(line) for line, reply in pairs if reply.costs]

    @property
    def batch_usage(self) -> list[dict[str, Any]]:
        """The tokens of each prompt in `paid_batch`."""
        replies = [reply for batch in self.batches for reply in batch.replies]
        return [reply.usage for reply in replies if reply.costs]

    def find(self, request: Request) -> Reply:
        match = _ROUTE.fullmatch(request.route)
        kind, name, action = match.groups(default="") if match else ("", "", "")
        shape = (request.command, kind, name and "id", action)
        handler = _HANDLERS.get(" ".join(filter(None, shape)))
        if handler is None:
            return super().find(request)
        with self.lock:
            known = self.files if kind == "files" else {batch.id for batch in self.batches}
            if name and name not in known:
                return refuse(404, f"No such object: {name}")
            return handler(self, request, name)

    # Files

    def upload(self, request: Request, _: str) -> Reply:
        head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + request.data, policy=email.policy.HTTP)
        parts = {part["Content-Disposition"].params["name"]: part for part in message.iter_parts()}
        data, purpose = (bytes(parts[key].get_payload(decode=True)) for key in ("file", "purpose"))
        name = str(parts["file"].get_filename())
        return Reply(self._store(name, purpose.decode(), data).body)

    def list_files(self, request: Request, _: str) -> Reply:
        query = _query(request)
        files = [file.body for file in self.files.values()]
        found = [file for file in files if query.get("purpose") in (None, file["purpose"])]
        return self._page(found, query, 10_000)

    def show_file(self, _: Request, name: str) -> Reply:
        return Reply(self.files[name].body)

    def show_content(self, _: Request, name: str) -> Reply:
        return Reply(self.files[name].data, headers={"Content-Type": "application/octet-stream"})

    def delete(self, _: Request, name: str) -> Reply:
        del self.files[name]
        return Reply({"id": name, "object": "file", "deleted": True})

    def _store(self, name: str, purpose: str, data: bytes) -> StoredFile:
        body = {"id": f"file-{next(self._numbers)}", "object": "file", "bytes": len(data)}
        body |= {"created_at": int(time.time()), "filename": name, "purpose": purpose}
        file = StoredFile(body | {"status": "processed"}, data)
        return self.files.setdefault(str(body["id"]), file)

    # Batches

    def create(self, request: Request, _: str) -> Reply:
        asked = json.loads(request.data)
        file = self.files.get(asked["input_file_id"])
        if file is None or file.body["purpose"] != "batch":
            return refuse(400, "Invalid input_file_id.", "invalid_request")
        lines, failure = _read(file.data)
        failure = failure or _FAILURES.get(self.finish)
        end = "failed" if failure else self.finish
        body = _describe(f"batch_{next(self._numbers)}", asked, len(lines))
        batch = BatchRecord(body, lines, end, failure, self.polls_until_done)
        self.batches.append(batch)
        share = {"completed": 1.0, "expired": self.answer_share}.get(end, 0.0)
        prompts = [_prompt(line) for line in lines[: round(share * len(lines))]]
        batch.replies = [self.line_script(prompt) for prompt in prompts]
        return Reply(dict(body))

    def list_batches(self, request: Request, _: str) -> Reply:
        return self._page([batch.body for batch in self.batches], _query(request), 20)

    def show_batch(self, _: Request, name: str) -> Reply:
        batch = {batch.id: batch for batch in self.batches}[name]
        batch.polls -= 1
        if batch.polls < 0 and batch.status != batch.end:
            self._end(batch)
        elif batch.status == "validating" and not batch.failure:
            batch.enter("in_progress")
        return Reply(dict(batch.body))

    def cancel(self, _: Request, name: str) -> Reply:
        batch = {batch.id: batch for batch in self.batches}[name]
        if batch.status == batch.end:
            return refuse(409, f"Cannot cancel a batch with status '{batch.status}'.")
        if batch.end != "cancelled":
            batch.end, batch.polls, batch.failure = "cancelled", self.polls_until_done, None
            del batch.replies[round(self.answer_share * len(batch.lines)) :]
            batch.enter("cancelling")
        return Reply(dict(batch.body))

    def _end(self, batch: BatchRecord) -> None:
        batch.enter(batch.end)
        if batch.failure:
            batch.body["errors"] = {"object": "list", "data": [batch.failure._asdict()]}
            return
        good, bad = batch.results()
        batch.body["request_counts"] |= {"completed": len(good), "failed": len(bad)}
        for kind, lines in (("output", good), ("error", bad)):
            if lines:
                data = "".join(f"{json.dumps(line)}\n" for line in reversed(lines)).encode()
                file = self._store(f"{batch.id}_{kind}.jsonl", "batch_output", data)
                batch.body[f"{kind}_file_id"] = file.body["id"]

    def _page(self, items: list[dict[str, Any]], query: dict[str, str], usual: int) -> Reply:
        """A page of a list that is in order of creation."""
        ordered = items if query.get("order") == "asc" else items[::-1]
        names = [item["id"] for item in ordered]
        start = names.index(query["after"]) + 1 if query.get("after") in names else 0
        end = start + min(int(query.get("limit", usual)), self.most_per_page)
        page = [dict(item) for item in ordered[start:end]]
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
        return Reply({"object": "list", "data": page, "has_more": end < len(items)} | ends)


_HANDLERS: dict[str, Callable[[BatchServer, Request, str], Reply]] = {
    "POST files": BatchServer.upload,
    "GET files": BatchServer.list_files,
    "GET files id": BatchServer.show_file,
    "GET files id content": BatchServer.show_content,
    "DELETE files id": BatchServer.delete,
    "POST batches": BatchServer.create,
    "GET batches": BatchServer.list_batches,
    "GET batches id": BatchServer.show_batch,
    "POST batches id cancel": BatchServer.cancel,
}


def _describe(name: str, asked: dict[str, Any], total: int) -> dict[str, Any]:
    """A new batch, with what was asked for."""
    now = int(time.time())
    files = {"output_file_id": None, "error_file_id": None, "errors": None}
    times = {"created_at": now, "expires_at": now + 24 * 60 * 60}
    counts = {"total": total, "completed": 0, "failed": 0}
    state = {"id": name, "object": "batch", "status": "validating", "request_counts": counts}
    return {"metadata": None} | asked | files | times | state


def _read(data: bytes) -> tuple[list[dict[str, Any]], Failure | None]:
    """The lines of an input file, up to the first that the API does not take."""
    lines: dict[str, dict[str, Any]] = {}
    for number, text in enumerate(data.strip().split(b"\n"), start=1):
        try:
            line = json.loads(text)
        except ValueError:
            return list(lines.values()), _INVALID._replace(line=number)
        if lines.setdefault(line["custom_id"], line) is not line:
            return list(lines.values()), _DUPLICATE._replace(line=number)
    return list(lines.values()), None


def _prompt(line: dict[str, Any]) -> str:
    return str(line["body"]["messages"][0]["content"])


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.path.partition("?")[2]))


def _result(line: dict[str, Any], reply: Reply) -> dict[str, Any]:
    body = reply.body if isinstance(reply.body, dict) else reply.body.decode(errors="replace")
    return _line(line, {"status_code": reply.status, "request_id": "req_1", "body": body}, None)


def _line(line: dict[str, Any], response: object, error: object) -> dict[str, Any]:
    name = line["custom_id"]
    return {"id": f"batch_req_{name}", "custom_id": name, "response": response, "error": error}
