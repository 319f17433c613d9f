"""What is found out before the first paid call."""

import asyncio
import socket
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.doubles.teacher import ChatServer, Reply, refuse, settings
from understudy.contract.params.teacher import TeacherParams
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
        return self.reply


def check(url: str, **changes: Any) -> None:
    params = TeacherParams(**settings(url, **{"timeout_seconds": 5.0, **changes}))

    async def main() -> None:
        async with open_endpoint(params) as endpoint:
            await check_endpoint(endpoint, params)

    asyncio.run(main())


def models(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"id": name, "object": "model", "created": 1, **more} for name in names]


def test_a_model_that_is_there_passes_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer() as server:
        check(server.url)
        assert server.gets == ["/v1/models"]
        assert server.calls == []
    assert capsys.readouterr().err == ""


def test_a_wrong_key_is_found_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY + "wrong")
    with ChatServer() as server:
        server.key = KEY
        with pytest.raises(EndpointError, match="refuses the API key") as caught:
            check(server.url, api_key_env=VARIABLE)
        assert KEY not in str(caught.value)
        monkeypatch.setenv(VARIABLE, KEY)
        check(server.url, api_key_env=VARIABLE)


def test_an_unknown_model_is_told_with_names_like_it() -> None:
    with ChatServer() as server:
        server.models = models("gpt-4o-mini", "gpt-4o", "whisper-1")
        with pytest.raises(EndpointError, match=r"no such model; did you mean .*gpt-4o-mini"):
            check(server.url, model="gpt-4o-mni")
        with pytest.raises(EndpointError, match="it has gpt-4o-mini, gpt-4o, whisper-1"):
            check(server.url, model="zzz")


def test_a_model_of_ollama_needs_no_tag() -> None:
    with ChatServer() as server:
        server.models = models("llama3:latest", "qwen:7b")
        check(server.url, model="llama3")
        check(server.url, model="qwen:7b")
        with pytest.raises(EndpointError, match="did you mean qwen:7b"):
            check(server.url, model="qwen")


NO_LISTS = [
    refuse(404, "Unknown request URL"),
    refuse(405, "Method Not Allowed"),
    Reply(b"Not Found", status=404),
    refuse(403, "Missing scopes: api.model.read"),
    refuse(500, "Oops."),
    Reply({"object": "list", "data": []}),
    Reply({"data": None}),
    Reply({"data": ["gpt-4o", {"name": "m"}]}),
    Reply(b"[]"),
    Reply(b"null"),
    Reply(b""),
]


@pytest.mark.parametrize("reply", NO_LISTS)
def test_an_endpoint_without_a_list_of_models_passes(reply: Reply) -> None:
    with Answering(reply) as server:
        check(server.url)
        assert len(server.gets) == 1


def test_a_web_page_is_no_endpoint() -> None:
    page = Reply(b"<!doctype html><html></html>", headers={"Content-Type": "text/html"})
    with Answering(page) as server, pytest.raises(EndpointError, match="usually ends in /v1"):
        check(server.url)


def test_an_empty_account_is_found_before_anything_is_asked() -> None:
    with (
        Answering(refuse(429, "Pay.", "insufficient_quota")) as server,
        pytest.raises(EndpointError, match="no credit left"),
    ):
        check(server.url)


def test_nobody_who_listens_is_told_within_seconds() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    begun = time.monotonic()
    with pytest.raises(EndpointError, match="check the address") as caught:
        check(url)
    assert url in str(caught.value)
    assert time.monotonic() - begun < 8


# The end of a model


def days_ahead(days: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


def as_unix_time(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("days", [-3, 0, 1, 45, 89])
@pytest.mark.parametrize("unix", [False, True])
def test_a_model_that_ends_soon_is_a_warning(
    days: int, unix: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    day = days_ahead(days)
    with ChatServer() as server:
        server.models = models("double", shutdown_date=as_unix_time(day) if unix else str(day))
        check(server.url)
    warning = capsys.readouterr().err
    assert warning.startswith(
        f"warning: teacher.model = double: the endpoint shuts it down on {day}"
    )
    assert (f"in {days} day" if days > 0 else "already past" if days < 0 else "today") in warning


@pytest.mark.parametrize("unix", [False, True])
def test_a_model_that_ends_later_is_no_warning(
    unix: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    day = days_ahead(120)
    with ChatServer() as server:
        server.models = models("double", shutdown_date=as_unix_time(day) if unix else str(day))
        check(server.url)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "given", [None, "", "soon", "2025-13-45", 1e300, float("nan"), [], {}, True]
)
def test_an_odd_date_is_no_warning(given: Any) -> None:
    assert warn_of_shutdown({"shutdown_date": given}, date(2025, 1, 1)) is None


def test_a_date_with_a_time_is_a_date() -> None:
    warning = warn_of_shutdown({"shutdown_date": "2025-02-01T00:00:00Z"}, date(2025, 1, 1))
    assert warning == "the endpoint shuts it down on 2025-02-01 (in 31 days)"
