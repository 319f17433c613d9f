"""What is found out before the first paid call."""

import asyncio
import json
import select
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.doubles.teacher import PATIENCE, ChatServer, Reply, in_turn, refuse, settings
from tests.teacher.asking import requests
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher import preflight
from understudy.teacher.endpoint import open_endpoint
from understudy.teacher.errors import EndpointError
from understudy.teacher.preflight import check_endpoint, warn_of_shutdown

VARIABLE, KEY = "TEST_TEACHER_KEY", "sk-test-0123456789abcdef"


class Answering(ChatServer):
    """Answers every GET with one reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply

    def find(self, request: Any) -> Reply:
        if self.reply.hang:  # until the client gives up
            select.select([request.connection], [], [], PATIENCE)
        return self.reply


def check(url: str, calls: int = 0, **changes: Any) -> list[Any]:
    """The answers to calls after the check."""
    params = TeacherParams(**settings(url, **{"timeout_seconds": 5.0, **changes}))

    async def main() -> list[Any]:
        async with open_endpoint(params) as endpoint:
            await check_endpoint(endpoint, params)
            asked = requests(["hi"] * calls, params)
            return [(await endpoint.complete(one))[0] for one in asked]

    return asyncio.run(main())


def complete(url: str, **changes: Any) -> Any:
    """The answer to one call after the check."""
    return check(url, 1, **changes)[0]


def models(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"id": name, "object": "model", "created": 1, **more} for name in names]


def test_a_model_that_is_there_passes_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer() as server:
        check(server.url)
        assert server.gets == ["/v1/models"]
        assert server.calls == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_wrong_key_stops_the_first_call(is_listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY + "wrong")
    with ChatServer() as server:
        server.key = KEY
        server.models = server.models if is_listed else None
        with pytest.raises(EndpointError, match="refuses the API key") as caught:
            complete(server.url, api_key_env=VARIABLE)
        assert KEY not in str(caught.value)
        monkeypatch.setenv(VARIABLE, KEY)
        complete(server.url, api_key_env=VARIABLE)


def test_a_model_that_the_list_lacks_is_a_warning_with_names_like_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ChatServer() as server:
        server.models = models("gpt-4o-mini", "gpt-4o", "whisper-1")
        assert complete(server.url, model="gpt-4o-mni")["choices"]
        check(server.url, model="zzz")
    near, far = capsys.readouterr().err.splitlines()
    assert near == (
        "warning: teacher.model = gpt-4o-mni: not one of the 3 models in the endpoint's list (did "
        "you mean gpt-4o-mini or gpt-4o?); the first call will tell"
    )
    assert "not one of the 3 models in the endpoint's list (it has gpt-4o-mini, gpt-4o, wh" in far


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        (["acme/large-3", "acme/large-3:free"], "acme/large-3:nitro"),
        (["/srv/models/q4.gguf"], "smollm2"),
        (["gpt-4o-2024-08-06"], "my-deployment"),
        (["q4\n\x1b[31m"] * 20, "m"),
    ],
)
def test_a_name_of_a_router_or_a_deployment_is_answered_after_one_line(
    listed: list[str], asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer() as server:
        server.models = models(*listed)
        assert complete(server.url, model=asked)["choices"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: teacher.model = {asked}: not ")


def test_a_refused_model_is_told_with_what_the_list_says() -> None:
    with ChatServer(in_turn(refuse(404, "No model gpt-5.", "model_not_found"))) as server:
        server.models = models("gpt-4o", "gpt-4o-mini")
        with pytest.raises(EndpointError) as caught:
            complete(server.url, model="gpt-4")
        server.script = in_turn(refuse(400, "Invalid model name passed in model=gpt-4."))
        with pytest.raises(EndpointError, match=r"Invalid model name.*; not one of the 2 models"):
            complete(server.url, model="gpt-4")
    assert "No model gpt-5.; not one of the 2 models in the endpoint's list (did you" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ({"data": [{"id": "llama3:latest"}, {"id": "qwen:7b"}]}, "llama3"),
        ({"data": [{"id": "llama3:latest"}, {"id": "qwen:7b"}]}, "qwen:7b"),
        ({"data": [{"id": "acme/*"}]}, "acme/large"),
        ({"data": [{"id": "*"}]}, "anything"),
        ({"models": [{"name": "models/gemini"}]}, "gemini"),
        ([{"id": "double"}, "odd"], "double"),
        ({"data": [{"id": "a"}], "has_more": True, "last_id": "a"}, "on-page-two"),
        ({"data": [], "models": [{"name": "double", "model": "double"}]}, "double"),
    ],
)
def test_lists_of_other_shapes_are_read_or_pass_without_a_word(
    body: Any, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Answering(Reply(json.dumps(body).encode())) as server:
        check(server.url, model=asked)
    assert capsys.readouterr().err == ""


def test_a_list_that_does_not_come_or_does_not_end_is_done_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preflight, "PATIENCE", 0.2)
    with Answering(Reply(hang=True)) as server:
        check(server.url)
        assert len(server.gets) == 1
    monkeypatch.setattr(preflight, "PATIENCE", 30.0)
    monkeypatch.setattr(preflight, "MOST_BYTES", 10_000)
    long = json.dumps({"data": models(*map(str, range(1000)))}).encode()
    for reply in (Reply(long), Reply(long, broken=True), Reply(disconnect=True)):
        with Answering(reply) as server:
            check(server.url)


NO_LISTS = [
    refuse(404, "Unknown request URL"),
    refuse(405, "Method Not Allowed"),
    Reply(b"Not Found", status=404),
    refuse(403, "Missing scopes: api.model.read"),
    refuse(401, "Only for admins"),
    refuse(500, "Oops."),
    Reply({"object": "list", "data": []}),
    Reply({"data": None}),
    Reply({"data": ["gpt-4o", {"title": "m"}]}),
    Reply(b"[]"),
    Reply(b"null"),
    Reply(b""),
]


@pytest.mark.parametrize("reply", NO_LISTS)
def test_an_endpoint_without_a_list_of_models_passes(reply: Reply) -> None:
    with Answering(reply) as server:
        check(server.url)
        assert len(server.gets) == 1


PAGE = Reply(b"<!doctype html><html></html>", headers={"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("reply", "said"),
    [(PAGE, "usually ends in /v1"), (refuse(429, "Pay.", "insufficient_quota"), "no credit left")],
)
def test_a_web_page_and_an_empty_account_are_found_before_anything_is_asked(
    reply: Reply, said: str
) -> None:
    with Answering(reply) as server, pytest.raises(EndpointError, match=said):
        check(server.url)


# The end of a model


def days_ahead(days: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


def as_unix_time(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("days", [-3, 0, 1, 45, 89, 120])
@pytest.mark.parametrize("unix", [False, True])
def test_a_model_that_ends_soon_is_a_warning(
    days: int, unix: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    day = days_ahead(days)
    with ChatServer() as server:
        server.models = models("double", shutdown_date=as_unix_time(day) if unix else str(day))
        check(server.url)
    warning = capsys.readouterr().err
    if days == 120:  # much later
        assert warning == ""
        return
    assert warning.startswith(
        f"warning: teacher.model = double: the endpoint shuts it down on {day}"
    )
    assert (f"in {days} day" if days > 0 else "already past" if days < 0 else "today") in warning


@pytest.mark.parametrize(
    "given", [None, "", "soon", "2025-13-45", 1e300, float("nan"), [], {}, True]
)
def test_an_odd_date_is_no_warning(given: Any) -> None:
    assert warn_of_shutdown({"shutdown_date": given}, date(2025, 1, 1)) is None


def test_a_date_with_a_time_is_a_date() -> None:
    warning = warn_of_shutdown({"shutdown_date": "2025-02-01T00:00:00Z"}, date(2025, 1, 1))
    assert warning == "the endpoint shuts it down on 2025-02-01 (in 31 days)"
