"""The ledger: what is kept, what survives, and what it says when it cannot."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.imports import ROOT
from understudy.contract.answers import Answer
from understudy.core.errors import DataError
from understudy.teacher import lines
from understudy.teacher.errors import TeacherError
from understudy.teacher.ledger import LEDGER_ENV, Ledger, default_ledger, keep
from understudy.teacher.lines import check_answer
from understudy.teacher.records import encode
from understudy.teacher.requests import content_key

NOBODY = 65534
REQUESTS = [{"endpoint": "e", "model": "m", "messages": [{"content": f"Zü{n}"}]} for n in range(4)]
KEYS = [content_key(request) for request in REQUESTS]
COMPLETION = {
    "model": "m-1",
    "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 7},
}
PREPARE = """
import os, resource, signal, sys
from pathlib import Path
from understudy.core.errors import run
from understudy.teacher import lines
from understudy.teacher.ledger import Ledger
from understudy.teacher.requests import content_key

path, name = Path(sys.argv[1]), sys.argv[2]
COMPLETION = {"choices": [{"message": {"content": "x" * 500}}]}
def line(number):
    return lines.answered(content_key({"from": name, "number": number}), COMPLETION, 1.0, False)
"""
APPEND_500 = """
sys.stdin.readline()
with Ledger(path) as ledger:
    for number in range(500):
        ledger.append([line(number)])
