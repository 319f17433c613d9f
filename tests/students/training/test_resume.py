"""What a run leaves for the next one: named after all it depends on, whole or not there."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import FileLock

from tests.imports import ROOT
from understudy.students.training.resume import (
    SEAL,
    Stopwatch,
    find_checkpoint,
    hash_files,
    identify,
    resumable,
    seal,
)


def test_a_stopwatch_counts_what_the_starts_before_it_have_saved(tmp_path: Path) -> None:
    first = Stopwatch(tmp_path)
    assert 0 <= first.seconds < 60
    (tmp_path / "seconds").write_text("1000.5", encoding="ascii")
    second = Stopwatch(tmp_path)
    assert 1000.5 <= second.seconds < 1060
    second.save()
    third = Stopwatch(tmp_path)
    assert second.seconds - 60 < third.seconds < second.seconds + 60


def test_a_stopwatch_whose_file_is_broken_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "seconds").write_text("x", encoding="ascii")
    assert Stopwatch(tmp_path).seconds < 60


def checkpoint(state: Path, step: int, *, sealed: bool = True) -> Path:
    folder = state / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    if sealed:
        (folder / SEAL).touch()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leave(root: Path, identity: str, system: str = "t5-gold") -> Path:
    """What a run that failed leaves."""
    with suppress(KeyboardInterrupt), resumable(system, identity, root=root) as state:
        checkpoint(state, 2)
        raise KeyboardInterrupt
    return state


def test_equal_parts_have_equal_names_and_others_other_ones() -> None:
    assert identify([b"a", b"b"]) == identify([b"a", b"b"])
    others = [[b"a", b"c"], [b"b", b"a"], [b"ab"], [b"", b"ab"], [b"a", b"b", b""], [b"a"], []]
    assert len({identify(parts) for parts in [[b"a", b"b"], *others]}) == 1 + len(others)


def test_a_hash_of_files_knows_names_contents_and_order(tmp_path: Path) -> None:
    one, two, same = (tmp_path / name for name in ("one", "two", "same"))
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    same.write_bytes(b"1")
    hashes = [hash_files(files) for files in ([one, two], [two, one], [one, same], [same, one])]
    assert len(set(hashes)) == 4
    assert hash_files([one, two]) == hashes[0]
    two.write_bytes(b"3")
    assert hash_files([one, two]) not in hashes


def test_success_clears_and_the_next_run_finds_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        with resumable("t5-gold", "a", root=tmp_path) as state:
            assert names(state) == []
            checkpoint(state, 2)
        assert not state.exists()


def test_a_failure_keeps_and_the_same_run_finds_it(tmp_path: Path) -> None:
    left = leave(tmp_path, "a")
    with resumable("t5-gold", "a", root=tmp_path) as state:
        assert state == left
        assert find_checkpoint(state) == state / "checkpoint-2"


def test_another_identity_finds_nothing_and_removes_what_is_free(tmp_path: Path) -> None:
    left = leave(tmp_path, "a")
    with resumable("t5-gold", "b", root=tmp_path) as state:
        assert state != left
        assert names(state) == []
        assert not left.exists()
        assert not left.with_name(f"{left.name}.lock").exists()


def test_what_another_system_has_left_stays(tmp_path: Path) -> None:
    left = leave(tmp_path, "a", "t5-written")
    with resumable("t5-gold", "a", root=tmp_path):
        pass
    assert find_checkpoint(left) == left / "checkpoint-2"


def test_another_identity_spares_what_is_locked(tmp_path: Path) -> None:
    left = leave(tmp_path, "a")
    with FileLock(left.with_name(f"{left.name}.lock")):
        with resumable("t5-gold", "b", root=tmp_path):
            pass
        assert find_checkpoint(left) == left / "checkpoint-2"


HOLD = """
import sys
from contextlib import suppress
from pathlib import Path
from understudy.students.training.resume import resumable
with resumable("t5-gold", sys.argv[2], root=Path(sys.argv[1])) as state:
    print(state, flush=True)
    sys.stdin.read()
"""


def hold(root: Path, identity: str) -> "subprocess.Popen[str]":
    """Another process that trains."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root), identity],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_run_waits_for_another_one_that_is_the_same(tmp_path: Path) -> None:
    with resumable("t5-gold", "a", root=tmp_path) as state:
        checkpoint(state, 2)
        other = hold(tmp_path, "a")
        assert other.stderr is not None
        waiting = other.stderr.readline()
    told, problem = other.communicate("", timeout=20)
    assert waiting == "waiting for another run that trains the same t5-gold\n"
    assert (told, problem, other.returncode) == (f"{state}\n", "", 0)


def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    with hold(tmp_path, "a") as other:
        assert other.stdout is not None
        left = Path(other.stdout.readline().strip())
        with resumable("t5-gold", "b", root=tmp_path):
            pass
        assert left.is_dir()
        other.kill()
        other.wait()
    with resumable("t5-gold", "b", root=tmp_path):
        assert not left.exists()


def test_the_others_of_several_processes_neither_wait_nor_clear_up(tmp_path: Path) -> None:
    older = tmp_path / "t5-gold-b"
    with resumable("t5-gold", "a", root=tmp_path) as first:
        older.mkdir()
        (tmp_path / "t5-gold-b.lock").touch()
        with resumable("t5-gold", "a", lock=False, root=tmp_path) as second:
            assert first == second
        assert first.is_dir()
        assert older.is_dir()


def test_there_is_no_checkpoint_in_a_new_folder(tmp_path: Path) -> None:
    assert find_checkpoint(tmp_path) is None


def test_the_newest_checkpoint_is_the_one_of_the_latest_step(tmp_path: Path) -> None:
    for step in (8, 10, 9):
        checkpoint(tmp_path, step)
    assert find_checkpoint(tmp_path) == tmp_path / "checkpoint-10"


def test_a_checkpoint_without_its_seal_is_never_used_and_removed(tmp_path: Path) -> None:
    checkpoint(tmp_path, 4)
    checkpoint(tmp_path, 6, sealed=False)
    (tmp_path / "checkpoint-8").mkdir()
    assert find_checkpoint(tmp_path) == tmp_path / "checkpoint-4"
    assert names(tmp_path) == ["checkpoint-4"]


def test_sealing_keeps_the_newest_and_the_best_alone(tmp_path: Path) -> None:
    for step in (2, 4, 6):
        checkpoint(tmp_path, step)
    checkpoint(tmp_path, 8, sealed=False)
    (tmp_path / "tokens-train").mkdir()
    seal(tmp_path, 8, 4)
    assert names(tmp_path) == ["checkpoint-4", "checkpoint-8", "tokens-train"]
    assert find_checkpoint(tmp_path) == tmp_path / "checkpoint-8"


def test_the_seal_comes_before_the_others_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError(f"removing {path.name}")

    checkpoint(tmp_path, 2)
    checkpoint(tmp_path, 4, sealed=False)
    monkeypatch.setattr("understudy.students.training.resume.remove", fail)
    with pytest.raises(OSError, match="removing checkpoint-2"):
        seal(tmp_path, 4, 4)
    assert find_checkpoint(tmp_path) == tmp_path / "checkpoint-4"


def test_without_a_dvc_repository_the_state_lies_where_its_cache_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with resumable("t5-gold", "a") as state:
            assert state == tmp_path / ".dvc/cache/training/t5-gold-a"
