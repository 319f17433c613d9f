"""A student from logged calls: how many calls the pipeline makes for what was imported.

For each shape of log: a project of its own gets the log's inputs and answers, then labels and
scores by them, while a chat endpoint on loopback counts what it is asked. Then one word of the
prompt changes, and changes back.

Run: python -m tests.benchmarks.logged 5000 openai batch; all shapes where none is named. With the
word `whole` before them, students are trained too, and all that follows runs.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.benchmarks.contest import write_table
from tests.doubles.teacher import ChatServer, say
from tests.logs.shapes import SHAPES, Call, write_log
from tests.project import Project, copy_project, quick
from understudy.rows.sample.article import sample_rows

PROMPT = """\
messages:
- role: system
  content: You summarize news in one or two sentences.
- role: user
  content: |-
    Summarize this article.

    $article
"""
ASKING = ("label", "zeroshot")
ASKED = "gpt-4o-mini"
"""The model that the logs ask for; a dated one of that name has answered."""


@dataclass(frozen=True)
class Outcome:
    """What one shape of log came to."""

    shape: str
    logged: int
    imported: int
    inputs: int
    asked: int
    """Calls for what was imported."""
    changed: int
    """Calls that the plan has where one word of the prompt is another."""
    rows: int
    """Rows of all splits: what such a change must ask for."""
    back: int
    """Calls after it has changed back."""


def make_calls(count: int) -> list[Call]:
    """Articles of the sample's kind, in the messages of PROMPT, with their highlights."""
    system = {"role": "system", "content": "You summarize news in one or two sentences."}
    calls = []
    for row in sample_rows("train", count, seed=7):
        asked = f"Summarize this article.\n\n{row['article'].strip()}"
        calls.append(([system, {"role": "user", "content": asked}], row["highlights"]))
    return calls


def start_project(folder: Path, teacher_url: str) -> Project:
    """The profile for logs, with the prompt of the logs and students that learn for a moment."""
    project = copy_project(folder / "project", "logs", {"OPENAI_API_KEY": "sk-loopback"})
    (project.path / "prompts" / "own.yaml").write_text(PROMPT, encoding="utf-8")
    tiny = {"model": "tiny", "revision": None, "seeds": [13]}
    students = {f"train_{name}__{key}": tiny[key] for name in ("T5", "BART") for key in tiny}
    project.change_params(
        teacher__base_url=teacher_url,
        teacher__model=ASKED,
        teacher__mode="live",  # so that it would ask
        zeroshot__prompt="prompts/own.yaml",
        fetch__files__inputs="data/inputs.jsonl",
        export__quantization="float32",
        **students,
        **quick(steps=4),
    )
    project.commit("Start")
    return project


def count_to_pay(project: Project) -> int:
    """Calls that the plan has."""
    return sum(found["to_pay"] for found in project.tell("plan")["calls"].values())


def run_shape(shape: str, count: int, folder: Path, stages: Sequence[str] = ASKING) -> Outcome:
    """Imports a log of one shape and runs stages on it; all stages where none is named."""
    calls = make_calls(count)
    logs = [str(path) for path in write_log(folder, shape, calls)]
    with ChatServer(lambda _: say("Asked for.", model=ASKED)) as server:
        project = start_project(folder, server.url)
        lax = ["--any-model"] if shape.startswith("finetuning") else []
        inputs = project.tell("inputs", *logs, "--output", "data/inputs.jsonl", *lax)
        imported = project.tell("ledger", "import", *logs, *lax)
        project.run("dvc", "repro", *stages)
        asked = len(server.calls)
        path = project.path / "prompts" / "own.yaml"
        path.write_text(PROMPT.replace("this article", "that article"), encoding="utf-8")
        changed = count_to_pay(project)
        path.write_text(PROMPT, encoding="utf-8")
        project.run("dvc", "repro", *stages)
        back = len(server.calls) - asked
    splits = project.read("metrics/dataset.json")
    rows = sum(splits[split]["kept"] for split in ("train", "validation", "test"))
    return Outcome(
        shape, len(calls), imported["took"], inputs["written"], asked, changed, rows, back
    )


def main() -> None:
    """Prints a row for each shape."""
    count, *named = sys.argv[1:] or ["5000"]
    stages = () if named[:1] == ["whole"] else ASKING
    named, rows = named[len(stages) == 0 :], list[list[str]]()
    for shape in named or SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            found = run_shape(shape, int(count), Path(folder), stages)
        rows.append([str(cell) for cell in astuple(found)])
        print(*rows[-1], flush=True, file=sys.stderr)
    head = ("shape", "logged", "imported", "inputs", "calls", "calls, a word changed", "rows")
    write_table("logged", [*head, "calls, changed back"], rows, "")


if __name__ == "__main__":
    main()
