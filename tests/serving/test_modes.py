"""Who answers in which mode, what the client is told, and what is kept."""

import threading
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.serving import Echo, chat, events, served_echo
from tests.serving.pairs import Pair, playing
from understudy.serving.answering import Answerer
from understudy.serving.batching import Decoded
from understudy.serving.duo import Duo
from understudy.serving.handover import TeacherFailedError, seconds_to_midnight
from understudy.serving.modes import Canary, Cascade, Shadow, is_chosen

NAN = float("nan")


def by_length(decoded: Decoded, text: str, answer: str) -> float:
    """A confidence that falls with the input's length; without `b` it is unknown."""
    return NAN if "b" in text else 1 / len(text)


def cascade(duo: Duo) -> Answerer:
    return Cascade(duo, by_length, 0.5)


def no_promise(duo: Duo) -> Answerer:
    return Cascade(duo, by_length, None)


def shadow(duo: Duo) -> Answerer:
    return Shadow(duo, 100.0)


def unsampled(duo: Duo) -> Answerer:
    return Shadow(duo, 0.0)


def canary(duo: Duo) -> Answerer:
    return Canary(duo, 30.0)


def headers(response: Any) -> dict[str, str]:
    return {
        name.removeprefix("x-understudy-"): value
        for name, value in response.headers.items()
        if name.startswith("x-understudy-")
    }


def test_a_sure_student_answers_and_the_teacher_is_not_asked() -> None:
    with playing(cascade) as pair:
        response = pair.ask("ac")
        assert response.json()["choices"][0]["message"]["content"] == "AC"
        assert response.json()["model"] == "echo"
        assert headers(response) == {"answered-by": "student", "why": "sure"}
        assert pair.text("aa") == "AA"  # at the threshold
        assert pair.teacher.asked == []
    assert pair.rows == []


@pytest.mark.parametrize("text", ["acd", "b"])
def test_an_unsure_student_hands_over_and_both_are_kept(text: str) -> None:
    with playing(cascade) as pair:
        response = pair.ask(text)
        assert response.json()["choices"][0]["message"]["content"] == f"taught: {text}"
        assert response.json()["model"] == "lecturer"
        assert response.json()["usage"]["prompt_tokens"] == 50
        assert headers(response) == {"answered-by": "teacher", "why": "unsure"}
    [row] = pair.rows
    assert (row["request"], row["teacher"]) == (f"key of taught: {text}", f"taught: {text}")
    assert (row["why"], row["mode"], row["model"]) == ("unsure", "cascade", "echo")
    assert (row["article"], row["fields"], row["student"]) == (text, None, text.upper())
    assert row["agreement"] == 0.0
    assert row["confidence"] == (None if text == "b" else 1 / 3)
    assert pair.watched == []  # an unsure student's answers are no fair sample


@pytest.mark.parametrize(
    ("choose", "why"), [(no_promise, "no_promise"), (unsampled, "not_sampled")]
)
def test_without_a_promise_or_a_sample_the_teacher_answers_alone(choose: Any, why: str) -> None:
    with playing(choose) as pair:
        assert pair.text("a") == "taught: a"
        assert pair.student.texts == []
    [row] = pair.rows
    assert (row["why"], row["student"], row["confidence"]) == (why, None, None)
    assert row["agreement"] is None


def test_a_canary_answers_its_share_and_always_the_same_inputs() -> None:
    texts = [f"input {n}" for n in range(200)]
    with playing(canary, "canary") as pair:
        first = [pair.text(text) for text in texts]
        assert [pair.text(text) for text in texts[:20]] == first[:20]
        by_student = [one for one in first if one.startswith("INPUT")]
        assert 40 <= len(by_student) <= 80
        assert len(pair.teacher.asked) == 200 - len(by_student) + sum(
            one.startswith("taught") for one in first[:20]
        )
    assert {row["why"] for row in pair.rows} == {"canary"}
    assert all(row["student"] is None for row in pair.rows)


def test_the_share_of_chosen_inputs_is_exact_at_both_ends_and_close_between() -> None:
    texts = [f"text {n}" for n in range(4000)]
    assert not any(is_chosen(text, 0, "canary") for text in texts)
    assert all(is_chosen(text, 100, "canary") for text in texts)
    assert 0.27 < sum(is_chosen(text, 30, "canary") for text in texts) / 4000 < 0.33
    both = sum(is_chosen(text, 30, "canary") and is_chosen(text, 30, "shadow") for text in texts)
    assert 0.06 < both / 4000 < 0.12  # the two draws have nothing to do with each other


