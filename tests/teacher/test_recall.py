"""Answers out of committed outputs: from DVC's cache or remote, of the workspace or of HEAD."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.doubles.teacher import ChatServer, settings
from tests.project import Project
from tests.teacher.asking import ask, keys
from understudy.contract.answers import COLUMNS, Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import DataError
from understudy.core.tables import table_writer, text_columns
from understudy.teacher.completion import failed_answer
from understudy.teacher.errors import TeacherError
from understudy.teacher.recall import PAY_AGAIN, read_answers, recall

OUTPUT = Path("data/answers.parquet")
PIPELINE = """\
stages:
  answer:
    cmd: mkdir -p data && cp source.parquet data/answers.parquet
    deps: [source.parquet]
    params: [teacher.base_url, teacher.model]
    outs: [data/answers.parquet]
"""
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


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three answers and a failed call, run, committed and pushed."""
    outputs = Outputs(tmp_path_factory.mktemp("recall") / "project")
    outputs.make([answer(1), failed_answer(answer(2).request, "m", "500"), answer(3), answer(4)])
    outputs.project.commit("Answer")
    outputs.project.run("dvc", "push")
    return outputs.path


@pytest.fixture
def outputs(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outputs:
    for name in ("project", "storage"):
        shutil.copytree(finished.parent / name, tmp_path / name)
    outputs = Outputs.__new__(Outputs)
    outputs.path, outputs.project = tmp_path / "project", Project(tmp_path / "project", {})
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.delenv(PAY_AGAIN, raising=False)
    monkeypatch.chdir(outputs.path)
    return outputs


def numbers(answers: Iterable[Answer]) -> list[int]:
    return [int(found.request.removeprefix("sha256:"), 16) for found in answers]


def test_a_file_gone_from_the_workspace_comes_from_the_cache_without_failed_rows(
    outputs: Outputs,
) -> None:
    outputs.lose()
    assert list(recall(OUTPUT, params())) == [answer(1), answer(3), answer(4)]
    assert not OUTPUT.exists()


def test_a_file_that_nobody_has_replaced_yet_is_read_where_it_lies(outputs: Outputs) -> None:
    shutil.rmtree(".dvc/cache")
    shutil.rmtree("../storage")
    assert numbers(recall(OUTPUT, params())) == [1, 3, 4]


def test_an_empty_cache_is_made_up_for_by_the_remote(outputs: Outputs) -> None:
    outputs.lose(cache=True)
    assert numbers(recall(OUTPUT, params())) == [1, 3, 4]
    assert not OUTPUT.exists()


def test_the_lock_of_the_workspace_comes_first_and_that_of_the_last_commit_too(
    outputs: Outputs,
) -> None:
    outputs.make([answer(4), answer(5)])
    outputs.lose()
    assert numbers(recall(OUTPUT, params())) == [4, 5, 1, 3]
    Path("dvc.lock").unlink()
    assert numbers(recall(OUTPUT, params())) == [1, 3, 4]


def test_before_the_first_commit_the_workspace_counts_alone(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / "project")
    outputs.make([answer(1)])
    outputs.lose()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(outputs.path)
        monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
        assert numbers(recall(OUTPUT, params())) == [1]


def test_a_fresh_project_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = Outputs(tmp_path / "project")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.chdir(outputs.path)
    assert list(recall(OUTPUT, params())) == []


def test_a_dvc_project_outside_git_is_read_all_the_same(
    outputs: Outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs.lose()
    shutil.rmtree(".git")
    outputs.project.run("dvc", "config", "core.no_scm", "true")
    assert numbers(recall(OUTPUT, params())) == [1, 3, 4]


def test_outside_any_project_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(recall(OUTPUT, params())) == []


def test_another_output_has_none(outputs: Outputs) -> None:
    assert list(recall(Path("data/nothing.parquet"), params())) == []


def test_predictions_are_answers_too(tmp_path: Path) -> None:
    write(tmp_path / "zeroshot.parquet", [answer(1), answer(2)], text="prediction")
    assert list(read_answers(tmp_path / "zeroshot.parquet")) == [answer(1), answer(2)]


@pytest.mark.parametrize("columns", [["id", "text"], ["request", "text"], ["prediction"]])
def test_an_output_of_an_older_version_has_none(tmp_path: Path, columns: Sequence[str]) -> None:
    with table_writer(tmp_path / "old.parquet", text_columns(*columns)) as table:
        table.add(dict.fromkeys(columns, "x"))
    assert list(read_answers(tmp_path / "old.parquet")) == []


def test_an_output_without_rows_has_none(tmp_path: Path) -> None:
    write(tmp_path / "empty.parquet", [])
    assert list(read_answers(tmp_path / "empty.parquet")) == []


def truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


def scramble(data: bytes) -> bytes:
    return data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :]


@pytest.mark.parametrize("damage", [truncate, scramble, lambda _: b"", lambda _: b"no parquet"])
def test_a_broken_file_is_an_error_of_one_line(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "broken.parquet"
    write(path, [answer(n) for n in range(5000)])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TeacherError, match=r"broken\.parquet") as caught:
        list(read_answers(path))
    assert "\n" not in str(caught.value)


def test_a_broken_output_is_told_and_made_up_for_by_the_committed_one(
    outputs: Outputs, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs.lose()
    OUTPUT.write_bytes(b"no parquet")
    assert numbers(recall(OUTPUT, params())) == [1, 3, 4]
    told = capsys.readouterr().err
    assert told.startswith(f"warning: {OUTPUT}: not a readable Parquet file")
    assert told.count("\n") == 1


def test_a_broken_output_that_is_committed_nowhere_is_an_error_with_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    OUTPUT.parent.mkdir()
    OUTPUT.write_bytes(b"no parquet")
    with pytest.raises(
        TeacherError, match=rf"{OUTPUT}: not.*dvc checkout --force {OUTPUT}.*delete"
    ):
        list(recall(OUTPUT, params()))
    monkeypatch.setenv(PAY_AGAIN, "1")
    assert list(recall(OUTPUT, params())) == []


def test_a_broken_configuration_of_dvc_is_not_taken_for_no_answers(outputs: Outputs) -> None:
    outputs.lose()
    Path(".dvc/config").write_text("[core\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"config file error.*`dvc status`"):
        list(recall(OUTPUT, params()))


# An output that is nowhere


@pytest.fixture
def lost(outputs: Outputs) -> Outputs:
    """The output is neither here nor in the cache, and the remote is gone."""
    outputs.lose(cache=True)
    shutil.rmtree(outputs.path.parent / "storage")
    return outputs


def test_answers_that_would_be_paid_for_again_are_an_error_with_the_ways_out(
    lost: Outputs,
) -> None:
    with pytest.raises(TeacherError, match=rf"dvc pull {OUTPUT}.*{PAY_AGAIN}=1") as caught:
        list(recall(OUTPUT, params()))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("price", ["input", "cached_input", "output"])
def test_any_price_makes_them_worth_an_error(lost: Outputs, price: str) -> None:
    prices = {**dict.fromkeys(PRICES, 0.0), price: 0.1, "batch_factor": 0.5}
    with pytest.raises(TeacherError):
        list(recall(OUTPUT, params(prices=prices)))


@pytest.mark.parametrize(
    "changes",
    [
        {"prices": {**dict.fromkeys(PRICES, 0.0), "batch_factor": 0.5}},
        {"model": "another"},
        {"base_url": "http://127.0.0.1:10/v1"},
    ],
)
def test_answers_that_are_free_or_of_another_teacher_are_no_loss(
    lost: Outputs, changes: dict[str, Any]
) -> None:
    assert list(recall(OUTPUT, params(**changes))) == []


def test_who_wants_to_pay_again_may(lost: Outputs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PAY_AGAIN, "1")
    assert list(recall(OUTPUT, params())) == []


def test_a_broken_output_that_is_nowhere_else_is_an_error_too(lost: Outputs) -> None:
    OUTPUT.write_bytes(b"no parquet")
    with pytest.raises(TeacherError, match=rf"dvc pull {OUTPUT} --force"):
        list(recall(OUTPUT, params()))


def test_what_the_last_commit_had_is_an_error_too(lost: Outputs) -> None:
    Path("dvc.lock").unlink()
    with pytest.raises(TeacherError, match=PAY_AGAIN):
        list(recall(OUTPUT, params()))


# In a run


def test_a_fresh_ledger_is_filled_from_the_committed_output(
    outputs: Outputs, tmp_path: Path
) -> None:
    with ChatServer() as server:
        teacher = params(base_url=server.url)
        asked = ["a", "b", "c"]
        names = keys(asked, teacher)
        outputs.make([answer(7, request=names[0]), answer(8, request=names[2])])
        outputs.lose()
        answers = ask(asked, teacher, tmp_path / "ledger.jsonl", "test", OUTPUT)
        assert [found.text for found in answers] == ["text 7", "answer to b", "text 8"]
        assert server.prompts == ["b"]


# An output that was renamed since


WRITTEN = Path("data/written/answers.parquet")
OLD_PIPELINE = PIPELINE.replace("data/answers.parquet", "data/gpt/answers.parquet").replace(
    "mkdir -p data", "mkdir -p data/gpt"
)


@pytest.fixture
def renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outputs:
    """Answers of the old layout, pushed; dvc.yaml is new since, and dvc.lock is not."""
    outputs = Outputs(tmp_path / "project")
    (outputs.path / "dvc.yaml").write_text(OLD_PIPELINE, encoding="utf-8")
    outputs.make([answer(1), answer(2)])
    outputs.project.commit("Answer in the old layout")
    outputs.project.run("dvc", "push")
    new = OLD_PIPELINE.replace("data/gpt", "data/written").replace("answer:", "generate:")
    (outputs.path / "dvc.yaml").write_text(new, encoding="utf-8")
    shutil.rmtree(outputs.path / "data")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.delenv(PAY_AGAIN, raising=False)
    monkeypatch.chdir(outputs.path)
    return outputs


@pytest.mark.parametrize("keeper", ["cache", "remote"])
@pytest.mark.parametrize("named_in", ["workspace", "HEAD", "HEAD^"])
def test_answers_are_found_under_the_name_that_the_output_had(
    renamed: Outputs, keeper: str, named_in: str
) -> None:
    if keeper == "remote":
        shutil.rmtree(".dvc/cache")
    if named_in != "workspace":
        Path("dvc.lock").unlink()
    if named_in == "HEAD^":
        renamed.project.commit("Take the new layout over")
    assert numbers(recall(WRITTEN, params())) == [1, 2]
    assert not Path("data").exists()


def test_no_answer_of_the_old_layout_is_asked_again(renamed: Outputs, tmp_path: Path) -> None:
    with ChatServer() as server:
        teacher = params(base_url=server.url)
        names = keys(["a", "b"], teacher)
        (renamed.path / "dvc.yaml").write_text(OLD_PIPELINE, encoding="utf-8")
        renamed.make([answer(7, request=names[0]), answer(8, request=names[1])])
        renamed.project.run("git", "checkout", "HEAD", "dvc.yaml")
        answers = ask(["a", "b"], teacher, tmp_path / "ledger.jsonl", "generate", WRITTEN)
        assert [found.text for found in answers] == ["text 7", "text 8"]
        assert server.connections == 0


@pytest.mark.parametrize(("revision", "is_error"), [("HEAD", True), ("HEAD^", False)])
def test_lost_answers_of_the_old_layout_are_an_error_until_they_were_replaced(
    renamed: Outputs, revision: str, is_error: bool
) -> None:
    shutil.rmtree(".dvc/cache")
    shutil.rmtree("../storage")
    Path("dvc.lock").unlink()
    if revision == "HEAD^":
        renamed.project.commit("Take the new layout over")
    if is_error:
        with pytest.raises(TeacherError, match=r"dvc pull data/gpt/answers\.parquet"):
            list(recall(WRITTEN, params()))
    else:
        assert list(recall(WRITTEN, params())) == []


def test_the_schema_of_a_stage_output_holds_every_answer() -> None:
    assert set(COLUMNS) == set(answer(1).to_record())
    assert COLUMNS["batch"] == pa.bool_()
