"""understudy harvest: what becomes of served requests, each of which is counted."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.core.documents import write_document
from tests.serving.served_rows import served_row
from understudy.contract.harvested import HARVESTED, harvested_schema
from understudy.contract.kind import this_kind
from understudy.contract.pairs import GOLD, RAW, SPLITS
from understudy.contract.served import SERVED, SERVED_SCHEMA, served_path
from understudy.core.errors import DataError
from understudy.core.tables import table_writer, text_columns
from understudy.rows.harvested import HarvestedRows
from understudy.serving.keeping import Keeper
from understudy.tools import harvest, inputs

TEACHER = {"base_url": "http://127.0.0.1:9/v1", "model": "gpt-4o-mini"}
Row = dict[str, Any]
Run = Callable[..., Row]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_task()


def write_task(prompt: str = "Sum up $article", fields: Row | None = None, **sections: Any) -> None:
    """Writes params.yaml, the template, and a row a split."""
    Path("prompt.txt").write_text(prompt, encoding="utf-8")
    write_document({"zeroshot": {"prompt": "prompt.txt"}, "teacher": TEACHER, **sections})
    schema = text_columns(*this_kind().columns, *(fields or {}))
    for folder in (RAW, GOLD):
        for split in SPLITS:
            with table_writer(folder / f"{split}.parquet", schema) as table:
                table.add({"id": split, "article": f"Is in {split}.", **(fields or {})})


def write_served(*rows: Row, day: str = "2026-11-28") -> None:
    with table_writer(served_path(date.fromisoformat(day)), SERVED_SCHEMA) as table:
        for row in rows:
            table.add(row)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; what it prints accounts for all that was read."""

    def command(*arguments: str) -> Row:
        harvest.main([*arguments, "--json"])
        found: Row = json.loads(capsys.readouterr().out)
        assert found["read"] == found["harvested"] + sum(found["left_out"].values())
        return found

    return command


def harvested() -> list[Row]:
    found: list[Row] = pq.read_table(HARVESTED).to_pylist()
    return found


def articles() -> list[str]:
    return [row["article"] for row in harvested()]


def test_a_new_input_becomes_a_row(run: Run) -> None:
    write_served(
        served_row(1), served_row(2, article="article 1 IS told. "), served_row(3, article="Else.")
    )
    assert run() == {
        "read": 3, "harvested": 2, "left_out": {"repeated": 1}, "broken_lines": 0, "total": 2,
        "output": "data/harvested.parquet",
    }  # fmt: skip
    first, second = harvested()
    assert first == {
        "id": first["id"], "article": "Article 1 is told.", "first_served": served_row(1)["time"],
        "times_served": 2, "request": "request-1",
    }  # fmt: skip
    assert second["article"] == "Else."
    assert dict(zip((s := pq.read_schema(HARVESTED)).names, s.types, strict=True)) == (
        harvested_schema()
    )
    assert len(list(HarvestedRows(HARVESTED, GOLD))) == 2


def test_every_other_request_has_its_reason(run: Run) -> None:
    write_served(
        *(served_row(n, article=f"Is in {split}.") for n, split in enumerate(SPLITS)),
        served_row(3, article="a" * 2048),
        served_row(4, teacher=None),
        served_row(5, request=None),
        served_row(6, article=" "),
        served_row(7, article=None),
        served_row(8),
        served_row(8),
    )
    assert run()["left_out"] == {
        "in_test": 1,
        "in_train": 1,
        "in_validation": 1,
        "no_answer": 2,
        "no_input": 2,
        "repeated": 1,
        "too_long": 1,
    }


def test_near_copies_are_left_out_as_filter_does(run: Run) -> None:
    words = "one two three four five six seven eight nine ten eleven twelve"
    write_task(filter={"near_test": 0.5, "near_duplicates": 0.8})
    with table_writer(GOLD / "test.parquet", text_columns(*this_kind().columns)) as table:
        table.add({"id": "test", "article": words})
    other = words.replace("e", "a")
    texts = (f"{words} more.", other, f"{other} more.")
    write_served(*(served_row(n, article=text) for n, text in enumerate(texts)))
    assert run()["left_out"] == {"near_duplicate": 1, "near_test": 1}
    assert articles() == [other]


