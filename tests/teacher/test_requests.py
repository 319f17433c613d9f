"""A request: its canonical bytes and key, which name every answer that was ever paid for."""

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import ChatServer, echo, refuse, settings
from tests.teacher.asking import requests
from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.client import ask
from understudy.teacher.errors import TeacherError
from understudy.teacher.ledger import Ledger, keep
from understudy.teacher.money import worst_case_usd
from understudy.teacher.requests import Question, build_requests, canonical, content_key

PROMPTS = ["Summarize: 'Zürich – 漢字 \"$5\"\n\\ /'", "half \ud83e of a crab"]
API: dict[str, Any] = {
    "base_url": "https://api.example.com/v1/",
    "request": {"temperature": 0, "max_completion_tokens": 100},
}
EMBEDDED = {"base_url": "embedded", "model": "embedded-rules"}
# Written by the first version. A change of any byte asks, and pays, for everything again.
RECORDED = [
    (
        API,
        '{"endpoint":"https://api.example.com/v1","max_completion_tokens":100,"messages":'
        '[{"content":"Summarize: \'Zürich – 漢字 \\"$5\\"\\n\\\\ /\'","role":"user"}],'
        '"model":"double","temperature":0}',
        "sha256:7557ca8e58d7a62ad537e0f7c826328df29c342dfa8199ad6a6de50600c19b44",
    ),
    (
        API,
        '{"endpoint":"https://api.example.com/v1","max_completion_tokens":100,"messages":'
        '[{"content":"half ? of a crab","role":"user"}],"model":"double","temperature":0}',
        "sha256:f2855b144c8d49e68ea6f679d61613812d3799d0b180481e8253a9ff312149a9",
    ),
    (
        EMBEDDED,
        '{"endpoint":"embedded:f055d0f53e22f30a","messages":[{"content":"Summarize: \'Zürich – '
        '漢字 \\"$5\\"\\n\\\\ /\'","role":"user"}],"model":"embedded-rules"}',
        "sha256:9db6bfcf43679de7fbbaecafabbab9f3e6d9122d387c17a39e36599b9314c616",
    ),
    (
        EMBEDDED,
        '{"endpoint":"embedded:f055d0f53e22f30a","messages":[{"content":"half ? of a crab",'
        '"role":"user"}],"model":"embedded-rules"}',
        "sha256:4b9031a5327d4f70ad7efd1d470336950a6ee66e3f902991badb2e9a95a8e1d2",
    ),
]


def params(**changes: Any) -> TeacherParams:
    return TeacherParams(**settings(**{"base_url": "http://h/v1", **changes}))


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_canonical_bytes_and_keys_are_those_of_the_first_version(number: int) -> None:
    changes, text, key = RECORDED[number]
    request = requests([PROMPTS[number % 2]], params(**changes))[0]
    assert request.canonical == text.encode()
    assert request.key == key


def test_a_request_carries_its_row_its_worst_case_and_what_the_api_gets() -> None:
    teacher = params(prices={"input": 1.0, "output": 2.0}, request={"max_tokens": 10})
    question = Question.of("What?", {"id": "7", "article": "Rain."}, "train")
    (request,) = build_requests([question], teacher)
    assert request.question is question
    assert request.worst_usd == worst_case_usd(len(request.canonical), teacher) > 0
    assert request.key == content_key(request.content)
    assert request.body == {
        "model": "double",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "What?"}],
    }


def test_the_same_request_has_the_same_key_whatever_the_order_of_its_parts() -> None:
    content = {"endpoint": "e", "model": "m", "messages": [{"content": "Zü", "role": "user"}]}
    assert content_key(dict(reversed(content.items()))) == content_key(content)


@pytest.mark.parametrize("change", [{"model": "n"}, {"endpoint": "f"}, {"temperature": 0}])
def test_each_part_of_a_request_is_in_its_key(change: dict[str, Any]) -> None:
    content = {"endpoint": "e", "model": "m", "messages": [{"content": "a"}]}
    assert content_key(content | change) != content_key(content)


