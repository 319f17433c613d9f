"""Makes the body of a chat completion out of what a log has as the answer.

A body as the endpoint sent it stays as it is. Where a log has just a message or a text, the body is
made up around it, and counts as whole: programs log in that way what they have received.
"""

from collections.abc import Mapping
from typing import Any

from understudy.contract.answers import REFUSING, WHOLE, normal_word
from understudy.logs.logged import RejectedError
from understudy.logs.messages import REDACTED, parse_text

TOOLS = ("tool_calls", "function_call")
TOOL_WORDS = {"tool_calls", "function_call", "tool_use", "tool_call"}
FINISHES = ("finish_reason", "stop_reason", "done_reason")
SPEAKERS = ("assistant", "model")
TEXTS = ("content", "text", "completion")
ABOUT = (*(*FINISHES, *TOOLS), *("refusal", "model", "usage", "id", "created", "index", "logprobs"))
"""What logs have beside the text of an answer."""
WRAPPERS = ("body", "json")
FAILURES = {"failure", "failed", "error"}
TOKENS = {
    "prompt_tokens": ("prompt_tokens", "input_tokens", "input", "promptTokens"),
    "completion_tokens": ("completion_tokens", "output_tokens", "output", "completionTokens"),
}
"""What logs call the counts of tokens."""


def make_body(answer: Any, model: Any = None, usage: Any = None) -> dict[str, Any]:
    """The body of the completion that an answer is.

    Args:
        answer: a body, a choice, a message, a text, or one of these in a wrapper.
        model: what answered, for an answer that does not say so.
        usage: the counts of tokens, likewise.

    Raises:
        RejectedError: it is none, failed, calls a tool, or is not whole.
    """
    answer = unwrap(answer)
    body = answer if _is_body(answer) else _make_up(answer, model, usage)
    check_body(body)
    return body


def unwrap(answer: Any) -> Any:
    """What a response with a status holds, parsed where it is a text of JSON.

    Raises:
        RejectedError: it says that the call failed.
    """
    if isinstance(answer, str):
        parsed = parse_text(answer)
        return parsed if _has_message(parsed) or _is_message(parsed) else answer
    raise_failure(answer)
    inside = _find_inside(answer)
    return answer if inside is None else unwrap(inside)


def raise_failure(record: Any) -> None:
    """Raises RejectedError for an object that says that a call failed."""
    if not isinstance(record, dict) or record.get("choices"):
        return
    for name in ("status_code", "statusCode", "status"):
        status = record.get(name)
        if isinstance(status, int) and status >= 400:
            raise RejectedError("failed", f"status {status}")
        if isinstance(status, str) and status.lower() in FAILURES:
            raise RejectedError("failed", f"status {status.lower()}")
    if record.get("error") or record.get("object") == "error":
        raise RejectedError("failed", "the response is an error")


def check_body(body: Mapping[str, Any]) -> None:
    """Raises RejectedError for a body without an answer that is whole; refusals are answers."""
    choice = next(iter(body["choices"]), None)
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise RejectedError("no_answer", "there is no choice with a message")
    if choice.get("error"):
        raise RejectedError("failed", "the choice is an error")
    word = normal_word(_as_word(choice.get("finish_reason")))
    if any(message.get(name) for name in TOOLS) or word in TOOL_WORDS:
        raise RejectedError("tool_call")
    _check_content(message)
    if message.get("refusal") or REFUSING.search(word):
        return
    if word not in WHOLE:
        detail = f"finish_reason {word}" if choice.get("finish_reason") else "no finish_reason"
        raise RejectedError("cut_off", detail)
    if not message.get("content"):
        raise RejectedError("no_answer", "the answer has no text")


def _check_content(message: Mapping[str, Any]) -> None:
    content = message.get("content")
    if isinstance(content, list):
        if any(str(part.get("type")) in TOOL_WORDS for part in content if isinstance(part, dict)):
            raise RejectedError("tool_call")
        if any("image" in str(part.get("type")) for part in content if isinstance(part, dict)):
            raise RejectedError("image", "the answer has a part that is no text")
    elif not isinstance(content, str | None):
        raise RejectedError("no_answer", "the content is no text")
    if message.get("role", SPEAKERS[0]) not in SPEAKERS:
        raise RejectedError("no_answer", "the last message is not the assistant's")
    if content == REDACTED:
        raise RejectedError("no_answer", "the answer is redacted")


def _make_up(answer: Any, model: Any, usage: Any) -> dict[str, Any]:
    """A body around a choice, a message or a text."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, str):
        answer = {"content": answer}
    message = answer.get("message") if _is_choice(answer) else answer
    if not _is_message(message) and not _is_text(message):
        raise RejectedError("no_answer", "expected a completion, a message or a text")
    finish = next((found for part in (answer, message) if (found := _find_finish(part))), "stop")
    choice = {"index": 0, "message": _make_message(message), "finish_reason": finish}
    counts = _read_usage(answer.get("usage")) or _read_usage(usage)
    name = next((one for one in (answer.get("model"), model) if isinstance(one, str)), "")
    return {
        "object": "chat.completion",
        "model": name,
        "choices": [choice],
        **({"usage": counts} if counts else {}),
    }


def _make_message(value: Mapping[str, Any]) -> dict[str, Any]:
    """A message, from one that may lack its role or call its text by another name."""
    known = {name: value[name] for name in ("refusal", *TOOLS) if value.get(name)}
    content = next((value[name] for name in TEXTS if value.get(name) is not None), None)
    return {"role": "assistant", **known, "content": content}


def _find_finish(value: Mapping[str, Any]) -> str:
    return next((word for name in FINISHES if (word := _as_word(value.get(name)))), "")


def _as_word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _read_usage(usage: Any) -> dict[str, int]:
    """Counts of tokens, by the names that the chat completions API has for them."""
    if not isinstance(usage, dict):
        return {}
    counts = {}
    for ours, names in TOKENS.items():
        found = next((usage[name] for name in names if isinstance(usage.get(name), int)), None)
        if found is not None:
            counts[ours] = found
    return counts


def _is_body(value: Any) -> bool:
    """Whether a value has a completion's choices; a text of JSON may have a key of that name."""
    choices = value.get("choices") if isinstance(value, dict) else None
    return isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices)


def _has_message(value: Any) -> bool:
    return _is_body(value) and any("message" in choice for choice in value["choices"])


def _is_message(value: Any) -> bool:
    is_said = isinstance(value, dict) and value.get("role") in SPEAKERS
    return is_said and bool({"content", "refusal", *TOOLS} & value.keys())


def _is_choice(value: Any) -> bool:
    return isinstance(value, dict) and _is_message(value.get("message"))


def _is_text(value: Any) -> bool:
    """Whether an object is a text with what is known of it, and no answer that is JSON itself."""
    if not isinstance(value, dict) or value.keys() - {*TEXTS, *ABOUT}:
        return False
    return len(value.keys() & set(TEXTS)) == 1


def _find_inside(value: Any) -> Any:
    """The body within a response with a status; None where there is none."""
    if not isinstance(value, dict) or "choices" in value:
        return None
    inside = (parse_text(value[name]) for name in WRAPPERS if name in value)
    return next((body for body in inside if isinstance(body, dict)), None)
