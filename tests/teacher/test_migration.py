"""Ledgers of format 1: all that can be read is taken over, once, whatever ends the run."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from understudy.teacher.errors import TeacherError
from understudy.teacher.ledger import Ledger
from understudy.teacher.migration import migrate, open_ledger
from understudy.teacher.requests import canonical, request_key

ROOT = Path(__file__).parents[2]
SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    received TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID
"""
REQUESTS = [{"endpoint": "e", "messages": [{"content": f"Zü{n} " * 50}]} for n in range(300)]
KEYS = [request_key(request) for request in REQUESTS]
ANSWER = {
    "finish_reason": "stop", "refusal": "", "model": "m-1",
    "prompt_tokens": 5, "cached_tokens": 2, "completion_tokens": 7,
}  # fmt: skip
FILES = ("ledger.jsonl", "ledger.sqlite")
"""What an older ledger may be called, seen from ledger.jsonl."""
KILLED = """
import os, signal, sys
from pathlib import Path
from understudy.teacher import ledger, migration

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

path, where = Path(sys.argv[1]), sys.argv[2]
real_append, real_rename, appends, renames = ledger.Ledger.append, Path.rename, [], []
def append(self, lines):
    appends.append(lines)
    if where == f"append {len(appends)}":
        die()
    real_append(self, lines)
    if where == f"appended {len(appends)}":
        die()
def rename(self, target):
    renames.append(target)
    if where == f"rename {len(renames)}":
        die()
    found = real_rename(self, target)
    if where == f"renamed {len(renames)}":
        die()
    return found
ledger.Ledger.append, Path.rename = append, rename
real_keep = migration.keep
migration.keep = lambda *arguments: real_keep(*arguments, chunk=100)
migration.migrate(path)
"""


def fill(path: Path, count: int = 300, **changes: Any) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(SCHEMA)
    connection.execute("BEGIN")
    for number in range(count):
        answer = {**ANSWER, "text": f"answer {number}", **changes}
        connection.execute(
            "INSERT INTO answers (key, request, answer) VALUES (?, ?, ?)",
            (KEYS[number], canonical(REQUESTS[number]).decode(), json.dumps(answer)),
        )
    connection.execute("COMMIT")
    return connection


@pytest.fixture(params=FILES)
def old(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / str(request.param)
    fill(path).close()
    return path


def expect_all(path: Path, count: int = 300) -> None:
    with Ledger(path) as ledger:
        texts = [answer and answer.text for answer in map(ledger.answer, KEYS)]
        assert texts[:count] == [f"answer {number}" for number in range(count)]
        assert ledger.count()["answered"] == count
        assert ledger.damaged == []


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if not file.name.endswith(".lock")}


