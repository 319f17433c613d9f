"""The task that a server answers: its prompt, and the columns that an input is made of."""

import math
from pathlib import Path
from typing import Any

import pytest

from tests.core.documents import write_document
from tests.students import decoding_params, export_taught, save, summarize, taught, toy_pairs
from understudy.core.errors import DataError
from understudy.students.decoding.engines import open_engine
from understudy.students.decoding.generation import write_generation_config
from understudy.teacher.errors import PromptError
from understudy.texts.redaction import Redactor
from understudy.tools.hosting import ServedStudent, TaskPrompt

TICKET = """messages:
  - {role: system, content: You summarize tickets.}
  - {role: user, content: "Body: $body\\nTitle: $title"}
response_format: {type: json_object}
field: result.summary
"""


def messages(*contents: str) -> list[dict[str, str]]:
    roles = ("system", "user") if len(contents) == 2 else ("user",)
    return [
        {"role": role, "content": content} for role, content in zip(roles, contents, strict=True)
    ]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose params.yaml has inputs of two columns."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ticket.yaml").write_text(TICKET, encoding="utf-8")
    write(["title", "body"])
    return tmp_path


def write(columns: Any, prompt: str = "ticket.yaml") -> None:
    fetch = {"files": {"columns": {"article": columns}}}
    write_document({"fetch": fetch, "zeroshot": {"prompt": prompt}})


def test_an_input_of_several_columns_is_joined_as_fetch_joins_it(project: Path) -> None:
    task = TaskPrompt.load(None, None)
    found = task.match(messages("You summarize tickets.", "Body: It burns.\nTitle: Fire"))
    assert found == {"title": "Fire", "body": "It burns."}
    assert task.columns == ("title", "body")
    assert task.join(found) == "Fire\n\nIt burns."
    assert task.join({"title": "Fire"}) == "Fire"
    redactor = Redactor(emails=True, phones=False, cards=False, names=["Anna"])
    redacted = TaskPrompt.load(None, redactor).join({"title": "Of a@b.org", "body": "Anna called."})
    assert "a@b.org" not in redacted
    assert "Anna" not in redacted
    assert task.field == "result.summary"


def test_a_prompt_about_the_whole_article_takes_the_article(project: Path) -> None:
    (project / "plain.txt").write_text("Summarize: $article", encoding="utf-8")
    for path, columns in ((None, ["title", "body"]), (project / "plain.txt", "article")):
        write(columns, "plain.txt")
        task = TaskPrompt.load(path, None)
        assert task.columns == ("article",)
        assert task.match(messages("Summarize: A. ")) == {"article": "A. "}
        assert task.join({"article": " A. "}) == " A. "


def test_a_prompt_that_leaves_out_a_part_of_the_input_is_refused(project: Path) -> None:
    (project / "part.txt").write_text("Summarize: $body", encoding="utf-8")
    write(["title", "body"], "part.txt")
    with pytest.raises(DataError, match=r"zeroshot\.prompt: its template has no \$title"):
        TaskPrompt.load(None, None)


def test_a_prompt_whose_variables_cannot_be_told_apart_is_refused(project: Path) -> None:
    (project / "side.txt").write_text("$title$body", encoding="utf-8")
    with pytest.raises(PromptError, match=r"--prompt = .*stand side by side"):
        TaskPrompt.load(project / "side.txt", None)


def test_without_a_prompt_outside_a_project_the_option_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"params\.yaml: no such file here; .* --prompt FILE"):
        TaskPrompt.load(None, None)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (messages("Tell me a joke."), "not the task's prompt"),
        ([{"role": "tool", "content": "a"}], "have a tool call"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "other than text"),
        ([1], "no list of roles"),
    ],
)
def test_messages_that_are_not_the_task_are_explained(
    given: object, why: str, project: Path
) -> None:
    task = TaskPrompt.load(None, None)
    assert task.match(given) is None
    assert why in task.explain(given)


@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
@pytest.mark.parametrize("family", ["t5", "bart"])
def test_a_served_student_says_what_it_says_in_predict_in_any_batch(
    engine: str, family: str, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    if engine == "ctranslate2":
        export_taught(family, folder)
    else:
        save(taught(family), folder)
    write_generation_config(folder, decoding_params(engine=engine))
    student = ServedStudent(folder, None, 1000)
    articles = list(toy_pairs(13, seed=7)["article"])
    encoded = [student.encode(article) for article in articles]
    together = student.decode(encoded)
    alone = [found for one in encoded for found in student.decode([one])]
    assert [one.ids for one in alone] == [one.ids for one in together]
    assert all(one.log_probability < 0 < one.log_probability + 9 for one in together)
    assert not any(math.isnan(one.margin) for one in together)
    expected = summarize(open_engine(folder, engine), articles)
    assert [student.spell(one.ids) for one in together] == expected
    assert student.name == "model"
    assert ServedStudent(folder, 2, 1000).slots == 1  # with given threads, one batch at a time
    assert (student.slots > 1) <= (engine == "ctranslate2")