def test_the_order_of_messages_is_in_the_key() -> None:
    assert content_key({"messages": ["a", "b"]}) != content_key({"messages": ["b", "a"]})


def test_canonical_json_keeps_letters_as_they_are() -> None:
    assert canonical({"b": "Zürich", "a": 1}).decode() == '{"a":1,"b":"Zürich"}'


# Answers find their rows


class Rows:
    """Questions that change after a number of readings."""

    def __init__(self, *readings: list[str]) -> None:
        self._readings = list(readings)

    def __iter__(self) -> Any:
        prompts = self._readings.pop(0) if len(self._readings) > 1 else self._readings[0]
        return (Question.of(prompt, {"id": prompt.upper()}) for prompt in prompts)


def test_each_row_gets_the_answer_to_its_own_prompt_wherever_it_moves(tmp_path: Path) -> None:
    with ChatServer() as server:
        teacher = params(base_url=server.url)
        moved = Rows(*[["a", "b", "b", "c"]] * 3, ["c", "b", "a", "b"])
        found = list(ask(moved, teacher, tmp_path / "ledger.jsonl", "test"))
    assert [question.row["id"] for question, _ in found] == ["C", "B", "A", "B"]
    assert [answer.text for _, answer in found] == [f"answer to {p}" for p in "cbab"]


@pytest.mark.parametrize(
    ("after", "message"),
    [(["a", "b", "x"], "row 3: changed"), (["a", "b"], "2 rows, expected 3"), ([], "0 rows")],
)
def test_rows_that_change_while_the_teacher_is_asked_are_an_error(
    tmp_path: Path, after: list[str], message: str
) -> None:
    with ChatServer() as server:
        rows = Rows(*[["a", "b", "c"]] * 3, after)
        answered = ask(rows, params(base_url=server.url), tmp_path / "ledger.jsonl", "test")
        with pytest.raises(TeacherError, match=message):
            list(answered)


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("http://host:8080", "http://host:8080/v1"),
        ("http://host:8080/", "http://host:8080/v1"),
        ("http://host:8080/v1/", "http://host:8080/v1"),
        ("http://host:8080/v1/chat/completions", "http://host:8080/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
        ("https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1"),
        ("https://ark.example.com/api/v3", "https://ark.example.com/api/v3"),
        ("https://host/proxy/v1", "https://host/proxy/v1"),
        ("embedded", "embedded"),
    ],
)
def test_one_endpoint_has_one_address_however_it_is_written(given: str, full: str) -> None:
    assert params(base_url=given).base_url == full
    assert requests(["a"], params(base_url=given)) == requests(["a"], params(base_url=full))


def test_an_address_of_azure_stays_without_v1() -> None:
    azure = "https://r.openai.azure.com"
    assert params(base_url=azure, api_version="2024-10-21").base_url == azure


def test_answers_of_a_bare_address_are_not_asked_again(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    asked = [Question.of("a"), Question.of("b"), Question.of("a")]
    with ChatServer() as server:
        teacher = params(base_url=server.url.removesuffix("/v1"))
        former = teacher.model_copy(update={"base_url": server.url.removesuffix("/v1")})
        earlier = [request.key for request in build_requests(asked, former)]
        with Ledger(ledger) as old:
            keep(old, [Answer(earlier[0], "kept", "stop", "", "m", 1, 0, 1)], "test")
        texts = [answer.text for _, answer in ask(asked, teacher, ledger, "test")]
        assert texts == ["kept", "answer to b", "kept"]
        assert [call.path for call in server.calls] == ["/v1/chat/completions"]


def test_an_endpoint_without_v1_is_asked_where_it_listens(tmp_path: Path) -> None:
    with ChatServer() as server:
        host, server.models = server.url.removesuffix("/v1"), None
        server.script = lambda call: refuse(404, "?") if "/v1" in call.path else echo(call)
        found = ask([Question.of("a")], params(base_url=host), tmp_path / "ledger.jsonl", "test")
        assert [answer.text for _, answer in found] == ["answer to a"]
        assert server.calls[-1].path == "/chat/completions"
