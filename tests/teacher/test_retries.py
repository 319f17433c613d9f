"""What a response other than 200 comes to, whoever has sent it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from understudy.teacher.errors import EndpointError
from understudy.teacher.retries import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    RefusalError,
    RetryableError,
    RowError,
    backoff,
    classify_status,
)
from understudy.teacher.waits import read_pause

Body = dict[str, Any]


def error(message: str, code: Any = None, kind: Any = None, **more: Any) -> Body:
    """As the `openai` client hands it over: what was under "error"."""
    return {"message": message, "code": code, "type": kind, "param": None, **more}


def classify(status: int, body: Any, **headers: str) -> Exception:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify_status(status, body, sent, "m")


RATE = "Rate limit reached for m on requests per min (RPM): Limit 3, Used 3, Requested 1."
LONG = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"
WORTH_ANOTHER_TRY = [
    (429, error(RATE, "rate_limit_exceeded", "requests")),
    (429, error("Requests to the API have exceeded call rate limit", "429")),
    (429, None),
    (429, "<html>Too many requests</html>"),
    (408, error("Request timeout")),
    (409, error("Conflict")),
    (425, None),
    (500, error("The server had an error", None, "server_error")),
    (500, {"error": "unexpected EOF"}),
    (502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    (503, error("The model is overloaded")),
    (504, ""),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    (500, []),
    (500, ["an", "error"]),
    (500, {"error": None}),
    (500, {"error": {"message": None, "code": ["odd"], "type": {"odder": 1}}}),
]


@pytest.mark.parametrize(("status", "body"), WORTH_ANOTHER_TRY)
def test_what_may_pass_is_worth_another_try(status: int, body: Any) -> None:
    found = classify(status, body)
    assert isinstance(found, RetryableError)
    assert found.reason.startswith(f"HTTP {status}: ")
    assert found.pushed_back == (status in (429, 503, 529))


@pytest.mark.parametrize(("status", "billed"), [(429, False), (500, False), (504, True)])
def test_only_a_gateway_that_waited_in_vain_leaves_open_what_was_billed(
    status: int, billed: bool
) -> None:
    found = classify(status, None)
    assert isinstance(found, RetryableError)
    assert found.maybe_billed == billed


CREDIT, KEY = "has no credit left", "refuses the API key"
MODEL, SETTINGS = "no such model", "does not accept teacher.request"
HOPELESS = [
    (429, error("You exceeded your current quota", "insufficient_quota"), CREDIT),
    (429, error("You exceeded your current quota", None, "insufficient_quota"), CREDIT),
    (429, error("Your account is not active", "billing_not_active"), CREDIT),
    (402, error("Insufficient Balance"), CREDIT),
    (400, error("Billing hard limit has been reached", "billing_hard_limit_reached"), CREDIT),
    (400, error("Unsupported value: 'temperature'", "unsupported_value"), SETTINGS),
    (400, {"object": "error", "message": "bad top_p", "code": 400}, SETTINGS),
    (422, {"detail": [{"msg": "Field required"}]}, SETTINGS),
    (422, {"detail": "Unprocessable"}, SETTINGS),
    (401, error("Incorrect API key provided", "invalid_api_key"), KEY),
    (401, None, KEY),
    (403, error("Country not supported", "unsupported_country_region_territory"), KEY),
    (403, error("Project has no access to model `m`", "model_not_found"), MODEL),
    (404, error("The model `m` does not exist", "model_not_found"), MODEL),
    (404, error("The API deployment does not exist", "DeploymentNotFound"), MODEL),
    (404, {"error": "model 'm' not found, try pulling it first"}, MODEL),
    (404, "model 'm' not found, try pulling it first", MODEL),
    (404, {"object": "error", "message": "The model `m` does not exist.", "code": 404}, MODEL),
    (404, "<html><body>nginx</body></html>", MODEL),
    (405, {"detail": "Method Not Allowed"}, SETTINGS),
]


@pytest.mark.parametrize(("status", "body", "said"), HOPELESS)
def test_what_no_call_would_better_stops_the_run(status: int, body: Any, said: str) -> None:
    found = classify(status, body)
    assert isinstance(found, EndpointError)
    assert said in str(found)
    assert "\n" not in str(found)


TOO_LONG = [
    (400, error(LONG, "context_length_exceeded")),
    (400, {"object": "error", "message": LONG, "type": "BadRequestError", "code": 400}),
    (400, error("String too long", "string_above_max_length")),
    (
        400,
        error("the request exceeds the available context size", 400, "exceed_context_size_error"),
    ),
    (400, error("prompt is too long: 210000 tokens > 200000 maximum")),
    (413, error("Request too large for model `m` on tokens per minute", "rate_limit_exceeded")),
    (413, "<html><h1>413 Request Entity Too Large</h1></html>"),
    (
        429,
        error(
            "Request too large for m on tokens per min: Limit 3, Requested 9", "rate_limit_exceeded"
        ),
    ),
]


@pytest.mark.parametrize(("status", "body"), TOO_LONG)
def test_too_long_a_prompt_is_given_up_alone(status: int, body: Any) -> None:
    assert isinstance(classify(status, body), RowError)


FILTERED = [
    error("The response was filtered", "content_filter", None, status=400),
    error("The response was filtered", innererror={"code": "ResponsibleAIPolicyViolation"}),
    error("Your request was rejected", "content_policy_violation"),
    error("Flagged", 403, metadata={"reasons": ["violence"], "flagged_input": "text"}),
]


@pytest.mark.parametrize("body", FILTERED)
def test_a_filtered_prompt_is_a_refusal(body: Body) -> None:
    found = classify(400, body)
    assert isinstance(found, RefusalError)
    assert found.reason == body["message"]


def test_a_message_is_one_short_line() -> None:
    found = classify(500, {"error": {"message": "one\n\ttwo \ud800 " + "x" * 1000}})
    assert isinstance(found, RetryableError)
    assert found.reason.startswith("HTTP 500: one two ? xxx")
    assert len(found.reason) <= 320
    assert classify(500, None) == classify(500, {"error": {}})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "20"}, 20),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after": "1m30s"}, 90),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after_ms": "250", "retry_after": "1"}, 0.25),
        ({"retry_after_ms": "soon", "retry_after": "1"}, 1),
        ({"retry_after_ms": "", "retry_after": "1"}, 1),
        ({"retry_after": "0"}, 0),
        ({"retry_after": "-5"}, 0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "99999999999999999999999"}, None),
        ({"retry_after": "Fri, 31 Feb 2020 25:00:00 GMT"}, None),
        ({"retry_after": "Fri, 31 Jan 2020 10:00:00 GMT"}, 0),
        ({"retry_after": "Fri, 31 Jan 2020 10:00:00 -0000"}, 0),
    ],
)
def test_the_pause_that_is_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    found = classify(429, None, **headers)
    assert isinstance(found, RetryableError)
    assert found.pause == seconds


def test_a_pause_until_a_date_ends_then() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    pause = read_pause({"retry-after": date})
    assert pause is not None
    assert 80 < pause <= 90


def test_pauses_double_up_to_a_longest_one_and_differ() -> None:
    for attempt in range(1, 2000):
        most = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt - 1, 50))
        assert most / 2 <= backoff(attempt, None) <= most
    assert len({backoff(3, None) for _ in range(20)}) > 10


def test_a_pause_that_is_asked_for_is_kept_and_spread_a_little() -> None:
    for attempt in (1, 5, 50):
        assert 20 <= backoff(attempt, 20.0) <= 22
    assert backoff(1, 0.0) >= 0


def test_a_pause_of_days_is_not_kept() -> None:
    assert backoff(1, 1e23) <= 660


# What the server said

MISTRAL = {"detail": [{"loc": ["body", "max_tokens"], "msg": "Not allowed", "input": 1}]}
NESTED = {"error": {"code": "insufficient_quota", "message": "Pay up"}}
PAGE = "<!doctype html><html><head><title>Bad &amp; gone</title></head><body>x</body></html>"
SAID = [
    ({"message": MISTRAL, "code": None}, "body.max_tokens: Not allowed (teacher.request.max_tok"),
    (MISTRAL, "body.max_tokens: Not allowed (teacher.request.max_tokens)"),
    ({"detail": [{"loc": ["body", "messages", 0], "msg": "Bad"}]}, "body.messages.0: Bad"),
    ([{"error": {"code": 400, "message": "The key is not valid."}}], "The key is not valid."),
    ({"errors": [{"code": 7003, "message": "No route"}]}, "No route"),
    (
        {"message": "Invalid", "errors": [{"field": "top_p", "message": "too large"}]},
        "Invalid: too large (teacher.request.top_p)",
    ),
    ({"error": "invalid_request", "error_description": "No scope."}, "No scope.: invalid_request"),
    ({"title": "Bad Request", "status": 400, "detail": "Much too hot"}, "Much too hot: Bad Re"),
    ({"error": {"message": json.dumps({"message": "Inner", "code": 1})}}, "Inner"),
    (
        {"error": {"message": "Upstream", "metadata": {"raw": json.dumps(error("Too hot"))}}},
        "Upstream: Too hot",
    ),
    (error("No 'stop'", param="stop"), "No 'stop' (teacher.request.stop)"),
    (error("No such role", param="messages[0].role"), "No such role"),
    (PAGE, "Bad & gone"),
    ("Method\n not allowed", "Method not allowed"),
    ({"code": "E17"}, '{"code": "E17"}'),
    ({"error": {}}, "(no explanation)"),
]


@pytest.mark.parametrize(("body", "said"), SAID)
def test_the_servers_own_words_are_told_whatever_their_form(body: Any, said: str) -> None:
    found = classify(400, body)
    assert f"(HTTP 400): {said}" in str(found)
    assert len(str(found)) < 500


def test_codes_within_other_forms_count() -> None:
    for body in ({"error": {"message": json.dumps(NESTED), "code": 429}}, [NESTED], str(NESTED)):
        body = json.dumps(NESTED) if isinstance(body, str) else body
        assert "no credit left (insufficient_quota): Pay up" in str(classify(429, body))
    busy = [{"error": {"code": 429, "message": "Quota of requests a day is used up."}}]
    assert isinstance(classify(429, busy), RetryableError)