def test_the_file_only_grows_and_keeps_its_order(run: Run) -> None:
    write_served(served_row(2), served_row(3))
    run()
    before = harvested()
    served_path(date(2026, 11, 28)).unlink()
    last = datetime(2026, 11, 28, 23, 59, 59, 999000, tzinfo=UTC)
    late = served_row(4, time=last)
    write_served(served_row(1), served_row(2), late | {"teacher": None}, late, day="2026-11-27")
    found = run()
    assert (found["harvested"], found["total"]) == (2, 4)
    assert found["left_out"] == {"harvested_before": 1, "no_answer": 1}  # which hides no later one
    assert harvested()[:2] == before
    assert [row["request"] for row in harvested()[2:]] == ["request-1", "request-4"]
    assert harvested()[3]["first_served"].isoformat() == "2026-11-28T23:59:59.999000+00:00"


def test_a_harvest_of_nothing_new_leaves_the_file_as_it_is(
    run: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_served(served_row(1))
    run()
    before = HARVESTED.stat().st_ino, HARVESTED.read_bytes()
    assert run()["left_out"] == {"harvested_before": 1}
    assert (HARVESTED.stat().st_ino, HARVESTED.read_bytes()) == before
    harvest.main([])
    said = capsys.readouterr()
    assert said.out == (
        "read 1 served requests, harvested 0 inputs, harvested_before 1; "
        "data/harvested.parquet has 1 rows\n"
    )
    assert "nothing new: data/harvested.parquet stays as it is" in said.err


def test_days_and_reasons_to_ask_choose_what_counts(run: Run) -> None:
    for number in (26, 27, 28):
        rows = (
            served_row(number, article=f"Day {number}."),
            served_row(number, article=f"Shadow {number}.", why="shadow"),
        )
        write_served(*rows, day=f"2026-11-{number}")
    found = run("--since", "2026-11-27", "--until", "2026-11-27", "--why", "shadow,canary")
    assert (found["read"], found["left_out"]) == (2, {"other_why": 1})
    assert articles() == ["Shadow 27."]
    run("--since", "2026-11-28")
    assert articles() == ["Shadow 27.", "Day 28.", "Shadow 28."]
    run()
    assert len(articles()) == 6


def test_a_limit_takes_the_oldest_and_leaves_the_rest_to_the_next(run: Run) -> None:
    write_served(*map(served_row, (1, 2, 1, 3, 4)), served_row(5, article="Is in test."))
    found = run("--limit", "2")
    assert found["left_out"] == {"in_test": 1, "over_limit": 2, "repeated": 1}
    assert [row["times_served"] for row in harvested()] == [2, 1]
    run("--limit", "2")
    assert articles() == [f"Article {n} is told." for n in (1, 2, 3, 4)]


def test_rows_of_a_running_server_count(run: Run) -> None:
    keeper = Keeper(lambda *_, **__: None)
    keeper.add(served_row(1))
    (SERVED / "2026-11-28.torn.jsonl").write_bytes(b'{"ti')
    found = run()
    assert (found["harvested"], found["broken_lines"]) == (1, 1)
    keeper.add(served_row(2))
    assert run()["harvested"] == 1
    keeper.stop()
    assert run()["left_out"] == {"harvested_before": 2}


def test_columns_that_the_prompt_uses_are_columns(run: Run) -> None:
    write_task("About $title: $body", {"title": "T", "body": "B", "unused": "U"})
    good = json.dumps({"title": "New", "body": None, "more": 1})
    bad = [None, "{}", "[]", "no json", json.dumps({"title": "New", "body": 5})]
    write_served(
        served_row(0, fields=good),
        *(served_row(n, fields=text) for n, text in enumerate(bad, start=1)),
    )
    assert run()["left_out"] == {"other_columns": 5}
    assert [(row["title"], row["body"]) for row in harvested()] == [("New", "")]
    assert list(harvested()[0]) == list(harvested_schema(("title", "body")))
    assert len(list(HarvestedRows(HARVESTED, GOLD, ("title", "body")))) == 1


def test_the_one_column_of_an_input_may_come_as_the_article(run: Run) -> None:
    write_task("About $text", {"text": "T"})
    write_served(served_row(1), served_row(2, fields=json.dumps({"text": "Own."})))
    assert run()["harvested"] == 2
    assert [row["text"] for row in harvested()] == ["Article 1 is told.", "Own."]
    write_task("$title of $article", {"title": "T"})
    write_served(served_row(3))
    assert run()["left_out"] == {"other_columns": 1}


def test_a_prompt_with_other_columns_keeps_the_rows_that_are_there(run: Run) -> None:
    write_task("About $title", {"title": "T"})
    write_served(served_row(1, fields=json.dumps({"title": "Old"})))
    run()
    write_task("Sum up $article", {"title": "T"})
    write_served(served_row(1), served_row(2))
    assert run()["harvested"] == 1
    assert [(row["article"], row["title"]) for row in harvested()] == [
        ("Article 1 is told.", "Old"),
        ("Article 2 is told.", None),
    ]
    assert len(list(HarvestedRows(HARVESTED, GOLD, ("title",)))) == 1


def test_an_id_is_that_of_understudy_inputs(run: Run) -> None:
    write_served(served_row(1))
    run()
    call = {
        "messages": [{"role": "user", "content": f"Sum up {served_row(1)['article']}"}],
        "response": {
            "object": "chat.completion",
            "model": "gpt-4o-mini",
            "choices": [
                {"message": {"role": "assistant", "content": "One."}, "finish_reason": "stop"}
            ],
        },
    }
    Path("log.jsonl").write_text(json.dumps(call) + "\n")
    inputs.main(["log.jsonl", "--output", "inputs.jsonl"])
    assert json.loads(Path("inputs.jsonl").read_text())["id"] == harvested()[0]["id"]


def test_personal_data_that_a_server_did_not_replace_is_replaced(run: Run) -> None:
    write_task("$title: $body", {"title": "T", "body": "B"}, fetch={"redact": {"emails": True}})
    fields = {"title": "To a@b.example", "body": "From c@d.example"}
    write_served(served_row(1, article="To a@b.example", fields=json.dumps(fields)))
    run()
    assert "@" not in str(harvested())
    assert harvested()[0]["title"] == "To [EMAIL]"


def test_what_follows_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    write_served(served_row(1))
    harvest.main([])
    told = capsys.readouterr().err.splitlines()
    assert told[0] == (
        "note: filter.near_test is off: near copies of test inputs are not looked for"
    )
    assert told[1].startswith("note: DVC does not track it yet: ")
    assert told[2:] == [
        "next: dvc add data/harvested.parquet",
        "next: set label.harvested: data/harvested.parquet in params.yaml",
        "next: understudy plan, which says what label would pay; then dvc repro",
    ]
    write_task(label={"harvested": str(HARVESTED)}, filter={"near_test": 0.5})
    write_served(served_row(2))
    harvest.main([])
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if "near_test" in line or "set label" in line] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--why", "unsur"], "--why: unsur: no such reason; did you mean 'unsure'?"),
        (["--since", "yesterday"], "--since: yesterday: expected a day such as 2026-11-28"),
        (["--until", "2026-13-01"], "--until: 2026-13-01: expected a day"),
        (["--limit", "0"], "--limit: 0: expected a whole number from 1"),
    ],
)
def test_arguments_that_cannot_be_read_are_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    write_served(served_row(1))
    with pytest.raises(SystemExit) as caught:
        harvest.main(arguments)
    assert caught.value.code == 2
    assert f"argument {said}" in capsys.readouterr().err
    assert not HARVESTED.exists()


