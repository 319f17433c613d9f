"""Requests and responses of /v1/chat/completions and /v1/summaries, in the form of OpenAI's API."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from understudy.core.errors import say_expected
from understudy.serving.answering import Reply, Wanted
from understudy.serving.rejections import RejectedError

PIECES = re.compile(r"\s*\S+|\s+$")
"""What a streamed answer comes in: words with the space before them."""
DONE = "data: [DONE]\n\n"
Stop = Annotated[str, Field(min_length=1)]


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, use_attribute_docstrings=True)


class StreamOptions(_Request):
    """What a stream has beside the answer."""

    include_usage: bool | None = None
    """A last chunk counts the tokens."""


class ChatRequest(_Request):
    """A request for a chat completion; keys that cannot change a student's answer are ignored."""

    messages: list[dict[str, Any]] = Field(min_length=1)
    """The task's prompt, filled in."""
    model: str | None = None
    """Any name: the student answers, and the response says which."""
    n: int | None = Field(default=None, ge=1, le=128)
    """How many answers; a student's are all alike."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Longest answer, in the student's tokens."""
    max_completion_tokens: int | None = Field(default=None, ge=1)
    """The same under its newer name."""
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    """Texts before which the answer ends."""
    stream: bool | None = None
    """Sends the answer as server-sent events."""
    stream_options: StreamOptions | None = None
    response_format: dict[str, Any] | None = None
    """JSON only where the task's prompt asks for it."""
    tools: list[Any] | None = None
    """None: a student calls no tools."""
    logprobs: bool | None = None
    """Not true: a student tells none."""

    @property
    def wanted(self) -> Wanted:
        """Where the answer ends."""
        limits = [one for one in (self.max_tokens, self.max_completion_tokens) if one is not None]
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Wanted(min(limits, default=None), stop)


R = TypeVar("R", bound=BaseModel)


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        RejectedError: there is none.
    """
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise RejectedError(400, "The body is not UTF-8: send JSON in UTF-8.") from None
    except (ValueError, RecursionError):
        raise RejectedError(400, "The body is not valid JSON: send a JSON object.") from None
    if not isinstance(found, dict):
        raise RejectedError(400, "The body is no JSON object: send one in braces.")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def read_chat(body: bytes) -> ChatRequest:
    """Checks a request.

    Raises:
        RejectedError: it cannot be read, or asks for what nobody here can do.
    """
    asked = parse(ChatRequest, read_json(body))
    if asked.tools:
        raise _unsupported("tools", "a student calls no tools; leave it out")
    if asked.logprobs:
        raise _unsupported("logprobs", "a student tells none; leave it out")
    return asked


def check_format(asked: ChatRequest, field: str | None) -> None:
    """Refuses JSON where the task's prompt asks for text; `field` is that of `Task`.

    Raises:
        RejectedError: the request wants JSON all the same.
    """
    kind = (asked.response_format or {}).get("type", "text")
    if field is None and kind != "text":
        raise _unsupported("response_format", "the task's prompt asks for text; leave it out")


def parse(kind: type[R], given: Mapping[str, Any]) -> R:
    """A request in its typed form; a RejectedError names the first key that does not fit."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        names = [str(part) for part in problem["loc"] if not str(part).startswith(("con", "list["))]
        key = ".".join(names)
        message = f"Invalid '{key}': {say_expected(problem)}."
        raise RejectedError(400, message, "invalid_value", key) from None


def _unsupported(key: str, why: str) -> RejectedError:
    return RejectedError(400, f"Unsupported '{key}': {why}.", "unsupported_parameter", key)


def find_values(given: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, str]:
    """The columns of an input that a plain request has.

    Raises:
        RejectedError: it has none or others, or one that is no text.
    """
    expected = " or ".join(f"'{name}'" for name in columns)
    for name, value in given.items():
        if name not in columns:
            raise RejectedError(422, f"Unknown key: expected {expected}.", "unknown_key")
        if not isinstance(value, str):
            raise RejectedError(422, f"Invalid '{name}': expected text.", "invalid_value", name)
    if not given:
        raise RejectedError(422, f"No input: expected {expected}.", "missing_key", columns[0])
    return {name: str(value) for name, value in given.items()}


def check_letters(values: Mapping[str, str]) -> None:
    """Refuses halves of characters, which JSON can hold and UTF-8 cannot."""
    for value in values.values():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise RejectedError(
                422, "The input has halves of characters (lone surrogates): send whole ones."
            ) from None


def count_tokens(reply: Reply, answers: int = 1) -> dict[str, int]:
    """Usage, by the student's own tokens."""
    written = reply.written_tokens * answers
    return {
        "prompt_tokens": reply.read_tokens,
        "completion_tokens": written,
        "total_tokens": reply.read_tokens + written,
    }


def wrap(text: str, field: str | None) -> str:
    """An answer as the application parses it: in JSON, where the task's prompt asks for that."""
    if field is None:
        return text
    found: Any = text
    for name in reversed(field.split(".")):
        found = {name: found}
    return json.dumps(found, ensure_ascii=False)


def tell_decision(reply: Reply) -> dict[str, str]:
    """The headers that say who answered, where that may be the teacher."""
    decision = reply.decision
    if decision is None:
        return {}
    told = {"answered-by": decision.by, "why": decision.why, "teacher-failed": decision.failed}
    return {f"x-understudy-{name}": value for name, value in told.items() if value is not None}


def complete(
    identity: str, model: str, asked: ChatRequest, reply: Reply, text: str
) -> dict[str, Any]:
    """A chat completion."""
    answers = asked.n or 1
    message = {"role": "assistant", "content": text, "refusal": None}
    choices = [
        {"index": index, "message": message, "logprobs": None, "finish_reason": reply.finish}
        for index in range(answers)
    ]
    head = _head(identity, model, "chat.completion")
    return {**head, "choices": choices, "usage": count_tokens(reply, answers)}


def stream(identity: str, model: str, asked: ChatRequest, reply: Reply, text: str) -> Iterator[str]:
    """Yields the events of a streamed completion: role, words, the end, and usage if wanted."""
    head, answers = _head(identity, model, "chat.completion.chunk"), range(asked.n or 1)
    counts = asked.stream_options is not None and asked.stream_options.include_usage
    usage = {"usage": None} if counts else {}

    def chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**head, "choices": [choice], **usage})

    for index in answers:
        yield chunk(index, {"role": "assistant", "content": "", "refusal": None})
    for piece in PIECES.findall(text):
        for index in answers:
            yield chunk(index, {"content": piece})
    for index in answers:
        yield chunk(index, {}, reply.finish)
    if counts:
        yield _event({**head, "choices": [], "usage": count_tokens(reply, len(answers))})
    yield DONE


def _head(identity: str, model: str, kind: str) -> dict[str, Any]:
    return {"id": identity, "object": kind, "created": int(time.time()), "model": model}


def _event(chunk: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(chunk, ensure_ascii=False, separators=(',', ':'))}\n\n"