"""
DIE_WITHIN_A_WRITE = """
whole = os.write
def write(file, data):
    whole(file, data[:len(data) * 5 // 6])
    os.kill(os.getpid(), signal.SIGKILL)
with Ledger(path) as ledger:
    ledger.append([line(0)])
    os.write = write
    ledger.append([line(1), line(2), line(3)])
"""
FILL = """
def fill():
    with Ledger(path) as ledger:
        ledger.reserve.hold()
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        for number in range(1000):
            ledger.append([line(number)])
run(fill)
"""


def start(script: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    env = {name: os.environ[name] for name in os.environ if "COVERAGE" not in name}  # writes files
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE + script, *map(str, arguments)],
        env=env, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def run_at_once(*processes: subprocess.Popen[str]) -> list[str]:
    """Lets processes that wait for a line go on, and returns their stderr."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[1] for process in processes]


def name_of(process: str, number: int) -> str:
    return content_key({"from": process, "number": number})


def answered(number: int, seconds: float = 1.0) -> bytes:
    return lines.answered(KEYS[number], COMPLETION, seconds, False)


def sent(number: int) -> bytes:
    return lines.sent(KEYS[number], REQUESTS[number], "test")


def small() -> list[bytes]:
    """Six records of every kind that concerns a request."""
    return [
        sent(0),
        answered(0),
        sent(1),
        lines.failed(KEYS[1], "500"),
        lines.recalled(Answer(KEYS[2], "b", "stop", "", "m", 1, 0, 1), "test"),
        answered(3),
    ]


NAMES = [KEYS[n] for n in (0, 0, 1, 1, 2, 3)]
"""The keys of these records."""
HELD = {1: KEYS[0], 4: KEYS[2], 5: KEYS[3]}
"""Those of them that are answers, by their numbers."""


def found(ledger: Ledger) -> set[str]:
    return {key for key in KEYS if ledger.answer(key) is not None}


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


# What is known of a request


def test_an_answer_is_found_again_after_reopening(ledger: Ledger) -> None:
    ledger.append([answered(0)])
    with Ledger(ledger.path) as again:
        assert again.answer(KEYS[0]) == Answer(
            KEYS[0], "a", "stop", "", "m-1", 5, 0, 7, seconds=1.0
        )
        assert again.answer(KEYS[1]) is None


def test_an_answer_is_seen_by_other_processes_after_refresh(ledger: Ledger) -> None:
    with Ledger(ledger.path) as other:
        ledger.append([answered(0)])
        assert other.answer(KEYS[0]) is None
        other.refresh()
        assert other.answer(KEYS[0]) == ledger.answer(KEYS[0])


@pytest.mark.parametrize(
    ("kinds", "unanswered", "counts"),
    [
        ("sent", 1, {"in_flight": 1}),
        ("sent sent sent", 3, {"in_flight": 1, "lost": 2}),  # an older ledger leaves it open
        ("sent sent answered", 1, {"answered": 1, "lost": 1}),
        ("sent lost sent answered", 1, {"answered": 1, "lost": 1}),
        ("sent unbilled sent unbilled", 0, {}),
        ("sent sent unbilled", 1, {"lost": 1}),
        ("sent lost sent unbilled sent answered", 1, {"answered": 1, "lost": 1}),
        ("sent sent other", 2, {"in_flight": 1, "lost": 1}),  # another request's end settles none
    ],
)
def test_attempts_are_counted_by_their_ends(
    ledger: Ledger, kinds: str, unanswered: int, counts: dict[str, int]
) -> None:
    written = {
        "sent": sent(0),
        "answered": answered(0),
        "lost": lines.lost(KEYS[0], "timeout"),
        "unbilled": lines.unbilled(KEYS[0], "refused"),
        "other": lines.unbilled(KEYS[1], "refused"),
    }
    ledger.append([written[kind] for kind in kinds.split()])
    assert ledger.unanswered(KEYS[0]) == unanswered
    assert {kind: count for kind, count in ledger.count().items() if count} == counts


def test_a_request_that_failed_and_was_then_answered_is_answered(ledger: Ledger) -> None:
    ledger.append([sent(0), lines.failed(KEYS[0], "500")])
    assert ledger.failure(KEYS[0]) == "500"
    ledger.append([sent(0), answered(0)])
    assert ledger.failure(KEYS[0]) is None
    assert ledger.answer(KEYS[0]) is not None
    assert ledger.unanswered(KEYS[0]) == 0


def test_every_request_has_one_key(ledger: Ledger) -> None:
    ledger.append([*small(), sent(0), lines.lost(KEYS[1], "timeout")])
    assert sorted(ledger.keys()) == sorted(KEYS)


def test_steps_of_batches_keep_their_order(ledger: Ledger) -> None:
    ledger.append([encode("batch", KEYS[0], {"step": step}) for step in "cab"])
    assert [record.content["step"] for record in ledger.batches()] == ["c", "a", "b"]


def test_kinds_that_a_later_version_may_add_are_left_alone(ledger: Ledger) -> None:
    ledger.append([encode("remark", KEYS[0], {"text": "x"})])
    assert ledger.failure(KEYS[0]) is None
    assert sum(ledger.count().values()) == 0


def test_an_answer_that_cannot_be_read_is_none(ledger: Ledger) -> None:
    ledger.append([encode("answered", KEYS[0], {"answer": {"text": "a"}, "batch": False})])
    assert ledger.answer(KEYS[0]) is None
    assert len(ledger.damaged) == 1


def test_answers_from_elsewhere_are_kept(ledger: Ledger) -> None:
    answers = [Answer(key, "t", "stop", "", "m", 1, 0, 1, batch=True) for key in KEYS]
    assert keep(ledger, iter(answers), "test", chunk=3) == 4
    assert [ledger.answer(key) for key in KEYS] == answers


@pytest.mark.parametrize(
    ("column", "value"),
    [("text", None), ("prompt_tokens", "5"), ("batch", 1), ("request", "x"), ("model", 3)],
)
def test_an_answer_with_a_value_of_another_kind_is_refused(column: str, value: Any) -> None:
    record = Answer(KEYS[0], "t", "stop", "", "m", 1, 0, 1).to_record()
    assert check_answer(record).to_record() == record
    with pytest.raises(ValueError, match=column):
        check_answer({**record, column: value})


# What is no ledger


def expect_unusable(path: Path) -> None:
    """Opening fails with one line that names the file and the way out."""
    with pytest.raises(TeacherError) as caught:
        Ledger(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: not a")
    assert LEDGER_ENV in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "text", ["some notes\n", "id,article\n1,x\n", '{"a": 1}', "SQLite format 3\0"]
)
def test_a_file_of_something_else_is_refused_and_left_as_it_is(path: Path, text: str) -> None:
    write(path, text.encode())
    expect_unusable(path)
    assert path.read_text() == text


@pytest.mark.parametrize("data", [b"", b"\n", b'{"che', b"\0" * 300])
def test_what_a_crash_leaves_of_a_new_ledger_is_a_ledger(path: Path, data: bytes) -> None:
    write(path, data)
    with Ledger(path) as ledger:
        ledger.append([answered(0)])
        assert ledger.answer(KEYS[0]) is not None


def test_a_newer_format_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.teacher.records.VERSION", 3)
    write(path, answered(0) + b"\n")
    with pytest.raises(TeacherError, match=r"newer Understudy \(format 3, this one reads 2\)"):
        Ledger(path)


def test_a_newer_run_beside_this_one_costs_this_one_no_answer(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.append([answered(0)])
    with monkeypatch.context() as newer:
        newer.setattr("understudy.teacher.records.VERSION", 3)
        line = answered(1)
    with ledger.path.open("ab") as file:
        file.write(line + b"\n")
    ledger.append([answered(2)])
    assert found(ledger) == {KEYS[0], KEYS[2]}
    with pytest.raises(TeacherError, match="newer"):
        ledger.refresh()


def test_a_folder_in_place_of_the_file_or_a_file_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "ledger.jsonl"):
        expect_unusable(path)


def test_a_ledger_that_may_not_be_written_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:  # other users may enter it, unlike pytest's own
        folder, path = Path(name), Path(name) / "ledger.jsonl"
        path.write_bytes(answered(0) + b"\n")
        path.chmod(0o444)
        folder.chmod(0o555)
        # Nothing is read-only to root: root becomes somebody else, all others stay who they are.
        script = f"os.getuid() or os.setuid({NOBODY})\nrun(lambda: Ledger(path))"
        (said,) = run_at_once(start(script, path, "a"))
        folder.chmod(0o755)
    assert said.startswith(f"error: {path}: not a usable ledger (")
    assert LEDGER_ENV in said
    assert said.count("\n") == 1


def test_the_variable_names_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEDGER_ENV, str(tmp_path / "mine.jsonl"))
    assert default_ledger() == tmp_path / "mine.jsonl"


@pytest.fixture
def dvc_repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, a DVC repository without Git and without the user's configuration."""
    monkeypatch.delenv(LEDGER_ENV, raising=False)
    for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR", "DVC_SITE_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    repo = tmp_path / "repo"
    repo.mkdir()
    monkeypatch.chdir(repo)
    from dvc.repo import Repo

    Repo.init(no_scm=True).close()
    return repo


def test_the_ledger_lies_beside_dvcs_cache(dvc_repo: Path) -> None:
    assert default_ledger() == dvc_repo / ".dvc/cache/teacher/ledger.jsonl"


def test_projects_that_share_a_cache_share_the_ledger(dvc_repo: Path) -> None:
    shared = dvc_repo.parent / "shared"
    with (dvc_repo / ".dvc/config").open("a") as config:
        config.write(f"[cache]\n    dir = {shared}\n")
    assert default_ledger() == shared / "teacher/ledger.jsonl"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[core\n", r"config file error.*`dvc status`"),
        ("", r"not a git repository; .*dvc config core\.no_scm true"),
    ],
)
def test_a_configuration_that_dvc_cannot_use_is_an_error_and_no_other_ledger(
    dvc_repo: Path, config: str, said: str
) -> None:
    (dvc_repo / ".dvc/config").write_text(config, encoding="utf-8")
    with pytest.raises(DataError, match=said) as caught:
        default_ledger()
    assert "\n" not in str(caught.value)


def test_outside_of_a_dvc_repository_the_ledger_lies_below_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(LEDGER_ENV, raising=False)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # its folder makes no DVC repository
        assert default_ledger() == Path(".dvc/cache/teacher/ledger.jsonl")
        default_ledger().parent.mkdir(parents=True, exist_ok=True)
