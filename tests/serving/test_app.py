"""Chat completions, summaries and models over HTTP, by a student that echoes."""

import json

import httpx2
import pytest

from tests.serving import CHAT, JSON, Echo, ask, chat, events, metric, served_echo


def test_a_completion_is_as_openai_has_it(client: httpx2.Client) -> None:
    response = ask(client, "abc def")
    found = response.json()
    assert response.status_code == 200
    assert found["id"].startswith("chatcmpl-")
    assert (found["object"], found["model"]) == ("chat.completion", "echo")
    [choice] = found["choices"]
    assert choice["message"] == {"role": "assistant", "content": "ABC DEF", "refusal": None}
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    assert found["usage"] == {"prompt_tokens": 7, "completion_tokens": 7, "total_tokens": 14}


def test_n_answers_are_alike_and_decoded_once() -> None:
    student = Echo()
    with served_echo(student) as client:
        found = ask(client, "abc", n=3).json()
    assert [one["index"] for one in found["choices"]] == [0, 1, 2]
    assert {one["message"]["content"] for one in found["choices"]} == {"ABC"}
    assert found["usage"] == {"prompt_tokens": 3, "completion_tokens": 9, "total_tokens": 12}
    assert student.texts == ["abc"]


@pytest.mark.parametrize(
    ("more", "text", "finish", "tokens"),
    [
        ({"max_tokens": 2}, "AB", "length", 2),
        ({"max_completion_tokens": 3, "max_tokens": 5}, "ABC", "length", 3),
        ({"max_tokens": 7}, "ABC DEF", "stop", 7),
        ({"stop": " D"}, "ABC", "stop", 3),
        ({"stop": ["F", "C"]}, "AB", "stop", 2),
        ({"stop": "x"}, "ABC DEF", "stop", 7),
        ({"stop": "A"}, "", "stop", 0),
        ({"stop": "E", "max_tokens": 3}, "ABC", "length", 3),
        ({"temperature": 0.7, "seed": 3, "user": "me", "tools": []}, "ABC DEF", "stop", 7),
        ({"response_format": {"type": "text"}}, "ABC DEF", "stop", 7),
        ({"stop": None, "n": None, "stream": None, "max_tokens": None}, "ABC DEF", "stop", 7),
    ],
)
def test_an_answer_ends_where_it_is_asked_to(
    more: dict[str, object], text: str, finish: str, tokens: int, client: httpx2.Client
) -> None:
    found = ask(client, "abc def", **more).json()
    [choice] = found["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, finish)
    assert found["usage"]["completion_tokens"] == tokens


def test_an_answer_as_long_as_the_student_may_write_ended_by_length() -> None:
    student = Echo()
    student.max_tokens = 3
    with served_echo(student) as client:
        assert ask(client, "abc").json()["choices"][0]["finish_reason"] == "length"
        assert ask(client, "ab").json()["choices"][0]["finish_reason"] == "stop"


def test_a_stream_has_role_words_and_end_and_its_words_are_the_answer(
    client: httpx2.Client,
) -> None:
    text = "one two\n\nthree  four ü\n"
    response = ask(client, text, stream=True)
    whole = ask(client, text).json()["choices"][0]["message"]["content"]
    *chunks, end = events(response)
    assert end is None
    assert response.headers["content-type"].startswith("text/event-stream")
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0]["role"] == "assistant"
    assert "".join(delta.get("content", "") for delta in deltas) == whole == text.upper()
    assert len(deltas) > 5
    finishes = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert finishes == [None] * (len(chunks) - 1) + ["stop"]
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert all("usage" not in chunk for chunk in chunks)


def test_a_stream_counts_tokens_where_it_is_asked_to(client: httpx2.Client) -> None:
    more = {"stream": True, "n": 2, "stream_options": {"include_usage": True}}
    *chunks, last, end = events(ask(client, "ab", **more))
    assert end is None
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 2, "completion_tokens": 4, "total_tokens": 6}
    assert all(chunk["usage"] is None for chunk in chunks)
    assert {chunk["choices"][0]["index"] for chunk in chunks} == {0, 1}


def test_the_answer_of_a_prompt_that_asks_for_json_is_json() -> None:
    with served_echo(Echo(), field="result.summary") as client:
        form = {"type": "json_object"}
        found = ask(client, 'a "b" é', response_format=form).json()
        *chunks, _ = events(ask(client, 'a "b" é', stream=True))
        plain = client.post("/v1/summaries", json={"article": "a"}).json()
    content = found["choices"][0]["message"]["content"]
    assert json.loads(content) == {"result": {"summary": 'A "B" É'}}
    assert "".join(one["choices"][0]["delta"].get("content", "") for one in chunks) == content
    assert plain["summary"] == "A"