def test_the_answers_of_an_older_ledger_are_taken_over(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ledger.jsonl"
    assert migrate(path) == 300
    expect_all(path)
    assert names(tmp_path) == {"ledger.jsonl", f"{old.name}.format-1"}
    said = f"{old}: 300 answers taken over into {path}; all of it could be read\n"
    assert capsys.readouterr().err == said


def test_an_answer_taken_over_says_all_it_said(old: Path, tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.jsonl") as ledger:
        answer = ledger.answer(KEYS[7])
        record = ledger.answer_record(KEYS[7])
    assert answer is not None
    expected = {**ANSWER, "text": "answer 7", "request": KEYS[7], "batch": False, "error": ""}
    assert answer.to_record() == expected
    assert record is not None
    assert record.content["source"] == "format 1"


def test_taking_over_twice_changes_nothing(old: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    migrate(path)
    before = path.read_bytes(), names(tmp_path)
    assert migrate(path) == 0
    assert (path.read_bytes(), names(tmp_path)) == before


def test_an_answer_that_the_ledger_has_is_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    fill(tmp_path / "ledger.sqlite", 2).close()
    assert migrate(path) == 2
    fill(tmp_path / "ledger.sqlite", 3, text="another").close()
    assert migrate(path) == 1
    with Ledger(path) as ledger:
        texts = [answer and answer.text for answer in map(ledger.answer, KEYS[:3])]
    assert texts == ["answer 0", "answer 1", "another"]
    kept = {"ledger.sqlite.format-1", "ledger.sqlite.format-1.2"}
    assert kept < names(tmp_path)


def test_without_an_older_ledger_nothing_happens(tmp_path: Path) -> None:
    assert migrate(tmp_path / "ledger.jsonl") == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
def test_answers_that_are_only_in_the_write_ahead_log_are_taken_over(
    tmp_path: Path, name: str
) -> None:
    source, path = tmp_path / "source", tmp_path / "ledger.jsonl"
    connection = fill(source)
    for side in ("", "-wal"):  # as a killed process leaves them
        data = source.with_name(f"source{side}").read_bytes()
        (tmp_path / f"{name}{side}").write_bytes(data)
    connection.close()
    source.unlink()
    assert migrate(path) == 300
    expect_all(path)
    assert names(tmp_path) == {"ledger.jsonl", f"{name}.format-1"}


@pytest.mark.parametrize(
    "where",
    ["rename 1", "renamed 1", "append 1", "append 2", "appended 3", "rename 2", "renamed 2"],
)
def test_a_run_killed_anywhere_is_completed_by_the_next(
    old: Path, tmp_path: Path, where: str
) -> None:
    path = tmp_path / "ledger.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), where],
        cwd=ROOT, check=False, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    migrate(path)
    expect_all(path)
    assert names(tmp_path) == {"ledger.jsonl", f"{old.name}.format-1"}
    assert len(path.read_bytes().splitlines()) == 300


def test_two_processes_take_over_once(old: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-c", KILLED, str(path), "never"]
    processes = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    said = b"".join(process.communicate(timeout=60)[1] for process in processes)
    assert said.count(b"taken over") == 1
    expect_all(path)
    assert len(path.read_bytes().splitlines()) == 300


def test_a_ledger_that_an_older_version_is_using_is_waited_for(old: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(old, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(TeacherError, match="an older Understudy is using this ledger"):
        migrate(tmp_path / "ledger.jsonl")
    connection.close()
    assert migrate(tmp_path / "ledger.jsonl") == 300


def test_damaged_pages_cost_the_answers_in_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source"
    fill(source).close()
    data, size = source.read_bytes(), 4096
    for page in range(3, len(data) // size, 15):
        path = tmp_path / str(page) / "ledger.jsonl"
        path.parent.mkdir()
        damaged = data[: page * size] + b"\xff" * size + data[(page + 1) * size :]
        path.with_name("ledger.sqlite").write_bytes(damaged)
        assert 200 <= migrate(path) < 300  # an inner page leads to dozens of others
        with Ledger(path) as ledger:
            read = [ledger.answer(key) for key in KEYS]
        assert all(a is None or a.text == f"answer {n}" for n, a in enumerate(read))
        assert "parts of the file could not be read" in capsys.readouterr().err
        assert names(path.parent) == {"ledger.jsonl", "ledger.sqlite.format-1"}


def test_a_file_that_cannot_be_read_at_all_is_kept_and_said(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.write_bytes(old.read_bytes()[:16] + b"\xff" * 5000)
    assert migrate(tmp_path / "ledger.jsonl") == 0
    assert "0 answers taken over" in (said := capsys.readouterr().err)
    assert "parts of the file could not be read" in said
    assert f"{old.name}.format-1" in names(tmp_path)


def test_a_row_whose_request_was_changed_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = fill(tmp_path / "ledger.sqlite", 4)
    for column, key in zip(("request", "answer"), KEYS, strict=False):
        text = f"UPDATE answers SET {column} = replace({column}, '{{', '[') WHERE key = ?"
        connection.execute(text, (key,))
    connection.execute("UPDATE answers SET answer = '{\"text\": 7}' WHERE key = ?", (KEYS[2],))
    connection.close()
    assert migrate(tmp_path / "ledger.jsonl") == 1
    assert "3 rows are damaged and were left out" in capsys.readouterr().err


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "ledger.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE answers (question TEXT)")
    connection.close()
    before = other.read_bytes()
    with open_ledger(tmp_path / "ledger.jsonl") as ledger:
        assert ledger.count()["answered"] == 0
    assert other.read_bytes() == before
    with pytest.raises(TeacherError, match="not a ledger"):
        open_ledger(other)
