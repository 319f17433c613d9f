"""A project whose one stage has answers as its output."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.doubles.teacher import settings
from tests.project import Project
from understudy.contract.answers import COLUMNS, Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.core.tables import table_writer, text_columns

OUTPUT = Path("data/answers.parquet")
PIPELINE = """\
stages:
  answer:
    cmd: mkdir -p data && cp source.parquet data/answers.parquet
    deps: [source.parquet]
    params: [teacher.base_url, teacher.model]
    outs: [data/answers.parquet]
"""
OLD_PIPELINE = PIPELINE.replace("data/answers.parquet", "data/gpt/answers.parquet").replace(
    "mkdir -p data", "mkdir -p data/gpt"
)
URL = "http://127.0.0.1:9/v1"
PRICES = {"input": 1.0, "cached_input": 1.0, "output": 1.0, "batch_factor": 0.5}


def params(**changes: Any) -> TeacherParams:
    return TeacherParams(**{**settings(URL), "prices": PRICES, **changes})


def answer(number: int, **changes: Any) -> Answer:
    key = f"sha256:{number:064x}"
    return replace(Answer(key, f"text {number}", "stop", "", "m", 1, 0, 1, batch=True), **changes)


def write(path: Path, answers: Iterable[Answer], text: str = "text") -> None:
    columns = {text if name == "text" else name: kind for name, kind in COLUMNS.items()}
    with table_writer(path, {**text_columns("id"), **columns}) as table:
        for row in answers:
            record = row.to_record()
            table.add({**record, "id": row.request, text: record["text"]})


class Outputs:
    """A project whose one stage has answers as its output; the process stands in it."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.project = Project(path, {})
        self.path = path
        (path / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
        teacher = f"teacher:\n  base_url: {URL}\n  model: double\n"
        (path / "params.yaml").write_text(teacher, encoding="utf-8")
        self.project.run("git", "init", "--quiet", "--initial-branch", "main")
        self.project.run("dvc", "init", "--quiet")
        self.project.run("dvc", "config", "core.analytics", "false")
        self.project.run("dvc", "remote", "add", "--default", "storage", "../storage")

    def make(self, answers: Iterable[Answer]) -> None:
        """Runs the stage, so that these are its output."""
        write(self.path / "source.parquet", answers)
        self.project.run("dvc", "repro")

    def lose(self, cache: bool = False) -> None:
        (self.path / OUTPUT).unlink()
        if cache:
            shutil.rmtree(self.path / ".dvc/cache")


def numbers(answers: Iterable[Answer]) -> list[int]:
    return [int(found.request.removeprefix("sha256:"), 16) for found in answers]
