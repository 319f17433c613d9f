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


CUT_OFF, KEY = answered(0)[:40], KEYS[0].encode()
UNREADABLE = encode("answered", KEYS[0], {"batch": False})
STEP = encode("batch", KEYS[0], {"step": "uploaded", "file": "f"})
ENDED = encode("batch", KEYS[0], {"step": "ended", "how": "completed"})
OTHER_HALF = answered(0).replace(KEY, KEY[:20] + b"\x80" + KEY[21:])
LOST, SUPERSEDED = ("answered", KEYS[0], "lost"), ("answered", KEYS[0], "superseded")
OTHERS = (
    sent(0),
    lines.lost(KEYS[1], "timeout"),
    lines.failed(KEYS[2], "500 x"),
    lines.unbilled(KEYS[3], "429 x"),
)
"""Records that are no answers."""
DAMAGES: dict[str, tuple[list[bytes], list[tuple[str | None, str | None, str]]]] = {
    "none": ([sent(0), answered(0)], []),
    "the only answer": ([sent(0), broken(answered(0))], [LOST]),
    "an answer beside a valid one": ([broken(answered(0)), answered(0)], [SUPERSEDED]),
    "what is no answer": (
        list(map(broken, OTHERS)),
        [
            (kind, key, "harmless")
            for kind, key in zip(("sent", "lost", "failed", "unbilled"), KEYS, strict=True)
        ],
    ),
    "a step of a batch": ([broken(STEP)], [("batch", KEYS[0], "lost")]),
    "one of a batch that ended": ([broken(STEP), ENDED], [("batch", KEYS[0], "superseded")]),
    "half a key": ([OTHER_HALF, sent(0)], [LOST]),
    "half a key beside an answer": ([OTHER_HALF, sent(0), answered(0)], [SUPERSEDED]),
    "cut off before its key": ([sent(0), CUT_OFF], [(None, None, "lost")]),
    "cut off, and none is missing": ([sent(0), CUT_OFF, answered(0)], [(None, None, "harmless")]),
    "long, without a key": ([b"\0" * 200 + answered(0)[200:], answered(1)], [(None, None, "lost")]),
    "an answer that cannot be read": ([UNREADABLE], [LOST]),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_damage_is_lost_superseded_or_harmless(what: str, ledger: Ledger) -> None:
    written, damaged = DAMAGES[what]
    assert examine(ledger, *written) == damaged


def test_records_answers_and_damage_are_counted(ledger: Ledger) -> None:
    assert str(verify(ledger)) == "0 records, 0 answers, 0 damaged"
    examine(ledger, sent(0), broken(answered(0)))
    assert str(verify(ledger)) == "2 records, 0 answers, 1 damaged: 1 lost"


def test_a_request_under_another_name_is_named(ledger: Ledger) -> None:
    damage = [("sent", KEYS[1], "harmless")]
    assert examine(ledger, lines.sent(KEYS[1], REQUESTS[0], "test")) == damage
    assert f"its request is that of {KEYS[0]}" in str(verify(ledger).damaged[0])


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


def test_damaged_records_are_counted_and_add_nothing(ledger: Ledger) -> None:
    ledger.append([sent(0), broken(answered(0))])
    record = add_up(ledger)
    assert record["records"] == {"sent": 1, "damaged": 1}
    assert record["stages"]["generate"]["answers"] == 0


def test_an_unreadable_answer_adds_nothing(ledger: Ledger) -> None:
    ledger.append([encode("answered", KEYS[0], {"batch": False})])
    assert add_up(ledger)["teachers"] == {}
