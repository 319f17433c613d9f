"""understudy ledger: what it prints, how it exits, what it takes and what it refuses."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.imports import run_python
from understudy.contract.answers import COLUMNS, LATER, Answer
from understudy.core.errors import UnderstudyError
from understudy.core.tables import table_writer
from understudy.teacher import lines
from understudy.teacher.chunks import Chunk
from understudy.teacher.ledger import LEDGER_ENV, Ledger
from understudy.teacher.requests import content_key
from understudy.tools.ledger import main

REQUESTS = [{"endpoint": "e", "model": "m", "messages": [{"content": f"ü{n}"}]} for n in range(5)]
KEYS = [content_key(request) for request in REQUESTS]
COMPLETION = {"model": "m-1", "choices": [{"message": {"content": "text"}}]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with a request of every state."""
    path = tmp_path / "ledger.jsonl"
    with Ledger(path) as ledger:
        ledger.append([lines.sent(KEYS[n], REQUESTS[n], "generate") for n in range(4)])
        ledger.append([lines.answered(KEYS[n], COMPLETION, 1.5, False) for n in (0, 1)])
        ledger.append([lines.failed(KEYS[2], "500")])
        elsewhere = Answer(KEYS[4], "t", "stop", "", "m", 1, 0, 1, batch=True)
        ledger.append([lines.recalled(elsewhere, "test")])
    return path


@pytest.fixture
def run(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> "Command":
    return Command(path, monkeypatch, capsys)


class Command:
    """Runs the command in this process."""

    def __init__(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.path, self._monkeypatch, self._capsys = path, monkeypatch, capsys

    def __call__(self, *arguments: object, ledger: Path | None = None) -> list[str]:
        """The lines that it prints."""
        argv = ["ledger", *map(str, arguments), "--ledger", str(ledger or self.path)]
        self._monkeypatch.setattr(sys, "argv", argv)
        main()
        return self._capsys.readouterr().out.splitlines()

    def fail(self, *arguments: object) -> list[str]:
        """The lines that it prints before it exits with status 1."""
        with pytest.raises(SystemExit) as caught:
            self(*arguments)
        assert caught.value.code == 1
        return self._capsys.readouterr().out.splitlines()


def answers(path: Path) -> list[Answer | None]:
    with Ledger(path) as ledger:
        return [ledger.answer(key) for key in KEYS]


def damage(path: Path, old: bytes, new: bytes, count: int = 1) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, count))


