"""understudy ledger import FILES: what logs give the ledger, and what it lists as of no use."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.logs import shapes
from tests.logs.shapes import SHAPES, ask, body, dump, openai, write_lines, write_log
from tests.tools.importing.task import (
    TEACHER,
    calls_of,
    prompt_of,
    read_answers,
    write_task,
)
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import DataError, ParamsError
from understudy.teacher.client import survey_answers
from understudy.teacher.ledger import Ledger
from understudy.teacher.prompts import Prompt
from understudy.teacher.requests import Question
from understudy.teacher.served import OtherModelError, note_served
from understudy.tools import ledger as command
from understudy.tools.importing import takeover

NAMELESS = [shape for shape in SHAPES if shape == "finetuning"]
"""Shapes in which no model is named."""


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger that is not there yet; the current folder has a task."""
    monkeypatch.chdir(tmp_path)
    write_task()
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def run(ledger: Path, capsys: pytest.CaptureFixture[str]) -> "Command":
    return Command(ledger, capsys)


class Command:
    """Imports into the ledger."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys, self.notes = path, capsys, ""

    def __call__(self, *arguments: object) -> str:
        command.main(["import", *map(str, arguments), "--ledger", str(self.path)])
        printed = self._capsys.readouterr()
        self.notes = printed.err
        return printed.out.strip()

    def to_json(self, *arguments: object) -> dict[str, Any]:
        """What it prints for machines; all that was read is accounted for."""
        record: dict[str, Any] = json.loads(self(*arguments, "--json"))
        done = record["took"] + record["had"] + record["batch_inputs"]
        assert record["read"] == done + sum(record["rejected"].values())
        return record


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"article": f"Article {one}: “ü” $5."} for one in range(first, first + count)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_answers_what_the_stages_ask(run: Command, tmp_path: Path, shape: str) -> None:
    paths = write_log(tmp_path, shape, calls_of(30))
    more = ["--any-model"] if shape in NAMELESS else []
    record = run.to_json(*paths, *more)
    assert (record["took"], record["had"], record["rejected"]) == (30, 0, {})
    assert read_answers(run.path, rows(30)) == [f"Sum {one}." for one in range(30)]
    again = run.to_json(*paths, *more)
    assert (again["took"], again["had"]) == (0, 30)


def test_imported_answers_are_marked_and_cost_nothing(run: Command, tmp_path: Path) -> None:
    run(*write_log(tmp_path, "batch", calls_of(3)))
    teacher = TeacherParams.model_validate(
        {**TEACHER, "prices": {"input": 1e6, "output": 1e6}, "request": {"max_tokens": 9}}
    )
    write_task(request={"max_tokens": 9}, prices={"input": 1e6, "output": 1e6})
    run(*write_log(tmp_path, "batch", calls_of(3)))
    prompt = Prompt("zeroshot.prompt", "prompt.txt", ["article"])
    questions = [Question(prompt.fill(row), row) for row in rows(3)]
    with Ledger(run.path) as opened:
        survey = survey_answers(questions, teacher, opened)
        found = [opened.answered(key) for key in survey.keys]
    assert (survey.missing, survey.spent) == (set(), 0)
    assert {one.source for one in found if one} == {"import:batch:batch-output.jsonl"}
    assert {one.answer.origin for one in found if one} == {"batch:batch-output.jsonl"}
    assert {one.answer.model for one in found if one} == {shapes.MODEL}


def test_one_changed_word_of_the_template_is_another_prompt(run: Command, tmp_path: Path) -> None:
    paths = write_log(tmp_path, "openai", calls_of(3))
    write_task("Please sum that up: '$article'")
    assert run.to_json(*paths)["rejected"] == {"other_prompt": 3}
    assert "none of 3 prompts is the template of zeroshot.prompt" in run.notes


def test_what_is_of_no_use_is_counted_and_listed_without_its_text(
    run: Command, tmp_path: Path
) -> None:
    [whole] = [openai(*call) for call in calls_of(1)]
    cut = {**whole, "response": body("SECRET", choices=[{"message": {"content": "SECRET"}}])}
    other = openai(ask("SECRET"), "SECRET")
    refusal = openai(ask(prompt_of("SECRET")), "I'm sorry, I can't help with SECRET.")
    strange = openai(ask(prompt_of("SECRET")), "x") | {"response": body("SECRET", model="other")}
    strange["request"]["model"] = "other"
    lines = [dump(one) for one in (whole, cut, other, whole, refusal, strange)]
    path = write_lines(tmp_path / "log.jsonl", [*lines, b'{"request": "SECR'])
    said = run(path)
    listed = run.path.with_name("import-rejects.jsonl")
    assert said == (
        "read 7, took 1, had 1, rejected 5 (cut_off 1, other_prompt 1, refused 1, other_model 1, "
        f"not_json 1); {listed} lists them"
    )
    assert "1 answers are not known to be of teacher.model" in run.notes
    found = [json.loads(line) for line in listed.read_text("utf-8").splitlines()]
    assert [(one["line"], one["reason"]) for one in found] == [
        (2, "cut_off"),
        (3, "other_prompt"),
        (5, "refused"),
        (6, "other_model"),
        (7, "not_json"),
    ]
    assert {one["file"] for one in found} == {str(path)}
    assert "SECR" not in listed.read_text("utf-8")


def test_the_list_may_be_elsewhere_and_is_replaced(run: Command, tmp_path: Path) -> None:
    listed = tmp_path / "lists" / "mine.jsonl"
    bad = write_lines(tmp_path / "bad.jsonl", [b"x"])
    run(bad, "--rejects", listed)
    assert len(listed.read_text().splitlines()) == 1
    run(*write_log(tmp_path, "openai", calls_of(1)), "--rejects", listed)
    assert listed.read_text() == ""


def test_equal_requests_in_one_log_give_one_answer(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "AT_ONCE", 2)
    paths = write_log(tmp_path, "openai", [*calls_of(3), *calls_of(3), *calls_of(1, first=3)])
    record = run.to_json(*paths)
    assert (record["took"], record["had"]) == (4, 3)
    assert read_answers(run.path, rows(4)) == ["Sum 0.", "Sum 1.", "Sum 2.", "Sum 3."]


def test_logs_and_exports_may_come_together(run: Command, tmp_path: Path) -> None:
    run(*write_log(tmp_path, "openai", calls_of(2)))
    export = tmp_path / "answers.parquet"
    command.main(["export", str(export), "--ledger", str(run.path)])
    run.path.unlink()
    log = write_log(tmp_path, "litellm", calls_of(2, first=1))
    assert run(*log, export).endswith("read 2, took 3, had 1, refused 0, rejected 0")
    again = write_log(tmp_path, "litellm", [(messages, "Another.") for messages, _ in calls_of(1)])
    assert run.to_json(*again)["had"] == 1
    assert read_answers(run.path, rows(1)) == ["Sum 0."]  # what was paid for is kept


def test_the_model_that_was_served_last_gets_the_answers(run: Command, tmp_path: Path) -> None:
    teacher = TeacherParams.model_validate(TEACHER)
    with Ledger(run.path) as opened:
        note_served({"id": "m", "meta": {"size": 1}}, teacher, opened)
        with pytest.raises(OtherModelError):
            note_served({"id": "m", "meta": {"size": 2}}, teacher, opened)
    run(*write_log(tmp_path, "openai", calls_of(1)))
    assert read_answers(run.path, rows(1)) == [""]  # the first model's key


@pytest.mark.parametrize("name", ["log.csv", "none.jsonl"])
def test_nothing_is_taken_where_one_file_cannot_be_read(
    run: Command, tmp_path: Path, name: str
) -> None:
    Path("log.csv").write_text("x")
    good = write_log(tmp_path, "openai", calls_of(1))
    with pytest.raises(DataError, match=name):
        run(*good, name)
    assert not run.path.exists()
    assert not run.path.with_name("import-rejects.jsonl").exists()


def test_a_project_without_params_is_told_so(run: Command, tmp_path: Path) -> None:
    Path("params.yaml").unlink()
    with pytest.raises(ParamsError, match=r"params.yaml: no such file"):
        run(*write_log(tmp_path, "openai", calls_of(1)))