def test_a_summary_is_answered_without_the_prompt(client: httpx2.Client) -> None:
    found = client.post("/v1/summaries", json={"article": "abc"}).json()
    assert found["summary"] == "ABC"
    assert found["finish_reason"] == "stop"
    assert found["usage"]["total_tokens"] == 6


@pytest.mark.parametrize(
    "given", [{}, {"text": "a"}, {"article": 1}, {"article": "a", "other": "b"}, {"article": " "}]
)
def test_a_summary_of_anything_but_an_input_is_refused(
    given: dict[str, object], client: httpx2.Client
) -> None:
    response = client.post("/v1/summaries", json=given)
    assert response.status_code == 422
    assert response.json()["error"]["message"]


def test_messages_of_another_task_are_refused_and_not_decoded() -> None:
    student = Echo()
    with served_echo(student) as client:
        response = client.post(CHAT, json={"messages": [{"role": "user", "content": "Hello"}]})
    error = response.json()["error"]
    assert response.status_code == 422
    assert (error["code"], error["param"]) == ("not_the_task", "messages")
    assert "not the task's prompt" in error["message"]
    assert student.texts == []


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": True}, "n"),
        ({"n": "2"}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": [""]}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"messages": []}, "messages"),
        ({"messages": "a"}, "messages"),
        ({"messages": None}, "messages"),
        ({"tools": [{}]}, "tools"),
        ({"logprobs": True}, "logprobs"),
        ({"model": 3}, "model"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    more: dict[str, object], param: str, client: httpx2.Client
) -> None:
    response = client.post(CHAT, json={**chat("a"), **more})
    error = response.json()["error"]
    assert response.status_code == 400
    assert error["type"] == "invalid_request_error"
    assert error["param"].startswith(param)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe{}",
        b'{"messages": "\xff"}',
        b'{"n": NaN}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/v1/summaries"])
def test_a_body_that_is_no_json_is_a_400(body: bytes, path: str, client: httpx2.Client) -> None:
    response = client.post(path, content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith("The body is")


def test_halves_of_characters_are_refused_and_do_no_harm(client: httpx2.Client) -> None:
    bodies = [rb'{"article": "\ud800"}', rb'{"\ud800": "a"}', rb'{"article": "a\u0000b"}']
    codes = [
        client.post("/v1/summaries", content=body, headers=JSON).status_code for body in bodies
    ]
    stop = client.post(CHAT, content=json.dumps(chat("abc", stop="\ud800")), headers=JSON)
    assert codes == [422, 422, 200]
    assert stop.status_code == 400


def test_the_model_is_listed_and_no_other_is_there(client: httpx2.Client) -> None:
    [model] = client.get("/v1/models").json()["data"]
    assert model["id"] == "echo"
    assert client.get("/v1/models/echo").json() == model
    missing = client.get("/v1/models/gpt-4o")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", CHAT, 405), ("POST", "/healthz", 405), ("PUT", CHAT, 405)],
)
def test_what_is_not_there_is_refused_in_the_same_form(
    method: str, path: str, status: int, client: httpx2.Client
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert "openapi.json" in response.json()["error"]["message"]


def test_health_readiness_and_the_description_are_told(client: httpx2.Client) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"
    api = client.get("/openapi.json").json()
    assert api["openapi"] == "3.1.0"
    ours = api["paths"][CHAT]["post"]
    asked = ours["requestBody"]["content"]["application/json"]["schema"]
    assert asked["required"] == ["messages"]
    assert {"200", "400", "401", "413", "415", "422", "429", "503", "504"} <= set(ours["responses"])


def test_metrics_count_requests_tokens_and_batches() -> None:
    student = Echo()
    with served_echo(student) as client:
        assert student.batches == [["The student warms up."]]
        ask(client, "abc")
        client.post(CHAT, json={})
        name = f'understudy_requests_total{{route="{CHAT}",status='
        assert metric(client, f'{name}"200"}}') == 1
        assert metric(client, f'{name}"400"}}') == 1
        assert metric(client, 'understudy_tokens_total{kind="written"}') == 3
        assert metric(client, "understudy_batch_size_sum") == 2  # with the warm-up
        assert metric(client, "understudy_requests_in_flight") == 1  # this one
        assert metric(client, "understudy_queue_length") == 0
