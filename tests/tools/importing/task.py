"""A task in the current folder, and logs of its calls."""

from pathlib import Path
from typing import Any

from tests.core.documents import write_document
from tests.logs.shapes import Call, ask
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.ledger import Ledger
from understudy.teacher.prompts import Prompt
from understudy.teacher.requests import Question, build_requests

TEMPLATE = "Please sum this up: '$article'"
TEACHER = {"base_url": "http://127.0.0.1:9/v1", "model": "gpt-4o-mini"}


def write_task(template: str = TEMPLATE, name: str = "prompt.txt", **teacher: Any) -> None:
    """Writes params.yaml and the template into the current folder."""
    Path(name).write_text(template, encoding="utf-8")
    write_document({"zeroshot": {"prompt": name}, "teacher": TEACHER | teacher})


def prompt_of(article: str) -> str:
    """What the task's program sends about an article."""
    return TEMPLATE.replace("$article", article)


def calls_of(count: int, first: int = 0) -> list[Call]:
    """Calls of the task."""
    numbers = range(first, first + count)
    return [(ask(prompt_of(f"Article {one}: “ü” $5.")), f"Sum {one}.") for one in numbers]


def read_answers(ledger: Path, rows: list[dict[str, Any]], name: str = "prompt.txt") -> list[str]:
    """The answers that the ledger has to what a stage asks about rows; empty where it has none."""
    teacher = TeacherParams.model_validate(TEACHER)
    variables = [key for key in rows[0] if key not in ("id", "session")]
    prompt = Prompt("zeroshot.prompt", name, variables)
    questions = [Question(prompt.fill(row), row, settings=prompt.settings) for row in rows]
    with Ledger(ledger) as opened:
        found = [opened.answer(request.key) for request in build_requests(questions, teacher)]
    return [answer.text if answer else "" for answer in found]