def test_in_shadow_the_teacher_answers_and_the_student_is_kept_beside_it() -> None:
    with playing(shadow, "shadow") as pair:
        pair.student.hold()
        response = pair.ask("a")
        assert response.json()["choices"][0]["message"]["content"] == "taught: a"
        assert headers(response) == {"answered-by": "teacher", "why": "shadow"}
        assert pair.rows == []  # the student has not answered yet
        pair.student.may_answer.set()
        pair.text("other")
    assert sorted(row["student"] for row in pair.rows) == ["A", "OTHER"]
    assert {row["why"] for row in pair.rows} == {"shadow"}
    assert pair.watched == [0.0, 0.0]


def test_a_student_that_breaks_in_shadow_costs_no_answer() -> None:
    with playing(shadow, "shadow") as pair:
        pair.student.breaks = True
        assert pair.text("a") == "taught: a"
    [row] = pair.rows
    assert (row["teacher"], row["student"]) == ("taught: a", None)
    assert pair.watched == []


FAILURES = [
    ("down", 503, "teacher_unavailable"),
    ("slow", 503, "teacher_unavailable"),
    ("refused", 503, "teacher_unavailable"),
    ("useless", 503, "teacher_unavailable"),
    ("failed", 503, "teacher_unavailable"),
    ("over_cap", 429, "daily_cap"),
]


@pytest.mark.parametrize("choose", [cascade, no_promise, shadow, unsampled])
@pytest.mark.parametrize(("reason", "status", "code"), FAILURES)
def test_a_teacher_that_fails_is_an_error_that_says_so(
    reason: Any, status: int, code: str, choose: Any
) -> None:
    with playing(choose) as pair:
        pair.teacher.fails = TeacherFailedError(reason, "its own words")
        response = pair.ask("acd")
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
        assert "its own words" not in response.text
        is_final = reason in ("refused", "useless")
        assert response.headers.get("x-should-retry") == ("false" if is_final else None)
        assert ("retry-after" in response.headers) != is_final
        assert pair.figure(f'understudy_teacher_failures_total{{reason="{reason}"}}') == 1
    assert pair.rows == []


@pytest.mark.parametrize("choose", [cascade, no_promise, shadow, unsampled, canary])
def test_the_student_stands_in_where_that_is_wanted_and_says_so(choose: Any) -> None:
    with playing(choose, stands_in=True) as pair:
        pair.teacher.fails = TeacherFailedError("slow", "late")
        text = next(f"{n}cd" for n in range(100) if not is_chosen(f"{n}cd", 30, "canary"))
        response = pair.ask(text)
        assert response.json()["choices"][0]["message"]["content"] == text.upper()
        assert response.json()["model"] == "echo"
        told = headers(response)
        assert (told["answered-by"], told["teacher-failed"]) == ("student", "slow")
    assert pair.rows == []


def test_an_answer_of_no_use_is_kept_without_its_text() -> None:
    with playing(cascade) as pair:
        pair.teacher.fails = TeacherFailedError("useless", "cut_off", "key of it")
        assert pair.ask("acd").status_code == 503
    [row] = pair.rows
    assert (row["request"], row["teacher"], row["student"]) == ("key of it", None, "ACD")
    assert row["agreement"] is None


def test_a_problem_with_the_teacher_is_one_line_until_it_is_over() -> None:
    with playing(no_promise) as pair:
        pair.teacher.fails = TeacherFailedError("down", "connection refused")
        for _ in range(3):
            pair.ask("a")
        pair.teacher.fails = TeacherFailedError("refused", "this prompt: secret")
        pair.ask("a")
        pair.teacher.fails = None
        pair.text("a")
        pair.teacher.fails = TeacherFailedError("down", "connection refused")
        pair.ask("a")
    told = [facts for event, facts in pair.logged if event == "teacher_failed"]
    assert told == [{"reason": "down", "error": "connection refused"}] * 2
    assert "secret" not in str(pair.logged)


def test_figures_and_the_log_tell_who_answered_why_and_what_it_cost_without_texts() -> None:
    with playing(cascade) as pair:
        pair.text("acd")
        pair.text("a")
        assert pair.figure('understudy_answers_total{by="teacher",why="unsure"}') == 1
        assert pair.figure('understudy_answers_total{by="student",why="sure"}') == 1
        assert pair.figure("understudy_confidence_count") == 2
        assert pair.figure("understudy_teacher_seconds_count") == 1
        assert pair.figure("understudy_teacher_spent_usd") == 1.5
        assert pair.figure("understudy_teacher_left_usd") == 8.5
        # the student's tokens are those of what it answered itself
        assert pair.figure('understudy_tokens_total{kind="written"}') == 1
    first, second = [facts for event, facts in pair.logged if event == "request"]
    assert (first["answered_by"], first["why"]) == ("teacher", "unsure")
    assert first["confidence"] == pytest.approx(1 / 3)
    assert (second["answered_by"], second["why"]) == ("student", "sure")
    assert "taught" not in str(pair.logged)


