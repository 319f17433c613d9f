"""The embedded teacher's batches beside a chat endpoint, with all that can go wrong with them.

    with BatchServer() as server:
        server.finish, server.answer_share = "expired", 0.75   # of the batches created from now on
        run_client(base_url=server.url)                        # may die and come back: state stays
        assert server.submitted == 1
        assert server.paid_batch == prompts[:75]

    server.line_script = lambda prompt: refuse(400, "Bad.") if prompt == "x" else say("fine")
    server.before = lambda method, path: kill() if path.endswith("/batches") else None

How a batch ends and what it costs is settled when it is created, whether or not it is looked at.
It is done after `polls_until_done` retrievals that found it open. The lines of its files are in
reverse: the API promises no order.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal
from urllib.parse import parse_qsl

from tests.doubles.teacher import ChatServer, Reply, Request, Script, echo, refuse, say
from understudy.teacher.embedded.batches import Batch, StoredFile, read_requests, write_lines

_ROUTE = re.compile(r".*?/(files|batches)(?:/([^/]+))?(?:/(content))?")
_NOT_RUN = {
    "expired": ("batch_expired", "This request could not be executed before the batch expired."),
    "cancelled": ("batch_cancelled", "The batch was cancelled before this request was executed."),
}
_FAILURES = {
    "failed": ("invalid_json_line", "This line is not parseable as valid JSON.", 1),
    "token_limit": ("token_limit_exceeded", "Enqueued token limit reached for double.", None),
}


@dataclass
class BatchRecord(Batch):
    """One batch, and what becomes of its lines."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    """Of the input file."""
    end: str = "completed"
    """The status that it comes to."""
    failure: tuple[str, str, int | None] | None = None
    polls: int = 1
    """Retrievals that still find it open."""
    replies: list[Reply] = field(default_factory=list)
    """To the first of its lines; the others are not run."""

    def describe(self) -> dict[str, Any]:
        known = {one.name for one in fields(Batch)}
        return {name: value for name, value in asdict(self).items() if name in known}

    @property
    def answered(self) -> list[tuple[dict[str, Any], Reply]]:
        return list(zip(self.lines, self.replies, strict=False))

    def results(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The lines of the output file and those of the error file."""
        good = [_result(*pair) for pair in self.answered if pair[1].status == 200]
        bad = [_result(*pair) for pair in self.answered if pair[1].status != 200]
        code, message = _NOT_RUN.get(self.end, ("", ""))
        error = {"code": code, "message": message}
        return good, bad + [_line(line, None, error) for line in self.lines[len(self.replies) :]]