def test_without_requests_or_the_file_of_before_it_says_what_to_do() -> None:
    with pytest.raises(DataError, match="no request at all; `understudy serve --mode shadow`"):
        harvest.main([])
    write_served(served_row(1))
    with pytest.raises(DataError, match="data/served: no request among the days asked for"):
        harvest.main(["--since", "2027-01-01"])
    Path(f"{HARVESTED}.dvc").write_text("outs: []\n")
    with pytest.raises(DataError, match=r"`dvc pull data/harvested\.parquet` gets it"):
        harvest.main([])
    assert not HARVESTED.exists()


def test_files_that_cannot_be_read_are_told_and_nothing_is_written() -> None:
    write_served(served_row(1))
    HARVESTED.write_text("no table")
    with pytest.raises(DataError, match=r"harvested\.parquet: not a readable Parquet file"):
        harvest.main([])
    assert HARVESTED.read_text() == "no table"
    HARVESTED.unlink()
    (SERVED / "2026-11-29.parquet").write_text("no table")
    with pytest.raises(DataError, match=r"2026-11-29\.parquet: not a readable Parquet file"):
        harvest.main([])
    (SERVED / "2026-11-29.parquet").rename(SERVED / "copy.parquet")
    with pytest.raises(DataError, match=r"copy\.parquet: expected a day such as"):
        harvest.main([])
    assert not HARVESTED.exists()