def write(path: Path, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> Path:
    with table_writer(path, columns) as writer:
        for row in rows:
            writer.add(row)
    return path


# verify


def test_verify_of_a_whole_ledger_exits_with_zero(run: Command) -> None:
    assert run("verify") == ["8 records, 3 answers, 0 damaged"]


def test_verify_names_a_lost_answer_and_exits_with_one(run: Command) -> None:
    damage(run.path, b'"content":"text"', b'"content":"tex!"')
    named, summary = run.fail("verify")
    assert named.startswith("line 5, byte ")
    assert f"answered {KEYS[0]}: its bytes have changed since they were written; what" in named
    assert summary == "8 records, 2 answers, 1 damaged: 1 lost"
    (text,) = run.fail("verify", "--json")
    record = json.loads(text)
    assert (record["records"], record["answers"], record["lost"]) == (8, 2, 1)
    assert record["damaged"][0]["key"] == KEYS[0]


def test_verify_of_harmless_damage_says_so_and_exits_with_zero(run: Command) -> None:
    damage(run.path, b'"stage":"generate"', b'"stage":"gener!te"')
    named, summary = run("verify")
    assert named.endswith("harmless: no answer was in it")
    assert summary == "8 records, 3 answers, 1 damaged: 1 harmless"


def test_a_ledger_that_is_not_there_is_named(run: Command, tmp_path: Path) -> None:
    with pytest.raises(UnderstudyError, match="no such ledger"):
        run("verify", ledger=tmp_path / "other.jsonl")


def test_a_known_failure_is_one_line_on_stderr(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("some notes\n")
    done = run_python("-m", "understudy.tools", "ledger", "verify", "--ledger", notes)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {notes}: not a ledger")
    assert done.stderr.count("\n") == 1


def test_the_default_is_the_ledger_of_the_stages(
    run: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(LEDGER_ENV, str(run.path))
    monkeypatch.setattr(sys, "argv", ["ledger", "verify"])
    main()
    assert capsys.readouterr().out == "8 records, 3 answers, 0 damaged\n"


# stats


def test_stats_count_requests_calls_and_tokens(run: Command) -> None:
    assert run("stats") == [
        "3 answered, 1 failed, 1 sent without an answer (0 lost, 1 in flight)",
        "records: 4 sent, 3 answered, 1 failed; open batches: 0",
        "teacher e m: 4 calls, 2 answers, tokens 0 in, 0 of them cached, 0 out, "
        "1.5 seconds on average",
        "teacher (asked elsewhere) m: 0 calls, 1 answers, tokens 1 in, 0 of them cached, 1 out, "
        "- seconds on average",
        "stage generate: 4 calls, 2 answers, tokens 0 in, 0 of them cached, 0 out, "
        "1.5 seconds on average",
        "stage (asked elsewhere): 0 calls, 1 answers, tokens 1 in, 0 of them cached, 1 out, "
        "- seconds on average",
    ]


# export


def test_an_export_has_one_row_a_request(run: Command, tmp_path: Path) -> None:
    assert run("export", tmp_path / "all.parquet") == [
        f"wrote 5 requests to {tmp_path}/all.parquet"
    ]
    rows = {row["key"]: row for row in pq.read_table(tmp_path / "all.parquet").to_pylist()}
    assert [rows[key]["state"] for key in KEYS] == [
        "answered", "answered", "failed", "unanswered", "answered",
    ]  # fmt: skip
    assert json.loads(rows[KEYS[3]]["request"]) == REQUESTS[3]
    assert rows[KEYS[2]]["error"] == "500"
    assert rows[KEYS[4]]["request"] is None
    assert [rows[key]["source"] for key in (KEYS[0], KEYS[4])] == ["endpoint", "test"]
    assert (rows[KEYS[0]]["text"], rows[KEYS[0]]["seconds"]) == ("text", 1.5)


# import


def test_an_export_fills_a_fresh_ledger_with_equal_answers_once(
    run: Command, tmp_path: Path
) -> None:
    file, fresh = tmp_path / "all.parquet", tmp_path / "fresh.jsonl"
    run("export", file)
    assert run("import", file, ledger=fresh) == ["took 3, had 0, refused 0"]
    assert answers(fresh) == answers(run.path)
    before = fresh.read_bytes()
    assert run("import", file, ledger=fresh) == ["took 0, had 3, refused 0"]
    assert run("import", file, "--json") == ['{"took": 0, "had": 3, "refused": 0}']
    assert fresh.read_bytes() == before


def test_an_answer_to_another_request_is_refused(run: Command, tmp_path: Path) -> None:
    run("export", tmp_path / "all.parquet")
    table = pq.read_table(tmp_path / "all.parquet")
    rows = table.to_pylist()
    (row,) = (row for row in rows if row["key"] == KEYS[0])
    row["request"] = row["request"].replace("ü0", "ü9")
    pq.write_table(pa.Table.from_pylist(rows, table.schema), tmp_path / "tampered.parquet")
    fresh = tmp_path / "fresh.jsonl"
    assert run("import", tmp_path / "tampered.parquet", ledger=fresh) == [
        "took 2, had 0, refused 1"
    ]
    assert answers(fresh)[0] is None


@pytest.mark.parametrize("text", ["text", "prediction"])
def test_a_stage_output_can_be_imported(run: Command, tmp_path: Path, text: str) -> None:
    columns = {"id": pa.string(), **{text if n == "text" else n: k for n, k in COLUMNS.items()}}
    known = [answer for answer in answers(run.path) if answer]
    rows = [{"id": "1", **answer.to_record(), text: answer.text} for answer in known]
    rows[1]["error"] = "500"
    rows.append({**rows[0], "id": "2"})
    file = write(tmp_path / "answers.parquet", rows, columns)
    fresh = tmp_path / "fresh.jsonl"
    assert run("import", file, ledger=fresh) == ["took 2, had 1, refused 0"]
    assert answers(fresh) == [known[0], None, None, None, known[2]]


def test_an_output_of_an_earlier_version_can_be_imported(run: Command, tmp_path: Path) -> None:
    columns = {name: kind for name, kind in COLUMNS.items() if name not in LATER}
    row = Answer(KEYS[3], "t", "stop", "", "m", 1, 0, 1).to_record()
    file = write(tmp_path / "f.parquet", [row], columns)
    assert run("import", file) == ["took 1, had 0, refused 0"]


def test_a_time_is_exported_for_live_calls_and_lives_through_an_import(
    run: Command, tmp_path: Path
) -> None:
    file, fresh = tmp_path / "all.parquet", tmp_path / "fresh.jsonl"
    run("export", file)
    table = pq.read_table(file)
    rows = [{**row, "seconds": row["seconds"] or 0.0} for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), file)  # as for batches until now
    run("import", file, ledger=fresh)
    found = [answer and answer.seconds for answer in answers(fresh)]
    assert found == [1.5, 1.5, None, None, None]
    stats = json.loads(run("stats", "--json", ledger=fresh)[0])
    assert [tally["mean_seconds"] for tally in stats["teachers"].values()] == [1.5, None]


def test_a_row_without_a_key_or_a_text_is_refused(run: Command, tmp_path: Path) -> None:
    row = Answer(KEYS[3], "t", "stop", "", "m", 1, 0, 1).to_record()
    file = write(tmp_path / "f.parquet", [{**row, "text": None}, {**row, "request": "x"}], COLUMNS)
    assert run("import", file) == ["took 0, had 0, refused 2"]


def test_a_file_of_something_else_is_named(run: Command, tmp_path: Path) -> None:
    file = write(tmp_path / "pairs.parquet", [{"id": "1"}], {"id": pa.string()})
    with pytest.raises(UnderstudyError, match=r"pairs.parquet: no column 'request'.* give a file"):
        run("import", file)
    with pytest.raises(UnderstudyError, match=r"none.parquet: no such file; give a file of `under"):
        run("import", tmp_path / "none.parquet")


# forget


def test_a_forgotten_batch_is_open_no_more(run: Command) -> None:
    chunk = Chunk("e m", "file-1", KEYS[:1], batch="batch-1")
    with Ledger(run.path) as ledger:
        ledger.append([chunk.uploaded(), chunk.submitted()])
    assert json.loads(run("stats", "--json")[0])["open_batches"] == 1
    assert run("forget", "batch-1") == ["batch-1 is given up"]
    assert json.loads(run("stats", "--json")[0])["open_batches"] == 0
    with pytest.raises(UnderstudyError, match="knows no open batch of this name"):
        run("forget", "batch-1")