class BatchServer(ChatServer):
    """A chat endpoint that takes batches as well, at the addresses of OpenAI and of Azure."""

    def __init__(self, script: Script = echo) -> None:
        super().__init__(script)
        self.files: dict[str, StoredFile] = {}
        self.batches: list[BatchRecord] = []
        """In order of creation."""
        self.finish: Literal["completed", "expired", "failed", "token_limit"] = "completed"
        self.answer_share = 0.5
        """The share of its lines, from the first on, that an expired batch runs."""
        self.polls_until_done = 1
        self.file_states: list[str] = []
        """States that the next file goes through, one a look, before it is processed."""
        self.late_looks = 0
        """Looks at an ended batch that names its results no more than an open one."""
        self.lost: set[str] = set()
        """Purposes of files that are not there any more."""
        self.line_script: Callable[[str], Reply] = lambda prompt: say(f"answer to {prompt}")

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

    def upload(self, request: Request, _: str) -> Reply:
        head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + request.data, policy=email.policy.HTTP)
        parts = {part["Content-Disposition"].params["name"]: part for part in message.iter_parts()}
        data = bytes(parts["file"].get_payload(decode=True))
        file = self._store(str(parts["file"].get_filename()), "batch", data)
        return Reply(file.describe() | {"status": self._state})

    @property
    def _state(self) -> str:
        return self.file_states[0] if self.file_states else "processed"

    def show_file(self, _: Request, name: str) -> Reply:
        del self.file_states[:1]
        return Reply(self.files[name].describe() | {"status": self._state})

    def show_content(self, _: Request, name: str) -> Reply:
        if self.files[name].purpose in self.lost:
            return refuse(404, f"No such File object: {name}")
        return Reply(self.files[name].content, headers={"Content-Type": "application/octet-stream"})

    def _store(self, *parts: Any) -> StoredFile:
        file = StoredFile(*parts)
        return self.files.setdefault(file.id, file)

    def create(self, request: Request, _: str) -> Reply:
        asked = json.loads(request.data)
        if self.file_states:
            said = f"The file {asked['input_file_id']} is not ready: its status is '{self._state}'."
            return refuse(400, said, "invalidPayload")
        lines = read_requests(self.files[asked["input_file_id"]].content)
        failure = _FAILURES.get(self.finish)
        batch = BatchRecord(
            **asked,
            lines=lines,
            end="failed" if failure else self.finish,
            failure=failure,
            polls=self.polls_until_done,
        )
        batch.request_counts["total"] = len(lines)
        self.batches.append(batch)
        share = {"completed": 1.0, "expired": self.answer_share}.get(batch.end, 0.0)
        prompts = [_prompt(line) for line in lines[: round(share * len(lines))]]
        batch.replies = [self.line_script(prompt) for prompt in prompts]
        return Reply(batch.describe())

    def list_batches(self, request: Request, _: str) -> Reply:
        query = dict(parse_qsl(request.path.partition("?")[2]))
        newest_first = [batch.describe() for batch in reversed(self.batches)]
        names = [batch["id"] for batch in newest_first]
        start = names.index(query["after"]) + 1 if query.get("after") in names else 0
        end = start + int(query["limit"])
        more = end < len(names)
        return Reply({"object": "list", "data": newest_first[start:end], "has_more": more})

    def show_batch(self, _: Request, name: str) -> Reply:
        batch = {batch.id: batch for batch in self.batches}[name]
        batch.polls -= 1
        if batch.polls < 0 and batch.status != batch.end:
            self._end(batch)
        elif batch.status == "validating" and not batch.failure:
            batch.status = "in_progress"
        shown = batch.describe()
        if batch.status == batch.end and self.late_looks:
            self.late_looks -= 1
            shown |= dict.fromkeys(("output_file_id", "error_file_id"))
        return Reply(shown)

    def _end(self, batch: BatchRecord) -> None:
        batch.status = batch.end
        if batch.failure:
            batch.fail(*batch.failure)
            return
        good, bad = batch.results()
        batch.request_counts |= {"completed": len(good), "failed": len(bad)}
        if good:
            batch.output_file_id = self._store_results(good)
        if bad:
            batch.error_file_id = self._store_results(bad)

    def _store_results(self, lines: list[dict[str, Any]]) -> str:
        return self._store("results.jsonl", "batch_output", write_lines(reversed(lines))).id


_HANDLERS: dict[str, Callable[[BatchServer, Request, str], Reply]] = {
    "POST files": BatchServer.upload,
    "GET files id": BatchServer.show_file,
    "GET files id content": BatchServer.show_content,
    "POST batches": BatchServer.create,
    "GET batches": BatchServer.list_batches,
    "GET batches id": BatchServer.show_batch,
}


def _prompt(line: dict[str, Any]) -> str:
    return str(line["body"]["messages"][0]["content"])


def _result(line: dict[str, Any], reply: Reply) -> dict[str, Any]:
    body = reply.body if isinstance(reply.body, dict) else reply.body.decode(errors="replace")
    return _line(line, {"status_code": reply.status, "request_id": "req_1", "body": body}, None)


def _line(line: dict[str, Any], response: object, error: object) -> dict[str, Any]:
    name = line["custom_id"]
    return {"id": f"batch_req_{name}", "custom_id": name, "response": response, "error": error}
