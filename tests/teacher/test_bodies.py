"""Paid bodies of any shape: in the ledger as they came, and read from there."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.teacher import ChatServer, Reply, in_turn, say
from tests.teacher.asking import ask, keys
from tests.teacher.batching import params as batch_params
from tests.teacher.test_client import params
from understudy.contract.answers import UNREADABLE
from understudy.teacher.completion import find_unpaid, keep_text, read_completion
from understudy.teacher.ledger import Ledger
from understudy.teacher.lines import answered

TEXT = "The ferry left the pier at dawn."
USAGE = {"prompt_tokens": 40, "completion_tokens": 12}
PLAN = {"type": "thinking", "thinking": [{"type": "text", "text": "Plan it."}]}
EVENTS = (
    'data: {"model": "m", "choices": [{"delta": {"content": "The ferry"}}]}\r\n\r\n'
    ': a comment\n\ndata: {"choices": [{"delta": {"content": " left the pier at dawn."}}]}\n\n'
    'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
    f'data: {{"choices": [], "usage": {json.dumps(USAGE)}}}\n\ndata: [DONE]\n\n'
)


def completion(message: Any, finish: str = "stop") -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish}], "usage": USAGE}


READABLE = {
    "parts": completion({"content": [PLAN, {"type": "text", "text": TEXT}]}),
    "output parts": completion({"content": [{"type": "output_text", "text": TEXT}]}),
    "two parts": completion({"content": [{"text": "The ferry left "}, "the pier at dawn."]}),
    "text": {"choices": [{"text": TEXT, "finish_reason": "eos_token"}], "usage": USAGE},
    "delta": {"choices": [{"delta": {"content": TEXT}, "finish_reason": "stop"}], "usage": USAGE},
    "wrapped": {"data": completion({"content": TEXT})},
    "messages API": {
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 40, "output_tokens": 12},
    },
    "Ollama's own": {
        "message": {"role": "assistant", "content": TEXT},
        "done_reason": "stop",
        "prompt_eval_count": 40,
        "eval_count": 12,
    },
    "Gemini's own": {
        "candidates": [{"content": {"parts": [{"text": TEXT}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": 12},
    },
    "events": EVENTS.encode(),
}
UNREAD: dict[str, Any] = {
    "nothing chosen": {"object": "chat.completion"},
    "no choice": {"choices": [], "usage": USAGE},
    "null choice": {"choices": [None]},
    "empty choice": {"choices": [{}]},
    "choices as text": {"choices": "text"},
    "a number": completion({"content": 5}),
    "an image": completion({"content": [{"type": "image_url", "image_url": "x"}]}),
    "half JSON": b'\x00\xff{"choices": [{"mess',
    "list": b"[1]",
    "null": b"null",
}


@pytest.mark.parametrize("body", READABLE.values(), ids=READABLE)
def test_a_paid_body_is_read_whatever_its_shape_and_asked_for_once(path: Path, body: Any) -> None:
    with ChatServer(in_turn(Reply(body))) as server:
        teacher = params(server, max_retries=3)
        (answer,) = ask(["a"], teacher, path)
        assert ask(["a"], teacher, path) == [answer]
        assert len(server.calls) == 1
    assert (answer.text, answer.find_problem()) == (TEXT, None)
    assert (answer.prompt_tokens, answer.completion_tokens) == (40, 12)


@pytest.mark.parametrize("body", UNREAD.values(), ids=UNREAD)
def test_a_body_that_cannot_be_read_is_kept_flagged_and_not_paid_for_again(
    path: Path, body: Any
) -> None:
    with ChatServer(in_turn(Reply(body), say("fine"))) as server:
        teacher = params(server, max_retries=3)
        (answer,) = ask(["a"], teacher, path)
        assert ask(["a"], teacher, path) == [answer]
        assert len(server.calls) == 1
    assert (answer.text, answer.find_problem()) == ("", "unreadable")
    with Ledger(path) as ledger:
        (line,) = [r for _, r in ledger.records() if getattr(r, "kind", "") == "answered"]
        assert not ledger.damaged
    kept = line.content["completion"]  # type: ignore[union-attr]
    if isinstance(body, bytes) and body[:1] == b"\0":
        assert kept == keep_text('\0\ufffd{"choices": [{"mess')
    else:
        assert kept == (json.loads(body) if isinstance(body, bytes) else body)


def test_a_line_that_an_earlier_version_could_not_read_is_read_for_free(path: Path) -> None:
    teacher = params("http://127.0.0.1:9/v1", mode="replay")
    (key,) = keys(["a"], teacher)
    with Ledger(path) as ledger:
        ledger.append([answered(key, keep_text(EVENTS), 1.0, batch=False)])
    (answer,) = ask(["a"], teacher, path)
    assert answer.text == TEXT


@pytest.mark.parametrize("name", ["parts", "events", "an image", "half JSON"])
def test_a_batchs_bodies_are_kept_too(path: Path, name: str) -> None:
    body = (READABLE | UNREAD)[name]
    with BatchServer() as server:
        server.line_script = lambda _: Reply(body)
        teacher = batch_params(server, max_retries=2)
        (answer,) = ask(["a"], teacher, path)
        assert ask(["a"], teacher, path) == [answer]
        assert server.submitted == 1
    assert answer.batch
    assert answer.find_problem() == (None if name in READABLE else "unreadable")


def test_an_error_that_came_with_status_200_in_a_batch_is_asked_again(path: Path) -> None:
    with BatchServer() as server:
        replies = iter([Reply({"error": {"message": "At work.", "code": 503}}), say("fine")])
        server.line_script = lambda _: next(replies)
        (answer,) = ask(["a"], batch_params(server, max_retries=2), path)
    assert answer.text == "fine"


@pytest.mark.parametrize("body", [{"error": {"code": 429}}, [{"error": "x"}], {"object": "error"}])
def test_an_error_object_is_no_answer(body: Any) -> None:
    assert find_unpaid(body) is not None
    assert read_completion("k", body, batch=False).reading == UNREADABLE
    assert find_unpaid(completion({"content": "Half"}, "error") | {"error": "late"}) is None


def test_a_choice_that_a_filter_left_empty_is_refused(path: Path) -> None:
    body = {"choices": [{"index": 0, "finish_reason": "content_filter: SAFETY"}], "usage": USAGE}
    with ChatServer(in_turn(Reply(body))) as server:
        (answer,) = ask(["a"], params(server), path)
    assert (answer.find_problem(), answer.prompt_tokens) == ("refused", 40)


def test_reasoning_tokens_are_read_or_estimated() -> None:
    usage = {**USAGE, "completion_tokens_details": {"reasoning_tokens": 9}}
    body = completion({"content": TEXT}) | {"usage": usage}
    assert read_completion("k", body, batch=False).reasoning_tokens == 9
    alone = completion({"content": "", "reasoning_content": "Plan it."}, "length")
    assert read_completion("k", alone, batch=False).reasoning_tokens == 12
    in_total = completion({"content": TEXT}) | {"usage": {**USAGE, "total_tokens": 70}}
    answer = read_completion("k", in_total, batch=False)
    assert (answer.completion_tokens, answer.reasoning_tokens) == (30, 18)


def test_a_key_in_a_body_that_is_no_json_is_taken_out_however_it_is_escaped(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_BODY_KEY", "sk-a/b-0123456789")
    keys = rb"sk-a\/b-0123456789 sk-a\u002Fb-0123456789"
    body = b'data: {"choices": [{"delta": {"content": "' + keys + b'"}}]}'
    with ChatServer(in_turn(Reply(body))) as server:
        (answer,) = ask(["a"], params(server, api_key_env="TEST_BODY_KEY"), path)
    assert answer.text == "*** ***"


@pytest.mark.parametrize(
    "values", [[-0.5, -0.25], [0], [], [1.5], [float("nan")], ["-1"], [-1, None]]
)
def test_the_log_probability_is_that_of_all_tokens_or_none(values: list[Any]) -> None:
    body = completion({"content": TEXT})
    body["choices"][0]["logprobs"] = {"content": [{"logprob": value} for value in values]}
    expected = {(-0.5, -0.25): -0.75, (0,): 0.0}.get(tuple(values))
    assert read_completion("sha256:0", body, batch=False).log_probability == expected
