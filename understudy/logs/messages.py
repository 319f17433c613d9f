"""The messages of a logged request."""

import json
from typing import Any

from understudy.logs.logged import RejectedError

REDACTED = "redacted-by-litellm"
"""What LiteLLM logs in place of texts where it is told to log none."""
TEXT_PARTS = ("text", "input_text", "output_text")


def read_messages(value: Any) -> list[dict[str, Any]]:
    """The messages in a list of them.

    Raises:
        RejectedError: it is none, is empty, or a message has a part that is no text.
    """
    if not isinstance(value, list) or not value:
        raise RejectedError("no_messages", "expected a list of messages")
    return [_read_message(number, message) for number, message in enumerate(value, start=1)]


def _read_message(number: int, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("role"), str):
        raise RejectedError("no_messages", f"message {number} has no role")
    message = {name: part for name, part in value.items() if part is not None}
    content = message.get("content")
    if isinstance(content, list):
        message["content"] = _read_parts(number, content)
    elif content is None and not ({"tool_calls", "function_call", "refusal"} & message.keys()):
        raise RejectedError("no_messages", f"message {number} has no content")
    elif not isinstance(content, str | None):
        raise RejectedError("no_messages", f"the content of message {number} is no text")
    if content == REDACTED:
        raise RejectedError("no_messages", f"message {number} is redacted")
    return message


def _read_parts(number: int, parts: list[Any]) -> Any:
    """The text of a lone part; several parts stay apart, since endpoints join them differently."""
    texts = [read_part(part) for part in parts]
    if None in texts:
        raise RejectedError("image", f"message {number} has a part that is no text")
    return texts[0] if len(texts) == 1 else parts


def read_part(part: Any) -> str | None:
    """The text of a part of a message, None where it is something else."""
    if isinstance(part, dict) and part.get("type", "text") in TEXT_PARTS:
        return part["text"] if isinstance(part.get("text"), str) else None
    return part if isinstance(part, str) else None


def parse_text(value: Any) -> Any:
    """An object or list that an export has as JSON in a text; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
