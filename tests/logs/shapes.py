"""Logs in every shape, built from messages and answers."""

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Messages = list[dict[str, Any]]
Call = tuple[Messages, str]
MODEL = "gpt-4o-mini-2024-07-18"
USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
TIME = "2025-03-04T05:06:07+00:00"
EPOCH = 1741064767


def ask(text: str) -> Messages:
    """A request of one message."""
    return [{"role": "user", "content": text}]


def message(answer: str) -> dict[str, Any]:
    return {"role": "assistant", "content": answer}


def body(answer: str, **changes: Any) -> dict[str, Any]:
    """A completion as the endpoint sends it."""
    choice = {"index": 0, "message": message(answer), "finish_reason": "stop"}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": EPOCH,
        "model": MODEL,
        "choices": [choice],
        "usage": USAGE,
        **changes,
    }


def request(messages: Messages) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "temperature": 0, "messages": messages}


def openai(messages: Messages, answer: str) -> dict[str, Any]:
    return {"request": request(messages), "response": body(answer), "session_id": "s1"}


def openai_bodies(messages: Messages, answer: str) -> dict[str, Any]:
    response = {"status_code": 200, "body": body(answer)}
    return {"timestamp": TIME, "request": {"body": request(messages)}, "response": response}


def openai_text_bodies(messages: Messages, answer: str) -> dict[str, Any]:
    """As a proxy logs them."""
    asked = {"method": "POST", "body": json.dumps(request(messages))}
    return {"request": asked, "response": {"status": 200, "body": json.dumps(body(answer))}}


def stored(messages: Messages, answer: str) -> dict[str, Any]:
    return {**body(answer), "temperature": 0, "messages": messages, "metadata": {"app": "news"}}


def stored_input(messages: Messages, answer: str) -> dict[str, Any]:
    return {**body(answer), "input": messages}


def input_output(messages: Messages, answer: str) -> dict[str, Any]:
    return {"input": request(messages), "output": message(answer), "created_at": TIME}


def messages_response(messages: Messages, answer: str) -> dict[str, Any]:
    return {"model": MODEL, "messages": messages, "response": answer}


def messages_completion(messages: Messages, answer: str) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": messages, "completion": body(answer)}


def prompt_completion(messages: Messages, answer: str) -> dict[str, Any]:
    return {"model": MODEL, "prompt": messages, "completion": [message(answer)]}


def finetuning(messages: Messages, answer: str) -> dict[str, Any]:
    return {"messages": [*messages, message(answer)]}


def litellm(messages: Messages, answer: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "trace_id": "t1",
        "call_type": "acompletion",
        "status": "success",
        "response_cost": 0.0001,
        "startTime": EPOCH + 0.5,
        "endTime": EPOCH + 1.5,
        "model": "gpt-4o-mini",
        "custom_llm_provider": "openai",
        "messages": messages,
        "response": body(answer),
        "model_parameters": {"temperature": 0},
        "metadata": {"user_api_key_alias": "news"},
        "end_user": "customer-7",
        "error_str": None,
        **USAGE,
    }


def litellm_text(messages: Messages, answer: str) -> dict[str, Any]:
    return {**litellm(messages, answer), "response": answer}


def litellm_table(messages: Messages, answer: str) -> dict[str, Any]:
    """A row of its table of spend logs."""
    asked, said = json.dumps(messages), json.dumps(body(answer))
    times = {"startTime": TIME, "endTime": TIME}
    row = {"request_id": "r1", "call_type": "acompletion", "model": "gpt-4o-mini", "spend": 0.1}
    return {**row, **times, "session_id": "s1", "messages": asked, "response": said, **USAGE}


def langfuse(messages: Messages, answer: str) -> dict[str, Any]:
    return {
        "id": "o1",
        "traceId": "t1",
        "type": "GENERATION",
        "name": "summary",
        "startTime": "2025-03-04T05:06:07.000Z",
        "model": MODEL,
        "modelParameters": {"temperature": 0},
        "input": messages,
        "output": message(answer),
        "usageDetails": {"input": 12, "output": 5, "total": 17},
        "level": "DEFAULT",
        "statusMessage": None,
    }


def langfuse_text(messages: Messages, answer: str) -> dict[str, Any]:
    return {**langfuse(messages, answer), "input": {"messages": messages}, "output": answer}


def langfuse_snake(messages: Messages, answer: str) -> dict[str, Any]:
    """As its export to a bucket or to CSV writes it."""
    return {
        "id": "o1",
        "trace_id": "t1",
        "type": "GENERATION",
        "start_time": "2025-03-04 05:06:07.000",
        "provided_model_name": MODEL,
        "model_parameters": json.dumps({"temperature": 0}),
        "input": json.dumps({"messages": messages}),
        "output": json.dumps(message(answer)),
        "usage_details": {"input": 12, "output": 5},
        "level": "DEFAULT",
    }


def batch_input(name: str, messages: Messages) -> dict[str, Any]:
    url = "/v1/chat/completions"
    return {"custom_id": name, "method": "POST", "url": url, "body": request(messages)}


def batch_output(name: str, answer: str) -> dict[str, Any]:
    response = {"status_code": 200, "request_id": "r1", "body": body(answer)}
    return {"id": "batch_req_1", "custom_id": name, "response": response, "error": None}


ONE_LINE: dict[str, Callable[[Messages, str], dict[str, Any]]] = {
    "openai": openai,
    "openai-bodies": openai_bodies,
    "openai-text-bodies": openai_text_bodies,
    "openai-stored": stored,
    "openai-stored-input": stored_input,
    "openai-input-output": input_output,
    "openai-response": messages_response,
    "openai-completion": messages_completion,
    "openai-prompt": prompt_completion,
    "litellm": litellm,
    "litellm-text": litellm_text,
    "litellm-table": litellm_table,
    "langfuse": langfuse,
    "langfuse-text": langfuse_text,
    "langfuse-snake": langfuse_snake,
    "finetuning": finetuning,
}
SHAPES = ("batch", "langfuse-array", *ONE_LINE)
"""What `write_log` takes. A name begins with what the reader calls the origin of its calls."""


def dump(record: Any) -> bytes:
    """A line, without its end."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass")


def write_lines(path: Path, lines: Sequence[bytes]) -> Path:
    """A file of lines, compressed where its name says so."""
    data = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_log(folder: Path, shape: str, calls: Sequence[Call]) -> list[Path]:
    """The files of a log with these calls, in one of SHAPES.

    Args:
        folder: where they are written.
        shape: one of SHAPES.
        calls: the messages and the answer of each.
    """
    if shape == "batch":
        named = [(f"request-{number}", *call) for number, call in enumerate(calls)]
        asked = [dump(batch_input(name, messages)) for name, messages, _ in named]
        said = [dump(batch_output(name, answer)) for name, _, answer in named]
        return [
            write_lines(folder / "batch-output.jsonl", said[::-1]),  # in no order
            write_lines(folder / "batch-input.jsonl", asked),
        ]
    if shape == "langfuse-array":
        path = folder / f"{shape}.json"
        found = [langfuse(messages, answer) for messages, answer in calls]
        path.write_bytes(json.dumps(found, ensure_ascii=False).encode())
        return [path]
    lines = [dump(ONE_LINE[shape](messages, answer)) for messages, answer in calls]
    return [write_lines(folder / f"{shape}.jsonl", lines)]
