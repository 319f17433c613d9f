"""Examining a ledger: what each damaged record means, and what all records add up to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from understudy.contract.answers import Answer
from understudy.teacher import lines
from understudy.teacher.chunks import Chunk
from understudy.teacher.ledger import Ledger
from understudy.teacher.records import encode
from understudy.teacher.requests import content_key
from understudy.tools.audit import add_up, verify

REQUESTS = [{"endpoint": "e", "model": "m", "messages": [{"content": str(n)}]} for n in range(4)]
KEYS = [content_key(request) for request in REQUESTS]
COMPLETION = {
    "model": "m-1",
    "choices": [{"message": {"content": "text"}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 5,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 2},
    },
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.jsonl") as opened:
        yield opened


def sent(number: int, stage: str = "generate") -> bytes:
    return lines.sent(KEYS[number], REQUESTS[number], stage)


def answered(number: int, seconds: float = 1.0) -> bytes:
    return lines.answered(KEYS[number], COMPLETION, seconds, False)


def broken(line: bytes) -> bytes:
    """The record with its last text changed."""
    return line[:-3] + b"?" + line[-2:]


def examine(ledger: Ledger, *written: bytes) -> list[tuple[str | None, str | None, str]]:
    """Kind, key and effect of the damaged ones among records."""
    ledger.append(list(written))
    return [(damage.kind, damage.key, damage.effect) for damage in verify(ledger).damaged]


def test_a_whole_ledger_has_no_damage(ledger: Ledger) -> None:
    assert str(verify(ledger)) == "0 records, 0 answers, 0 damaged"
    assert examine(ledger, sent(0), answered(0)) == []
    assert str(verify(ledger)) == "2 records, 1 answers, 0 damaged"


def test_a_damaged_answer_is_lost_and_adds_nothing_until_another_supersedes_it(
    ledger: Ledger,
) -> None:
    assert examine(ledger, sent(0), broken(answered(0))) == [("answered", KEYS[0], "lost")]
    assert str(verify(ledger)) == "2 records, 0 answers, 1 damaged: 1 lost"
    record = add_up(ledger)
    assert record["records"] == {"sent": 1, "damaged": 1}
    assert record["stages"]["generate"]["answers"] == 0
    assert examine(ledger, answered(0)) == [("answered", KEYS[0], "superseded")]


def test_damage_to_what_is_no_answer_is_harmless(ledger: Ledger) -> None:
    written = (
        sent(0),
        lines.lost(KEYS[1], "timeout"),
        lines.failed(KEYS[2], "500 x"),
        lines.unbilled(KEYS[3], "429 x"),
    )
    found = examine(ledger, *map(broken, written))
    assert [effect for _, _, effect in found] == ["harmless"] * 4
    assert [kind for kind, _, _ in found] == ["sent", "lost", "failed", "unbilled"]


def test_a_damaged_step_of_a_batch_that_has_ended_is_superseded(ledger: Ledger) -> None:
    uploaded = encode("batch", KEYS[0], {"step": "uploaded", "file": "f"})
    ended = encode("batch", KEYS[0], {"step": "ended", "how": "completed"})
    assert examine(ledger, broken(uploaded)) == [("batch", KEYS[0], "lost")]
    assert examine(ledger, ended) == [("batch", KEYS[0], "superseded")]


def test_a_damaged_key_is_recognized_by_its_other_half(ledger: Ledger) -> None:
    key = KEYS[0].encode()
    damaged = answered(0).replace(key, key[:20] + b"\x80" + key[21:])
    assert examine(ledger, damaged, sent(0)) == [("answered", KEYS[0], "lost")]
    assert examine(ledger, answered(0)) == [("answered", KEYS[0], "superseded")]


def test_what_was_cut_off_before_its_key_is_lost_while_an_answer_is_missing(
    ledger: Ledger,
) -> None:
    cut_off = answered(0)[:40]
    assert examine(ledger, sent(0), cut_off) == [(None, None, "lost")]
    assert examine(ledger, answered(0)) == [(None, None, "harmless")]


def test_a_long_record_without_a_readable_key_may_have_been_an_answer(ledger: Ledger) -> None:
    zeroed = b"\0" * 200 + answered(0)[200:]
    assert examine(ledger, zeroed, answered(1)) == [(None, None, "lost")]


def test_a_request_under_another_name_is_named(ledger: Ledger) -> None:
    damage = [("sent", KEYS[1], "harmless")]
    assert examine(ledger, lines.sent(KEYS[1], REQUESTS[0], "test")) == damage
    assert f"its request is that of {KEYS[0]}" in str(verify(ledger).damaged[0])


def test_an_answer_that_cannot_be_read_is_named_and_adds_nothing(ledger: Ledger) -> None:
    unreadable = encode("answered", KEYS[0], {"batch": False})
    assert examine(ledger, unreadable) == [("answered", KEYS[0], "lost")]
    assert add_up(ledger)["teachers"] == {}


def test_damage_is_found_by_line_and_byte(ledger: Ledger) -> None:
    written = [sent(0), answered(0), sent(1), broken(answered(1)), sent(2)]
    ledger.append(written)
    (damage,) = verify(ledger).damaged
    assert damage.line == 4
    assert ledger.path.read_bytes()[damage.offset :].startswith(written[3])
    assert str(damage).startswith(f"line 4, byte {damage.offset}: answered {KEYS[1]}: its bytes ")


def test_tokens_and_seconds_add_up_by_teacher_and_stage(ledger: Ledger) -> None:
    ledger.append([sent(0), answered(0, 1.0), sent(1), answered(1, 3.0), sent(2, "zeroshot")])
    ledger.append([lines.failed(KEYS[2], "500"), sent(3, "zeroshot")])
    record = add_up(ledger)
    both = {"answers": 2, "prompt_tokens": 10, "cached_tokens": 4, "completion_tokens": 14}
    assert record["teachers"] == {"e m": {"calls": 4, **both, "mean_seconds": 2.0}}
    assert record["stages"]["generate"] == {"calls": 2, **both, "mean_seconds": 2.0}
    assert record["stages"]["zeroshot"]["calls"] == 2
    assert record["stages"]["zeroshot"]["mean_seconds"] is None
    assert (record["answered"], record["failed"], record["in_flight"]) == (2, 1, 1)
    assert record["records"] == {"sent": 4, "answered": 2, "failed": 1}


def test_answers_from_elsewhere_are_counted_apart(ledger: Ledger) -> None:
    answer = Answer(KEYS[0], "t", "stop", "", "m-2", 1, 0, 1)
    ledger.append([lines.recalled(answer, "import"), lines.recalled(answer, "import")])
    record = add_up(ledger)
    assert list(record["teachers"]) == ["(asked elsewhere) m-2"]
    assert record["teachers"]["(asked elsewhere) m-2"]["answers"] == 1


def test_batches_that_have_not_ended_are_counted(ledger: Ledger) -> None:
    done, begun = (Chunk("e m", f"file-{number}", [KEYS[number]]) for number in range(2))
    ledger.append([done.uploaded(), done.submitted(), begun.uploaded(), done.ended("completed")])
    assert add_up(ledger)["open_batches"] == 1
