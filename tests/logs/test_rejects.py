"""Each record that is no usable call is rejected with its reason, and never with its text."""

from pathlib import Path
from typing import Any

import pytest

from tests.logs.reading import read_lines, read_records, reject_one
from tests.logs.shapes import (
    ONE_LINE,
    ask,
    body,
    dump,
    finetuning,
    langfuse,
    litellm,
    message,
    openai,
    openai_bodies,
    stored,
)
from understudy.logs.logged import REASONS, LogCounts, LoggedCall, Reject
from understudy.logs.messages import REDACTED

SECRET = "TOPSECRET"
ASKED = ask(SECRET)
TOOL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}


def with_choice(**changes: Any) -> dict[str, Any]:
    """A call whose only choice is changed."""
    return {**openai(ASKED, SECRET), "response": body("", choices=[choice(**changes)])}


def choice(**changes: Any) -> dict[str, Any]:
    return {"index": 0, "message": message(SECRET), "finish_reason": "stop", **changes}


CASES: list[tuple[str, Any]] = [
    ("not_a_call", 1),
    ("not_a_call", "text"),
    ("not_a_call", None),
    ("not_a_call", ASKED),
    ("not_a_call", {}),
    ("not_a_call", {"level": "info", "message": SECRET}),
    ("not_a_call", {**litellm(ASKED, SECRET), "call_type": "aembedding"}),
    ("not_a_call", {**litellm(ASKED, SECRET), "call_type": "atext_completion"}),
    ("not_a_generation", {**langfuse(ASKED, SECRET), "type": "SPAN"}),
    ("not_a_generation", {**langfuse(ASKED, SECRET), "type": "EVENT"}),
    ("no_messages", body(SECRET)),
    ("no_messages", {"prompt": SECRET, "completion": SECRET}),
    ("no_messages", {"input": SECRET, "output": SECRET}),
    ("no_messages", {**langfuse(ASKED, SECRET), "input": SECRET}),
    ("no_messages", {**langfuse(ASKED, SECRET), "input": None}),
    ("no_messages", openai([], SECRET)),
    ("no_messages", {"messages": []}),
    ("no_messages", {"messages": [SECRET]}),
    ("no_messages", finetuning([], SECRET)),
    ("no_messages", openai([{"content": SECRET}], SECRET)),
    ("no_messages", openai([{"role": "user"}], SECRET)),
    ("no_messages", openai([{"role": "user", "content": 7}], SECRET)),
    ("no_messages", {"request": {"messages": SECRET}, "response": body(SECRET)}),
    ("no_messages", litellm(ask(REDACTED), SECRET)),
    ("image", openai([{"role": "user", "content": [PICTURE]}], SECRET)),
    ("image", openai([{"role": "user", "content": [message("a"), SOUND]}], SECRET)),
    ("image", with_choice(message={"role": "assistant", "content": [PICTURE]})),
    ("no_answer", {"messages": ASKED}),
    ("no_answer", {"request": {"messages": ASKED}}),
    ("no_answer", {"request": {"messages": ASKED}, "response": None}),
    ("no_answer", {"messages": ASKED, "response": ""}),
    ("no_answer", {"messages": ASKED, "response": 7}),
    ("no_answer", {"messages": ASKED, "response": []}),
    ("no_answer", {"messages": ASKED, "response": {}}),
    ("no_answer", {"messages": ASKED, "response": [message("a"), message("b")]}),
    ("no_answer", {"messages": ASKED, "output": {"label": "a", "text": SECRET}}),
    ("no_answer", {"messages": ASKED, "output": {"title": "a", "body": SECRET}}),
    ("no_answer", {"messages": ASKED, "output": {"role": "user", "content": SECRET}}),
    ("no_answer", {"messages": [*ASKED, message(SECRET), *ASKED]}),
    ("no_answer", {"messages": [*ASKED, {**message(SECRET), "weight": 0}]}),
    ("no_answer", {"input": {"messages": ASKED}, "preferred_output": [message(SECRET)]}),
    ("no_answer", {**langfuse(ASKED, SECRET), "output": None}),
    ("no_answer", litellm(ASKED, "") | {"response": REDACTED}),
    ("no_answer", {**stored(ASKED, SECRET), "choices": []}),
    ("no_answer", {**stored(ASKED, SECRET), "choices": [{"delta": {"content": "T"}}]}),
    ("no_answer", with_choice(message=None)),
    ("no_answer", with_choice(message={"role": "assistant", "content": None})),
    ("no_answer", with_choice(message={"role": "assistant", "content": {"a": 1}})),
    ("failed", {**openai(ASKED, SECRET), "response": None, "error": {"message": SECRET}}),
    ("failed", {**openai(ASKED, SECRET), "response": {"error": {"message": SECRET}}}),
    ("failed", {**openai_bodies(ASKED, SECRET), "response": {"status_code": 429, "body": {}}}),
    ("failed", {"request": {"messages": ASKED}, "response": {"object": "error"}}),
    ("failed", {**litellm(ASKED, ""), "status": "failure", "error_str": SECRET, "response": {}}),
    ("failed", {**langfuse(ASKED, ""), "level": "ERROR", "statusMessage": SECRET}),
    ("failed", with_choice(error={"code": 502, "message": SECRET}, finish_reason="error")),
    ("tool_call", with_choice(message={**message(""), "tool_calls": [TOOL]})),
    ("tool_call", with_choice(message={**message(SECRET), "tool_calls": [TOOL]})),
    ("tool_call", with_choice(message={**message(""), "function_call": {"name": "f"}})),
    ("tool_call", with_choice(finish_reason="tool_calls")),
    ("tool_call", with_choice(message={"role": "assistant", "content": [{"type": "tool_use"}]})),
    ("tool_call", {"messages": [*ASKED, {"role": "assistant", "tool_calls": [TOOL]}]}),
    ("cut_off", with_choice(finish_reason="length")),
    ("cut_off", with_choice(finish_reason="MAX_TOKENS")),
    ("cut_off", with_choice(finish_reason="length", message=message(""))),
    ("cut_off", with_choice(finish_reason=None)),
    ("cut_off", with_choice(finish_reason={"type": "stop"})),
    ("cut_off", {**stored(ASKED, SECRET), "choices": [{"message": message(SECRET)}]}),
    ("cut_off", {"messages": ASKED, "response": {**message("a"), "finish_reason": "length"}}),
]


