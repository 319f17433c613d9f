"""label as a stage: what it asks for, and what survives a run that dies."""

import json
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.doubles.teacher import (
    Call,
    ChatServer,
    Hold,
    Reply,
    echo,
    in_turn,
    refuse,
    say,
    settings,
)
from tests.stages.labelling import PLANTED, TRAIN, VALIDATION, Project, row
from understudy.contract.answered import Answered
from understudy.teacher.errors import PromptError

ASKED = TRAIN + VALIDATION


def write_prompt(text: str) -> str:
    Path("own.yaml").write_text(text, encoding="utf-8")
    return "own.yaml"


def test_the_embedded_teacher_labels_every_row(project: Project) -> None:
    counts = project.label()
    assert {split: one.asked for split, one in counts.splits.items()} == {
        "train": TRAIN,
        "validation": VALIDATION,
    }
    assert len(project.pairs()) == counts.splits["train"].kept > 0
    models = Counter(line["model"] for line in project.answers())
    assert models.total() == ASKED
    assert all(model.startswith("embedded-rules-") for model in models)


def test_highlights_that_rows_have_are_in_no_call_and_no_file(project: Project) -> None:
    with ChatServer() as server:
        project.label(settings(server.url))
        assert len(server.calls) == ASKED
        assert [call.number for call in server.calls if PLANTED in json.dumps(call.body)] == []
    assert [name for name, text in project.everything() if PLANTED in text] == []
    (name, said), *_ = project.pairs()
    assert said == f"answer to {server_prompt(name)}"


def server_prompt(name: str) -> str:
    return f"Please summarize the following news article. '{row(name)['article']}'"


def test_rows_may_have_no_highlights(project: Project) -> None:
    given = [row(f"input-{number}") | {"highlights": None} for number in range(2)]
    project.give(given, given[:1])
    with ChatServer() as server:
        assert project.label(settings(server.url)).splits["train"].kept == 2
        assert len(server.calls) == 2
    assert project.pairs()[0] == ("input-0", f"answer to {server_prompt('input-0')}")


def test_messages_settings_and_columns_of_the_prompt_reach_the_teacher(project: Project) -> None:
    given = [row("a", title="Rain", body="It fell."), row("b", title="Snow", body=None)]
    project.give(given, given)
    prompt = write_prompt(
        "messages:\n- {role: system, content: Answer in JSON.}\n"
        "- {role: user, content: 'Sun: It shone.'}\n"
        '- {role: assistant, content: \'{"gist": {"text": "Sunny."}}\'}\n'
        "- {role: user, content: '$title: $body'}\n"
        "response_format: {type: json_object}\nfield: gist.text\n"
    )
    with ChatServer(in_turn(say('{"gist": {"text": "Wet."}}'))) as server:
        project.label(settings(server.url), prompt=prompt)
        bodies = sorted((call.body for call in server.calls), key=str)
    assert [body["messages"][-1]["content"] for body in bodies] == ["Rain: It fell.", "Snow: "]
    assert bodies[0]["messages"][:3] == [
        {"role": "system", "content": "Answer in JSON."},
        {"role": "user", "content": "Sun: It shone."},
        {"role": "assistant", "content": '{"gist": {"text": "Sunny."}}'},
    ]
    assert bodies[0]["response_format"] == {"type": "json_object"}
    assert project.pairs() == [("a", "Wet."), ("b", "Wet.")]


def test_a_column_that_a_split_lacks_cannot_be_asked_about(project: Project) -> None:
    project.give([row("a", title="Rain")], [row("b")])
    with pytest.raises(PromptError, match=r"found \$title, expected just \$article"):
        project.label(prompt=write_prompt("messages: [{role: user, content: $title}]"))


# What is asked anew


def test_a_second_run_makes_no_call_and_a_larger_limit_only_the_new_ones(project: Project) -> None:
    with ChatServer() as server:
        teacher = settings(server.url)
        project.label(teacher, limit=4, validation_limit=1)
        assert len(server.calls) == 4 + 1
        first = {file.name: file.read_bytes() for file in project.labelled.iterdir()}
        shutil.rmtree(project.labelled)  # as `dvc repro` does
        project.label(teacher, limit=4, validation_limit=1)
        assert len(server.calls) == 4 + 1
        assert {file.name: file.read_bytes() for file in project.labelled.iterdir()} == first
        project.label(teacher)
        assert len(set(server.prompts)) == len(server.calls) == ASKED


