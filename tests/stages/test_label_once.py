"""label and zeroshot ask by one prompt: the same input is paid once, and not again in a clone."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from stages import zeroshot
from tests.doubles.teacher import ChatServer, say, settings
from tests.project import Project as Repository
from tests.stages.labelling import TRAIN, VALIDATION, Project, records, row, rows, write_rows
from understudy.contract.asked import ANSWERS, CALIBRATION_ANSWERS, ZEROSHOT_ANSWERS
from understudy.contract.pairs import TEST
from understudy.teacher.errors import TeacherError
from understudy.teacher.ledger import LEDGER_ENV
from understudy.tools import ledger as ledger_command

ASKED = TRAIN + VALIDATION
SHARED = 2
"""Test articles that are training articles as well; `filter` would drop those."""
PRICES = {"input": 1.0, "cached_input": 1.0, "output": 2.0, "batch_factor": 0.5}
PIPELINE = """\
stages:
  label:
    cmd: cp -r label/data .
    deps: [label]
    params: [teacher.base_url, teacher.model]
    outs: [data/labelled/answers.parquet]
  zeroshot:
    cmd: cp -r zeroshot/data .
    deps: [zeroshot]
    params: [teacher.base_url, teacher.model]
    outs: [data/calibration/zeroshot.parquet, data/predictions/zeroshot.parquet]
"""


def give_test(count: int = SHARED + 2) -> None:
    """Test articles, of which the first are those of training rows."""
    write_rows(TEST, [*rows("train", SHARED), *rows("test", count - SHARED)])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv(LEDGER_ENV, str(tmp_path / "ledger.jsonl"))
    project = Project(tmp_path / "project", ledger=tmp_path / "ledger.jsonl")
    give_test()
    return project


def summarize(project: Project, teacher: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs zeroshot."""
    project.set(teacher)
    zeroshot.main()
    return records(ZEROSHOT_ANSWERS)


@pytest.mark.parametrize("first", ["label", "zeroshot"])
def test_an_input_of_both_stages_is_paid_once(project: Project, first: str) -> None:
    with ChatServer(lambda call: say(f"It is call {call.number}.")) as server:
        teacher = settings(server.url)
        if first == "zeroshot":
            summarize(project, teacher)
        project.label(teacher)
        summarize(project, teacher)
        assert len(server.calls) == len(set(server.prompts)) == ASKED + 2
    labelled = {line["id"]: line for line in project.answers()}
    validation = records(CALIBRATION_ANSWERS)
    assert len(validation) == VALIDATION
    for line in records(ZEROSHOT_ANSWERS)[:SHARED] + validation:
        assert line["request"] == labelled[line["id"]]["request"]
        assert line["prediction"] == labelled[line["id"]]["text"]


def test_the_first_of_several_samples_is_the_answer_of_zeroshot(project: Project) -> None:
    with ChatServer(lambda call: say(f"It is call {call.number}.")) as server:
        teacher = settings(server.url)
        project.label(teacher, samples=3)
        found = summarize(project, teacher)
        assert len(server.calls) == 3 * ASKED + 2
    labelled = {(line["id"], line["sample"]): line["text"] for line in project.answers()}
    assert [line["text"] for line in found[:SHARED]] == [
        labelled[line["id"], 1] for line in found[:SHARED]
    ]


def test_rows_of_one_stage_with_the_same_input_are_paid_once(project: Project) -> None:
    twice = [row("a"), row("a") | {"id": "b"}]
    project.give(twice, twice)
    with ChatServer() as server:
        counts = project.label(settings(server.url))
        assert (len(server.calls), counts.calls.calls, counts.calls.rows) == (1, 1, 4)
    assert [name for name, _ in project.pairs()] == ["a", "b"]


# In a clone, whose ledger is empty


class Clone:
    """The project's commit, its answers in DVC's remote, in a folder that the process enters."""

    def __init__(self, project: Project, *stages: str) -> None:
        """Commits the answers of these stages, and forgets the ledger."""
        repository = Repository(project.path, {})
        Path("dvc.yaml").write_text(PIPELINE, encoding="utf-8")
        repository.run("git", "init", "--quiet", "--initial-branch", "main")
        repository.run("dvc", "init", "--quiet")
        repository.run("dvc", "config", "core.analytics", "false")
        storage = str(project.path.parent / "storage")
        repository.run("dvc", "remote", "add", "--default", "storage", storage)
        for stage in stages:
            for table in ANSWERS[stage]:
                (Path(stage) / table).parent.mkdir(parents=True)
                shutil.move(table, Path(stage) / table)
            repository.run("dvc", "repro", stage)
        repository.commit("Ask")
        repository.run("dvc", "push")
        repository.run("git", "clone", "--quiet", ".", "../clone")
        project.ledger.unlink()
        self.run = Repository(project.path.parent / "clone", {}).run