@pytest.mark.parametrize(("reason", "record"), CASES)
def test_what_is_no_usable_call_is_rejected_with_its_reason(
    tmp_path: Path, reason: str, record: Any
) -> None:
    found, detail = reject_one(tmp_path, record)
    assert found == reason
    assert SECRET not in detail


LINES = [
    ("not_json", b'{"messages": [{"role": "user", "content": "TOPSEC'),
    ("not_json", b"127.0.0.1 - - GET /v1/chat/completions"),
    ("not_json", b'{"messages": "\xe9"}'),
    ("not_json", b"\x00\x01\x02\xff\xfe"),
    ("not_json", b"[" * 100_000),
    ("not_json", b"9" * 10_000),
    ("too_large", b'{"messages": "' + b"a" * 2**24 + b'"}'),
]


@pytest.mark.parametrize(("reason", "line"), LINES, ids=range(len(LINES)))
def test_a_damaged_line_costs_no_other(tmp_path: Path, reason: str, line: bytes) -> None:
    whole = dump(openai(ASKED, "Yes."))
    before, found, after = read_lines(tmp_path, [whole, line, whole])
    assert isinstance(before, LoggedCall)
    assert isinstance(after, LoggedCall)
    assert isinstance(found, Reject)
    assert (found.reason, found.line, after.line) == (reason, 2, 3)
    assert SECRET[:6] not in found.detail


def test_every_reason_is_shown_by_a_test() -> None:
    tested = {reason for reason, _ in (*CASES, *LINES)}
    assert tested | {"no_question", "ambiguous"} == REASONS.keys()  # see test_joining


@pytest.mark.parametrize("shape", [shape for shape in ONE_LINE if shape != "finetuning"])
def test_a_record_without_its_answer_is_no_call_in_any_shape(tmp_path: Path, shape: str) -> None:
    record = ONE_LINE[shape](ASKED, "Yes.")
    for name in ("response", "output", "completion", "choices"):
        record.pop(name, None)
    [found] = read_records(tmp_path, [record])
    assert isinstance(found, Reject)
    assert found.reason == "no_answer"


def test_counts_name_only_the_reasons_that_occurred() -> None:
    counts = LogCounts(read=3, batch_inputs=1)
    counts.take(Reject("a.jsonl", 1, "cut_off", ""))
    counts.take(Reject("a.jsonl", 2, "failed", ""))
    assert counts.rejected == 2
    assert counts.to_record() == {
        "read": 3,
        "calls": 0,
        "batch_inputs": 1,
        "rejects": {"failed": 1, "cut_off": 1},
    }
