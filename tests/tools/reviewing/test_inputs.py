"""What a review says of params and of the files that stages read."""

from pathlib import Path

from tests.project import Project
from tests.tools.reviewing.reviewer import Reviewer, rows, section
from understudy.contract.params.teacher import TeacherParams


def test_a_param_that_is_left_out_has_its_default(project: Project, review: Reviewer) -> None:
    usual = TeacherParams().concurrency
    project.change_params(teacher__concurrency=usual)
    assert rows(review.text("main"), "teacher.concurrency") == []
    project.change_params(teacher__concurrency=usual + 3)
    (row,) = rows(review.text("main"), "teacher.concurrency")
    assert row[1:] == [str(usual), str(usual + 3)]


def test_what_is_code_follows_from_the_deps(project: Project, review: Reviewer) -> None:
    pipeline = Path("dvc.yaml").read_text(encoding="utf-8")
    deps = "deps: [made/zeroshot.parquet"
    assert deps in pipeline
    more = f"{deps}, code/run.py, code/rooms, script.py, data/words.txt"
    Path("dvc.yaml").write_text(pipeline.replace(deps, more), encoding="utf-8")
    Path("code/rooms").mkdir(parents=True)
    for name in ("code/run.py", "code/rooms/room.py", "script.py", "data/words.txt"):
        Path(name).write_text("1\n", encoding="utf-8")
    project.run("dvc", "repro", "--quiet")
    text = review.text("main")
    assert " changed: 10 inputs, 3 files of code; " in text.splitlines()[0]
    shown = section(text, "Params and inputs")
    assert "Changed code: `code/run.py`, `code/rooms`, `script.py`." in shown
