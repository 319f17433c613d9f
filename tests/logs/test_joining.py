"""Lines of a batch's input and output find each other, whatever the order of the files."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.logs.shapes import (
    Call,
    ask,
    batch_input,
    batch_output,
    dump,
    openai,
    write_lines,
    write_log,
)
from understudy.logs import joining
from understudy.logs.logged import LogCounts, LoggedCall, Reject
from understudy.logs.reader import read_logs

CALLS: list[Call] = [(ask(f"Number {number}?"), f"{number}.") for number in range(20)]


def read(paths: list[Path], **options: Any) -> tuple[list[LoggedCall], list[Reject], LogCounts]:
    """The calls and the rejects of logs; their counts add up."""
    counts = LogCounts()
    found = list(read_logs(paths, counts=counts, **options))
    calls = [one for one in found if isinstance(one, LoggedCall)]
    rejects = [one for one in found if isinstance(one, Reject)]
    assert counts.read == counts.calls + counts.batch_inputs + counts.rejected
    assert (len(calls), len(rejects)) == (counts.calls, counts.rejected)
    return calls, rejects, counts


def pairs(calls: list[LoggedCall]) -> list[tuple[str, str]]:
    return sorted(
        (call.messages[-1]["content"], call.completion["choices"][0]["message"]["content"])
        for call in calls
    )


def write(folder: Path, name: str, *records: Any) -> Path:
    return write_lines(folder / name, [dump(record) for record in records])


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_input_and_output_come_in_any_order_and_compressed(
    tmp_path: Path, is_reversed: bool, suffix: str
) -> None:
    plain = write_log(tmp_path, "batch", CALLS)
    paths = [
        write_lines(tmp_path / f"{path.stem}-{suffix}.{suffix}", path.read_bytes().splitlines())
        for path in plain
    ]
    calls, _, counts = read(paths[::-1] if is_reversed else paths)
    assert pairs(calls) == sorted((asked[0]["content"], answer) for asked, answer in CALLS)
    assert (counts.read, counts.calls, counts.batch_inputs) == (40, 20, 20)
    assert {Path(call.file).name.partition("-j")[0] for call in calls} == {"batch-output"}
    assert [call.line for call in calls] == list(range(1, 21))


def test_one_file_may_have_both_kinds_of_lines_with_a_mark_and_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "both.jsonl"
    lines = [dump(batch_output("a", "Yes.")), b"", dump(batch_input("a", ask("Ça?")))]
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines))
    assert pairs(read([path])[0]) == [("Ça?", "Yes.")]


def test_lines_without_a_partner_are_rejects_where_they_stand(tmp_path: Path) -> None:
    asked = write(tmp_path, "in.jsonl", batch_input("a", ask("A")), batch_input("b", ask("B")))
    said = write(tmp_path, "out.jsonl", batch_output("c", "C"), batch_output("a", "A"))
    calls, rejects, _ = read([asked, said])
    assert pairs(calls) == [("A", "A")]
    assert {(Path(one.file).name, one.line, one.reason) for one in rejects} == {
        ("in.jsonl", 2, "no_answer"),
        ("out.jsonl", 1, "no_question"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"response": None, "error": {"code": "batch_expired", "message": "secret"}},
        {"response": {"status_code": 400, "body": {"error": {"message": "secret"}}}},
        {"response": {"status_code": 200, "body": {"error": {"message": "secret"}}}},
    ],
)
def test_a_failed_line_is_one_reject_and_its_input_none(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    asked = write(tmp_path, "in.jsonl", batch_input("a", ask("A")))
    said = write(tmp_path, "out.jsonl", {**batch_output("a", ""), **changes})
    calls, [reject], counts = read([asked, said])
    assert calls == []
    assert (reject.reason, counts.batch_inputs) == ("failed", 1)
    assert "secret" not in reject.detail


def test_an_input_that_was_sent_again_has_both_answers(tmp_path: Path) -> None:
    asked = [write(tmp_path, f"in{n}.jsonl", batch_input("a", ask("A"))) for n in (1, 2)]
    failed = {**batch_output("a", ""), "response": None, "error": {"code": "batch_expired"}}
    said = (
        write(tmp_path, "out1.jsonl", failed),
        write(tmp_path, "out2.jsonl", batch_output("a", "A")),
    )
    calls, [reject], counts = read([*asked, *said])
    assert pairs(calls) == [("A", "A")]
    assert (reject.reason, counts.batch_inputs) == ("failed", 2)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_name_with_two_different_inputs_is_never_guessed(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    files = [
        write(tmp_path, "in1.jsonl", batch_input("a", ask("A")), batch_input("b", ask("B"))),
        write(tmp_path, "out1.jsonl", batch_output("a", "A"), batch_output("b", "B")),
        write(tmp_path, "in2.jsonl", batch_input("a", ask("other"))),
        write(tmp_path, "out2.jsonl", batch_output("a", "other")),
    ]
    calls, rejects, counts = read([files[place] for place in order])
    assert pairs(calls) == [("B", "B")]
    assert [one.reason for one in rejects] == ["ambiguous"] * 4
    assert counts.batch_inputs == 1


def test_a_session_may_be_in_the_input(tmp_path: Path) -> None:
    asked = batch_input("a", ask("A"))
    asked["body"]["metadata"] = {"customer": "c1"}
    paths = [
        write(tmp_path, "in.jsonl", asked),
        write(tmp_path, "out.jsonl", batch_output("a", "A")),
    ]
    [call], _, _ = read(paths, session="body.metadata.customer")
    assert call.session == "c1"


def test_a_whole_call_with_a_custom_id_needs_no_other_line(tmp_path: Path) -> None:
    path = write(tmp_path, "log.jsonl", {"custom_id": "a", **openai(ask("A"), "A.")})
    assert pairs(read([path])[0]) == [("A", "A.")]


def test_a_batch_of_something_else_has_no_messages(tmp_path: Path) -> None:
    asked = batch_input("a", [])
    asked["body"] = {"model": "text-embedding-3-small", "input": "A"}
    _, [reject], _ = read(
        [write(tmp_path, "in.jsonl", asked), write(tmp_path, "out.jsonl", batch_output("a", "A"))]
    )
    assert reject.reason == "no_messages"


def test_lines_of_a_batch_in_an_array_are_no_calls(tmp_path: Path) -> None:
    path = tmp_path / "batch.json"
    path.write_text(json.dumps([batch_input("a", ask("A")), batch_output("a", "A")]), "utf-8")
    assert len(read([path])[1]) == 2


def test_more_files_than_may_be_open_at_once_are_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "MOST_OPEN", 2)
    names = [f"r{number}" for number in range(6)]
    asked = [write(tmp_path, f"in-{name}.jsonl", batch_input(name, ask(name))) for name in names]
    said = [write(tmp_path, f"out-{name}.jsonl", batch_output(name, name)) for name in names]
    assert pairs(read([*asked, *said])[0]) == [(name, name) for name in names]
