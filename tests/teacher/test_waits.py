"""How long an endpoint asks to wait, in every form in which endpoints say it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from understudy.teacher.waits import LONGEST_SAID, moment, read_wait

HOURS = 7 * 3600 + 12 * 60


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, "code": 429, **more}


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Limit 500000, Used 499990. Please try again in 7h12m.", HOURS),
        ("Please try again in 7m12s. Visit https://example.com", 432),
        ("Please try again in 7h12m0.5s.", HOURS + 0.5),
        ("Please try again in 540ms.", 0.54),
        ("Please retry in 36.5s.", 36.5),
        ("Please retry after 34 seconds.", 34),
        ("You can try again in 2 hours and 5 minutes", 7500),
        ("Limit resets in 3 days", 3 * 86400),
        ("Wait 1 minute, then go on", 60),
        ("Retry in 1 hr", 3600),
        ("Rate limit reached: 500 requests in 24 hours", None),
        ("The limit is 20 per 60 seconds", None),
        ("try again later", None),
        ("Please try again in 5 minty fresh ways", None),
    ],
)
def test_a_wait_is_read_from_the_words(message: str, seconds: float | None) -> None:
    for body in (error(message), [{"error": error(message)}], {"detail": message}, message):
        assert read_wait(429, body, {}) == seconds


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"details": [{"@type": "type.googleapis.com/RetryInfo", "retryDelay": "36000s"}]}, 36000),
        ({"details": [{"retryDelay": "36.25s"}]}, 36.25),
        ({"retry_after": 25920}, 25920),
        ({"metadata": {"retry_after_ms": 1500}}, 1.5),
        ({"estimated_time": 20.0}, 20),
        ({"retry_after": None}, None),
        ({"retry_after": True}, None),
    ],
)
def test_a_wait_is_read_from_fields_of_the_body(
    fields: dict[str, Any], seconds: float | None
) -> None:
    assert read_wait(429, error("Quota exceeded", **fields), {}) == seconds


def test_the_longest_of_several_waits_counts() -> None:
    headers = {"retry-after": "1"}
    assert read_wait(429, error("Please try again in 7h12m."), headers) == HOURS
    assert read_wait(429, error("Please try again in 0.5s."), headers) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-ratelimit-reset-requests", "2h0m0s"),
        ("x-ratelimit-reset-tokens", "7200"),
        ("x-ratelimit-reset", "{epoch}"),
        ("x-ratelimit-reset", "{milliseconds}"),
        ("ratelimit-reset", "7200"),
        ("anthropic-ratelimit-tokens-reset", "{iso}"),
        ("retry-after", "{iso}"),
        ("retry-after", "{epoch}"),
    ],
)
def test_a_limit_that_ends_in_hours_is_a_wait(name: str, value: str) -> None:
    now = time.time()
    iso = (datetime.now(UTC) + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    value = value.format(epoch=int(now) + 7200, milliseconds=int(now * 1000) + 7_200_000, iso=iso)
    found = read_wait(429, error("Quota exceeded"), {name: value})
    assert found == pytest.approx(7200, abs=5)
    body = error("Quota exceeded", metadata={"headers": {name.title(): value}})  # a router's
    assert read_wait(429, body, {}) == pytest.approx(7200, abs=5)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"x-ratelimit-reset-requests": "45s"}),  # the pace knows better
        (429, {"x-ratelimit-reset-requests": "9h", "x-ratelimit-remaining-requests": "12"}),
        (503, {"x-ratelimit-reset-requests": "9h"}),
        (429, {"x-ratelimit-reset-requests": "soon"}),
    ],
)
def test_other_ends_of_limits_ask_for_no_wait(status: int, headers: dict[str, str]) -> None:
    assert read_wait(status, error("No"), headers) is None


def test_a_message_that_says_less_than_a_limit_s_end_counts() -> None:
    headers = {"x-ratelimit-reset-requests": "23h59m", "x-ratelimit-remaining-requests": "0"}
    assert read_wait(429, error("Please try again in 7m12s."), headers) == 432


def test_a_wait_of_ages_is_a_year() -> None:
    assert read_wait(429, None, {"retry-after": "999999999"}) == LONGEST_SAID


def test_a_moment_has_its_date_where_that_is_not_today() -> None:
    tomorrow = datetime.now(UTC).astimezone() + timedelta(days=1, minutes=1)
    assert moment(86400).startswith(f"{tomorrow:%Y-%m-%d} ")
    assert len(moment(0)) == len("10:30:00")
    assert len(moment(86400)) == len("2026-11-28 10:30")
