"""The embedded teacher's replies: which rules a prompt is for, and the completion they give."""

import hashlib
import re
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from understudy.teacher.embedded.expand import expand
from understudy.teacher.embedded.intents import OPTION, name_label, write_message
from understudy.teacher.embedded.summarize import summarize

MODEL = "embedded-rules"
RULES = "f055d0f53e22f30a"
"""Names these rules in every answer, so that answers of other rules are not taken for theirs. A
change of what they say takes a new name; tests/teacher/test_embedded_server.py notices one."""
# An instruction of its own, or text in quotes: `… 'text'`, or what follows the first blank line.
QUOTED = re.compile(r"(?<![\w])(['\"])(?P<text>.+)\1\s*$", re.DOTALL)
WRITE = re.compile(r"\b(write|expand|compose|generate|draft)\b", re.IGNORECASE)
SUMMARIZE = re.compile(r"\bsummari[sz]e\b|\b(summary|highlights) of\b", re.IGNORECASE)
LABELS = re.compile(r"\b(class|classes|classify|categor(y|ies)|labels?|intents?)\b", re.IGNORECASE)
LIMITS = ("max_completion_tokens", "max_tokens")
TOKEN = re.compile(r"\w+|[^\w\s]")


class RefusedError(Exception):
    """A call that the API refuses.

    Attributes:
        status: the HTTP status.
        body: the JSON body, in OpenAI's form.
    """

    def __init__(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        self.body: dict[str, Any] = {"error": error}


def reply(prompt: str, call: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Follows an instruction to write an article from a summary, or to summarize an article.

    One that speaks of labels and lists some is to name that of a message, another such one is to
    write a message for a label.

    Args:
        prompt: what all messages say.
        call: the body of the request, whose `response_format` and `seed` count for labels.
    """
    instruction, text = split_prompt(prompt)
    if SUMMARIZE.search(instruction):
        return summarize(text)
    if LABELS.search(instruction):
        if len(options := OPTION.findall(instruction)) > 1:
            return name_label(text, options, call.get("response_format"))
        if WRITE.search(instruction):
            return write_message(text, instruction, call.get("seed"))
    if WRITE.search(instruction):
        return expand(text)
    return summarize(text) if len(text) > 600 else expand(text)


def split_prompt(prompt: str) -> tuple[str, str]:
    """Tells the instruction from the text that it is about."""
    quoted = QUOTED.search(prompt)
    if quoted:
        return prompt[: quoted.start()], quoted["text"]
    for mark in ("\n\n", "\n", ": "):
        instruction, found, text = prompt.partition(mark)
        if found and text.strip():
            return instruction, text
    return "", prompt


def count_tokens(text: str) -> int:
    """Words and punctuation marks: the unit in which this teacher reports its usage."""
    return len(TOKEN.findall(text))


def cut(text: str, max_tokens: int | None) -> tuple[str, str]:
    """Text within the limit, and the finish reason."""
    if max_tokens is None or count_tokens(text) <= max_tokens:
        return text, "stop"
    ends = [match.end() for match in TOKEN.finditer(text)]
    return text[: ends[max_tokens - 1]], "length"


def complete(call: object) -> dict[str, Any]:
    """The body of a chat completion for the body of a request.

    Raises:
        RefusedError: the call is not one that this teacher can answer.
    """
    checked = _check(call)
    prompt = "\n".join(str(message["content"]) for message in checked["messages"])
    limit = checked.get(LIMITS[0]) or checked.get(LIMITS[1])
    text, finish_reason = cut(reply(prompt, checked), limit)
    asked, answered = count_tokens(prompt), count_tokens(text)
    return {
        "id": "chatcmpl-" + hashlib.sha256(prompt.encode("utf-8", "replace")).hexdigest()[:24],
        "object": "chat.completion",
        "created": int(time.time()),
        "model": f"{MODEL}-{RULES}",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "finish_reason": finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": answered,
            "total_tokens": asked + answered,
        },
    }


def _check(call: object) -> dict[str, Any]:
    messages = call.get("messages") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not (
        isinstance(messages, list)
        and all(isinstance(message, dict) and "content" in message for message in messages)
    ):
        raise RefusedError(400, "Expected an object with 'model' and 'messages'.")
    for name in LIMITS:
        limit = call.get(name)
        if limit is not None and (type(limit) is not int or limit < 1):
            raise RefusedError(400, f"Expected a positive number as '{name}', not {limit!r}.")
    if call.get("model") != MODEL:
        known = f"This server has just the model '{MODEL}', not '{call.get('model')}'."
        raise RefusedError(404, known, "model_not_found")
    return call
