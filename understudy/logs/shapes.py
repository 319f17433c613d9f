"""Recognises what wrote a record of a log, and takes it apart.

`openai`      {"request": …, "response": …} and the like, or a completion with its own messages
`litellm`     LiteLLM's standard logging payload, known by its `call_type`
`langfuse`    an observation of Langfuse, known by its `type`
`finetuning`  {"messages": […]} whose last message is the answer

A line of a batch is known by its `custom_id`; see understudy.logs.joining.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.logs.bodies import raise_failure
from understudy.logs.logged import RejectedError
from understudy.logs.messages import parse_text

Record = Mapping[str, Any]
QUESTIONS = ("request", "input", "prompt", "kwargs")
ANSWERS = ("response", "output", "completion")
WRAPPERS = ("body", "json")
SETTINGS = frozenset(
    "model temperature top_p n stop seed max_tokens max_completion_tokens presence_penalty"
    " frequency_penalty logit_bias logprobs top_logprobs response_format tools tool_choice"
    " parallel_tool_calls reasoning_effort verbosity service_tier stream user store".split()
)
"""What a request may have beside its messages, where it shares an object with other keys."""
OBSERVATIONS = frozenset(
    "SPAN EVENT AGENT TOOL CHAIN RETRIEVER EVALUATOR EMBEDDING GUARDRAIL TRACE".split()
)
"""Types that Langfuse has beside GENERATION."""
OBSERVED = {"traceId", "trace_id", "startTime", "start_time", "parentObservationId"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a record is made of; nothing in it is checked yet."""

    origin: str
    messages: Any
    answer: Any
    settings: dict[str, Any] = field(default_factory=dict)
    usage: Any = None


def take_apart(record: Any) -> Parts:
    """The parts of a record of any shape but a batch's.

    Raises:
        RejectedError: it is no call, or its call failed.
    """
    if not isinstance(record, dict):
        raise RejectedError("not_a_call", "expected a JSON object")
    return next((read for sees, read in SHAPES if sees(record)), _read_openai)(record)


def read_request(value: Any) -> tuple[Any, dict[str, Any]]:
    """The messages and the settings of a request, which may be in a `body` or in a text of JSON."""
    value = parse_text(value)
    if isinstance(value, list):
        return value, {}
    if not isinstance(value, dict):
        return None, {}
    for name in WRAPPERS:
        if "messages" not in value and name in value:
            return read_request(value[name])
    settings = {name: part for name, part in value.items() if name != "messages"}
    return parse_text(value.get("messages")), settings


def _is_litellm(record: Record) -> bool:
    return isinstance(record.get("call_type"), str)


def _read_litellm(record: Record) -> Parts:
    kind = record["call_type"]
    if "completion" not in kind or "text" in kind:
        raise RejectedError("not_a_call", "call_type is no chat completion")
    raise_failure({"status": record.get("status"), "error": record.get("error_str")})
    given = parse_text(record.get("model_parameters"))
    settings = {"model": record.get("model"), **(given if isinstance(given, dict) else {})}
    messages = parse_text(record.get("messages"))
    return Parts("litellm", messages, record.get("response"), settings, record)


def _is_langfuse(record: Record) -> bool:
    kind = record.get("type")
    if not isinstance(kind, str) or not OBSERVED & record.keys():
        return False
    return kind.upper() == "GENERATION" or kind.upper() in OBSERVATIONS


def _read_langfuse(record: Record) -> Parts:
    if record["type"].upper() != "GENERATION":
        raise RejectedError("not_a_generation", f"type {record['type'].upper()}")
    if str(record.get("level")).upper() == "ERROR":
        raise RejectedError("failed", "level ERROR")
    messages, settings = read_request(record.get("input"))
    given = parse_text(_first(record, "modelParameters", "model_parameters"))
    model = _first(record, "model", "providedModelName", "provided_model_name")
    settings = {"model": model, **(given if isinstance(given, dict) else {}), **settings}
    usage = parse_text(_first(record, "usageDetails", "usage_details", "usage"))
    return Parts("langfuse", messages, record.get("output"), settings, usage)


def _is_finetuning(record: Record) -> bool:
    if not isinstance(record.get("messages"), list) or "choices" in record:
        return False
    return not any(name in record for name in ANSWERS)


def _read_finetuning(record: Record) -> Parts:
    raise_failure(record)
    *messages, answer = record["messages"] or [None]
    if not isinstance(answer, dict) or answer.get("role") != "assistant":
        if any(isinstance(message, dict) for message in record["messages"]):
            raise RejectedError("no_answer", "the last message is not the assistant's")
        raise RejectedError("no_messages", "expected a list of messages")
    if answer.get("weight") == 0:
        raise RejectedError("no_answer", "the answer has the weight 0")
    return Parts("finetuning", messages, answer, _pick(record))


def _read_openai(record: Record) -> Parts:
    question = next((record[name] for name in QUESTIONS if record.get(name) is not None), None)
    is_answered = "choices" in record or any(name in record for name in ANSWERS)
    if not is_answered and question is None and "messages" not in record:
        raise RejectedError("not_a_call", "there is neither a request nor a response")
    if "messages" in record:
        messages, settings = parse_text(record["messages"]), _pick(record)
    else:
        messages, settings = read_request(question)
        settings = {**_pick(record), **settings}
    if "choices" in record:
        asked = {"messages", "metadata", *QUESTIONS}
        body = {name: part for name, part in record.items() if name not in asked}
        return Parts("openai", messages, body, settings)
    raise_failure(record)
    answer = next((record[name] for name in ANSWERS if record.get(name) is not None), None)
    return Parts("openai", messages, answer, settings, record.get("usage"))


def _pick(record: Record) -> dict[str, Any]:
    return {name: record[name] for name in SETTINGS & record.keys()}


def _first(record: Record, *names: str) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


SHAPES: list[tuple[Callable[[Record], bool], Callable[[Record], Parts]]] = [
    (_is_litellm, _read_litellm),
    (_is_langfuse, _read_langfuse),
    (_is_finetuning, _read_finetuning),
]
