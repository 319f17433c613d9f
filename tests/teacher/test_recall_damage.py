"""Outputs that are damaged, and a DVC that cannot say where the committed ones are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.teacher.recalling import OUTPUT, Outputs, answer, numbers, params, write
from understudy.core.errors import DataError
from understudy.teacher.errors import TeacherError
from understudy.teacher.recall import PAY_AGAIN, read_answers, recall


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


def test_a_broken_output_that_is_nowhere_else_is_an_error_too(lost: Outputs) -> None:
    OUTPUT.write_bytes(b"no parquet")
    with pytest.raises(TeacherError, match=rf"dvc pull {OUTPUT} --force"):
        list(recall(OUTPUT, params()))
