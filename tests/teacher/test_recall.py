"""Answers out of committed outputs: from DVC's cache or remote, of the workspace or of HEAD."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.doubles.teacher import ChatServer
from tests.teacher.asking import ask, keys
from tests.teacher.recalling import (
    OLD_PIPELINE,
    OUTPUT,
    PRICES,
    Outputs,
    answer,
    numbers,
    params,
    write,
)
from understudy.contract.answers import COLUMNS
from understudy.contract.asked import ZEROSHOT_ANSWERS_SCHEMA
from understudy.core.tables import table_writer, text_columns
from understudy.teacher.errors import TeacherError
from understudy.teacher.recall import PAY_AGAIN, read_answers, recall


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


def test_before_the_first_commit_the_workspace_counts_alone_and_a_fresh_project_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = Outputs(tmp_path / "project")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.chdir(outputs.path)
    assert list(recall(OUTPUT, params())) == []
    outputs.make([answer(1)])
    outputs.lose()
    assert numbers(recall(OUTPUT, params())) == [1]


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


def test_predictions_are_answers_too(tmp_path: Path) -> None:
    write(tmp_path / "zeroshot.parquet", [answer(1), answer(2)], text="prediction")
    assert list(read_answers(tmp_path / "zeroshot.parquet")) == [answer(1), answer(2)]


def test_the_text_counts_where_the_prediction_was_read_out_of_it(tmp_path: Path) -> None:
    with table_writer(tmp_path / "zeroshot.parquet", ZEROSHOT_ANSWERS_SCHEMA) as table:
        table.add({**answer(1).to_record(), "id": "a", "prediction": "1", "reason": None})
    assert list(read_answers(tmp_path / "zeroshot.parquet")) == [answer(1)]


@pytest.mark.parametrize("columns", [["id", "text"], ["request", "text"], ["prediction"]])
def test_an_output_of_an_older_version_or_without_rows_has_none(
    tmp_path: Path, columns: Sequence[str]
) -> None:
    with table_writer(tmp_path / "old.parquet", text_columns(*columns)) as table:
        table.add(dict.fromkeys(columns, "x"))
    write(tmp_path / "empty.parquet", [])
    for name in ("old", "empty"):
        assert list(read_answers(tmp_path / f"{name}.parquet")) == []


# An output that is nowhere


def test_answers_that_would_be_paid_for_again_are_an_error_with_the_ways_out(
    lost: Outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways_out = rf"dvc pull {OUTPUT}.*{PAY_AGAIN}=1"
    with pytest.raises(TeacherError, match=ways_out) as caught:
        list(recall(OUTPUT, params()))
    assert "\n" not in str(caught.value)
    free = {**dict.fromkeys(PRICES, 0.0), "batch_factor": 0.5}
    for price in ("input", "cached_input", "output"):
        with pytest.raises(TeacherError, match=ways_out):
            list(recall(OUTPUT, params(prices=free | {price: 0.1})))
    others: list[dict[str, Any]] = [{"model": "another"}, {"base_url": "http://127.0.0.1:10/v1"}]
    for changes in ({"prices": free}, *others):  # free, or of another teacher: no loss
        assert list(recall(OUTPUT, params(**changes))) == []
    Path("dvc.lock").unlink()
    with pytest.raises(TeacherError, match=PAY_AGAIN):  # of what the last commit had
        list(recall(OUTPUT, params()))
    monkeypatch.setenv(PAY_AGAIN, "1")
    assert list(recall(OUTPUT, params())) == []


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