def test_every_sample_comes_back_under_its_own_key_and_the_first_for_zeroshot_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ChatServer(lambda call: say(f"It is call {call.number}.")) as server:
        teacher = settings(server.url, prices=PRICES)
        project.label(teacher, samples=3)
        before = project.answers()
        clone = Clone(project, "label")
        monkeypatch.chdir("../clone")
        for pull in (False, True):
            if pull:
                project.ledger.unlink()
                clone.run("dvc", "pull", "--allow-missing")
            project.label(teacher, samples=3)
            assert len(server.calls) == 3 * ASKED
            assert project.answers() == before
        assert len({line["request"] for line in before}) == 3 * ASKED
        project.label(teacher, samples=4)
        assert len(server.calls) == 4 * ASKED
        project.ledger.unlink()
        summarize(project, teacher)
        assert len(server.calls) == 4 * ASKED + 2


def log(path: Path, prompts: list[str]) -> None:
    """Calls of the task as an application has logged them."""
    lines = [
        {
            "messages": [
                {"role": "user", "content": prompt},
                {"role": "assistant", "content": f"Logged for {prompt[-30:]}"},
            ]
        }
        for prompt in prompts
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_imported_answers_keep_their_origin_and_are_asked_in_no_clone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ChatServer() as server:
        teacher = settings(server.url, prices=PRICES)
        project.set(teacher)
        ask = "Please summarize the following news article. '{}'"
        articles = [one["article"] for one in rows("train", TRAIN)]
        log(Path("log.jsonl"), [ask.format(article) for article in articles])
        ledger_command.main(["import", "log.jsonl", "--any-model"])
        counts = project.label(teacher)
        assert (len(server.calls), counts.calls.imported) == (VALIDATION, TRAIN)
        before = project.answers()
        assert {line["origin"] for line in before[:TRAIN]} == {"finetuning:log.jsonl"}
        Clone(project, "label")
        monkeypatch.chdir("../clone")
        again = project.label(teacher)
        assert len(server.calls) == VALIDATION
        assert project.answers() == before
        assert (again.calls.imported, again.calls.logged) == (TRAIN, counts.calls.logged)


def test_answers_of_zeroshot_come_back_and_label_is_given_those_on_its_inputs(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ChatServer(lambda call: say(f"It is call {call.number}.")) as server:
        teacher = settings(server.url, prices=PRICES)
        before = summarize(project, teacher), records(CALIBRATION_ANSWERS)
        assert len(server.calls) == SHARED + 2 + VALIDATION == sum(map(len, before))
        clone = Clone(project, "zeroshot")
        monkeypatch.chdir("../clone")
        for pull in (False, True):
            if pull:
                project.ledger.unlink()
                clone.run("dvc", "pull", "--allow-missing")
            assert (summarize(project, teacher), records(CALIBRATION_ANSWERS)) == before
            assert len(server.calls) == SHARED + 2 + VALIDATION
        project.ledger.unlink()
        project.label(teacher)
        assert len(server.calls) == len(set(server.prompts)) == ASKED + 2


def test_lost_answers_of_the_other_stage_stop_nobody_and_own_ones_do(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ChatServer() as server:
        teacher = settings(server.url, prices=PRICES)
        summarize(project, teacher)
        Clone(project, "zeroshot")
        shutil.rmtree("../storage")
        monkeypatch.chdir("../clone")
        project.label(teacher)
        assert len(server.calls) == SHARED + 2 + VALIDATION + ASKED
        project.ledger.unlink()
        for lost in (ZEROSHOT_ANSWERS, CALIBRATION_ANSWERS):
            with pytest.raises(TeacherError, match=f"dvc pull {lost}"):
                summarize(project, teacher)
            lost.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy("../project/zeroshot" / lost, lost)
        summarize(project, teacher)
        assert len(server.calls) == SHARED + 2 + VALIDATION + ASKED


def test_a_damaged_file_of_the_other_stage_is_passed_over(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    ZEROSHOT_ANSWERS.parent.mkdir(parents=True)
    ZEROSHOT_ANSWERS.write_bytes(b"no parquet")
    with ChatServer() as server:
        project.label(settings(server.url, prices=PRICES))
        assert len(server.calls) == ASKED
    assert "warning" not in capsys.readouterr().err