def test_more_samples_ask_only_for_the_further_ones(project: Project) -> None:
    with ChatServer(lambda call: say(f"It is call {call.number}.")) as server:
        teacher = settings(server.url)
        project.label(teacher)
        first = {line["id"]: line["text"] for line in project.answers()}
        counts = project.label(teacher, samples=3)
        assert len(server.calls) == 3 * ASKED == counts.calls.calls
        assert set(Counter(server.prompts).values()) == {3}
        assert {call.body.get("sample") for call in server.calls} == {None}
        found = project.answers()
        assert [line["sample"] for line in found] == [1, 2, 3] * ASKED
        assert {line["id"]: line["text"] for line in found if line["sample"] == 1} == first
        assert len({line["text"] for line in found}) == 3 * ASKED
        assert counts.splits["train"].agreement == pytest.approx(75.0)
        project.label(teacher, samples=2)
        assert len(server.calls) == 3 * ASKED


def test_filters_and_another_field_ask_nobody(project: Project) -> None:
    messages = "messages: [{role: user, content: 'Sum up $article'}]\n"
    with ChatServer(in_turn(say('{"long": "It has rained.", "short": "Rain."}'))) as server:
        teacher = settings(server.url)
        project.label(teacher, prompt=write_prompt(f"{messages}field: long"), min_words=2)
        assert project.pairs()[0] == ("train-0", "It has rained.")
        project.label(teacher, prompt=write_prompt(f"{messages}field: short"), drop_copies=True)
        assert project.pairs()[0] == ("train-0", "Rain.")
        assert len(server.calls) == ASKED


def test_a_killed_run_leaves_no_output_and_the_next_pays_only_for_the_rest(
    project: Project,
) -> None:
    hold = Hold(after=TRAIN + 1)
    with ChatServer(hold) as server:
        teacher = settings(server.url, concurrency=1)
        project.set(teacher)
        process = project.start()
        hold.wait(1)  # all of train and one answer of validation are in the ledger
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert not list(project.labelled.glob("*.parquet"))
        assert not Answered.path_of("label").exists()
        server.calls.clear()
        server.script = echo
        hold.release()
        project.label(teacher)
        assert len(server.calls) == VALIDATION - 1
    assert len(project.answers()) == ASKED


def test_a_killed_run_of_samples_goes_on_within_a_row(project: Project) -> None:
    hold = Hold(after=4)  # of the second row, one sample
    with ChatServer(hold) as server:
        teacher = settings(server.url, concurrency=1)
        project.set(teacher, samples=3)
        process = project.start()
        hold.wait(1)
        process.kill()
        process.communicate(timeout=60)
        server.calls.clear()
        server.script = echo
        hold.release()
        project.label(teacher, samples=3)
        assert len(server.calls) == 3 * ASKED - 4


def test_a_call_that_failed_for_good_is_asked_again_by_the_next_run_only(project: Project) -> None:
    def script(call: Call) -> Reply:
        if "train-2," in call.prompt:
            return refuse(400, "Too long.", "context_length_exceeded")
        return echo(call)

    with ChatServer(script) as server:
        teacher = settings(server.url, max_failed=0.2)
        counts = project.label(teacher)
        assert counts.splits["train"].dropped["failed"] == counts.calls.failed == 1
        failed = {line["id"]: line for line in project.answers()}["train-2"]
        assert failed["reason"] == "failed"
        assert "Too long." in failed["error"]
        server.calls.clear()
        server.script = echo
        shutil.rmtree(project.labelled)
        assert project.label(teacher).splits["train"].kept == TRAIN
        assert ["train-2," in prompt for prompt in server.prompts] == [True]


def test_of_samples_only_the_failed_one_is_asked_again(project: Project) -> None:
    def script(call: Call) -> Reply:
        too_long = refuse(400, "Too long.", "context_length_exceeded")
        return too_long if call.number == 2 else echo(call)

    with ChatServer(script) as server:
        teacher = settings(server.url, max_failed=0.2, concurrency=1)
        counts = project.label(teacher, samples=3)
        assert (counts.splits["train"].kept, counts.calls.failed) == (TRAIN, 0)
        assert [line["error"] != "" for line in project.answers()[:3]] == [False, True, False]
        project.label(teacher, samples=3)
        assert len(server.calls) == 3 * ASKED + 1


def test_an_endpoint_that_fails_is_one_line_and_leaves_no_output(project: Project) -> None:
    with ChatServer(lambda _: refuse(401, "No.")) as server:
        project.set(settings(server.url, concurrency=1))
        process = project.start()
        said, _ = process.communicate(timeout=60)
        assert len(server.calls) == 1
    assert process.returncode == 1
    assert "error: the endpoint refuses the API key (HTTP 401): No." in said
    assert "Traceback" not in said
    assert not project.labelled.exists()