def test_a_clients_wishes_cut_the_teachers_text_by_the_students_tokens() -> None:
    with playing(no_promise) as pair:
        response = pair.ask("abc", max_tokens=10).json()
        assert response["choices"][0]["message"]["content"] == "taught: ab"
        assert response["choices"][0]["finish_reason"] == "length"
        assert response["usage"]["completion_tokens"] == 10
        assert pair.text("abc", max_tokens=11) == "taught: abc"
        assert pair.text("abc", max_tokens=1) == "t"
        assert pair.text("abc", stop=": ") == "taught"
        assert pair.text("abc", stop=["zzz", "abc"]) == "taught: "
        streamed = pair.ask("a", stream=True)
        said = [one["choices"][0]["delta"].get("content", "") for one in events(streamed)[:-1]]
        assert "".join(said) == "taught: a"
        assert headers(streamed)["answered-by"] == "teacher"


def test_the_plain_route_says_who_answered() -> None:
    with playing(cascade) as pair:
        response = pair.client.post("/v1/summaries", json={"article": "acd"})
        assert response.json()["summary"] == "taught: acd"
        assert (response.json()["model"], headers(response)["why"]) == ("lecturer", "unsure")


@pytest.mark.parametrize("choose", [cascade, no_promise, shadow, canary])
def test_an_empty_input_is_refused_and_costs_nothing(choose: Any) -> None:
    with playing(choose) as pair:
        assert pair.ask(" ").json()["error"]["code"] == "empty_input"
        assert pair.teacher.asked == []


def relay(pair: Pair, **more: Any) -> Any:
    body = {"messages": [{"role": "user", "content": "Tell me a joke."}], **more}
    return pair.client.post("/v1/chat/completions", json=body)


@pytest.mark.parametrize("choose", [cascade, lambda _: None])
def test_messages_that_are_not_the_task_go_to_the_teacher(choose: Any) -> None:
    with playing(choose) as pair:
        response = relay(pair, response_format={"type": "json_object"}, max_tokens=9)
        assert response.json()["choices"][0]["message"]["content"] == "an answer"
        assert response.json()["model"] == "lecturer"
        assert headers(response) == {"answered-by": "teacher", "why": "other_task"}
        [(messages, settings)] = pair.teacher.relayed
        assert messages == [{"role": "user", "content": "Tell me a joke."}]
        assert settings == {"response_format": {"type": "json_object"}}
    assert pair.rows == []


def test_a_relayed_question_that_fails_is_an_error_though_the_student_stands_in() -> None:
    with playing(cascade, stands_in=True) as pair:
        pair.teacher.fails = TeacherFailedError("down", "gone")
        assert relay(pair).status_code == 503
        text = '{"messages": [{"role": "user", "content": "\\ud800"}]}'
        kind = {"content-type": "application/json"}
        response = pair.client.post("/v1/chat/completions", content=text, headers=kind)
        assert response.status_code == 422


def test_a_client_that_leaves_in_shadow_leaves_nothing_behind() -> None:
    with playing(shadow, "shadow") as pair:
        pair.teacher.held = threading.Event()
        with pytest.raises(httpx2.ReadTimeout):
            pair.client.post("/v1/chat/completions", json=chat("a"), timeout=0.3)
        while not pair.figure("understudy_clients_gone_total"):
            pass
        pair.teacher.held.set()
    assert pair.rows == []


def test_without_a_teacher_a_response_has_no_word_of_modes() -> None:
    student = Echo()
    with served_echo(student) as client:
        response = client.post("/v1/chat/completions", json=chat("a"))
        assert headers(response) == {}
        assert "understudy_answers" not in client.get("/metrics").text


def test_midnight_is_told_in_whole_seconds() -> None:
    assert seconds_to_midnight(datetime(2026, 1, 31, 23, 59, 59, 1, tzinfo=UTC)) == 1
    assert seconds_to_midnight(datetime(2026, 12, 31, 0, 0, 0, tzinfo=UTC)) == 86400
