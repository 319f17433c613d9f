"""understudy inputs: the file of inputs for fetch, out of logs."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.logs.shapes import SHAPES, ask, litellm, openai, write_log
from tests.logs.shapes import dump as to_line
from tests.logs.shapes import write_lines as write
from tests.tools.importing.task import calls_of, prompt_of, read_answers, write_task
from understudy.contract.params.fetch import FilesParams
from understudy.core.errors import DataError
from understudy.rows.reader import read_file
from understudy.tools import inputs, ledger


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_task()


def make(*arguments: object) -> list[dict[str, Any]]:
    """The inputs in the file that the command writes."""
    inputs.main([*map(str, arguments), "--output", "inputs.jsonl"])
    lines = Path("inputs.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_inputs_that_its_answers_are_for(tmp_path: Path, shape: str) -> None:
    paths = write_log(tmp_path, shape, [*calls_of(20), *calls_of(5)])
    found = make(*paths, "--any-model")
    assert [one["article"] for one in found] == [f"Article {n}: “ü” $5." for n in range(20)] or (
        shape == "batch"
    )
    assert len(found) == len({one["id"] for one in found}) == 20
    ledger.main(["import", *map(str, paths), "--any-model", "--ledger", "ledger.jsonl"])
    assert all(read_answers(Path("ledger.jsonl"), found))


def test_fetch_reads_what_it_writes() -> None:
    calls = [(ask(prompt_of("A \ud83d")), "Sum."), *calls_of(2)]
    write(Path("log.jsonl"), [json.dumps(litellm(*call)).encode() for call in calls])
    assert make("log.jsonl")[0]["article"] == "A ?"
    columns = {"id": "id", "article": FilesParams().columns.article, "by": "session"}
    rows = list(read_file(Path("inputs.jsonl"), {key: str(name) for key, name in columns.items()}))
    assert [row.problem for row in rows] == [None] * 3
    assert [row.values["by"] for row in rows] == ["customer-7"] * 3


def test_a_session_comes_from_the_path_that_one_names() -> None:
    records = [openai(*call) for call in calls_of(2)]
    records[0]["request"]["user"] = "u7"
    write(Path("log.jsonl"), [to_line(record) for record in records])
    first, second = make("log.jsonl", "--session", "request.user")
    assert first["session"] == "u7"
    assert "session" not in second


def test_inputs_of_several_variables_have_a_column_each(capsys: pytest.CaptureFixture[str]) -> None:
    write_task("$title\n---\n$session")
    write(Path("log.jsonl"), [to_line(litellm(ask("A\n---\nB"), "Sum."))])
    [found] = make("log.jsonl")
    assert (found["title"], found["session"]) == ("A", "B")  # the template's own


def test_what_has_no_usable_answer_is_no_input(capsys: pytest.CaptureFixture[str]) -> None:
    sorry = openai(ask(prompt_of("A")), "I'm sorry, I can't help with that.")
    records = [sorry, openai(ask("Other"), "x"), openai(*calls_of(1)[0])]
    write(Path("log.jsonl"), [to_line(record) for record in [*records, records[-1]]])
    assert len(make("log.jsonl")) == 1
    assert capsys.readouterr().out == (
        "read 4, wrote 1, repeated 1, rejected 2 (refused 1, other_prompt 1); "
        "inputs.jsonl has id, article, session\n"
    )


def test_counts_add_up_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    make(*write_log(tmp_path, "batch", [*calls_of(3), *calls_of(1)]), "--json")
    assert json.loads(capsys.readouterr().out) == {
        "written": 3,
        "repeated": 1,
        "read": 8,
        "batch_inputs": 4,
        "rejected": {},
        "output": "inputs.jsonl",
    }


def test_a_failure_leaves_the_earlier_file(tmp_path: Path) -> None:
    other = make(*write_log(tmp_path, "litellm", calls_of(2)))
    [one] = make(*write_log(tmp_path, "openai", calls_of(1)))
    assert one["id"] == other[0]["id"] != other[1]["id"]  # in any log
    before = Path("inputs.jsonl").read_bytes()
    with pytest.raises(DataError, match=r"none.jsonl: no such file"):
        make("none.jsonl")
    assert Path("inputs.jsonl").read_bytes() == before
