"""The ledger when its lines or its disk are damaged."""

import errno
import os
import re
import signal
from pathlib import Path

import pytest

from tests.teacher.test_ledger import (
    APPEND_500,
    DIE_WITHIN_A_WRITE,
    FILL,
    HELD,
    KEYS,
    NAMES,
    answered,
    found,
    name_of,
    run_at_once,
    sent,
    small,
    start,
    write,
)
from understudy.teacher import reserve as reserve_module
from understudy.teacher.ledger import Ledger
from understudy.tools.audit import Verdict, verify

# Damage


def whole_lines(path: Path, written: list[bytes]) -> set[bytes]:
    """Which of the lines written are still there, byte by byte."""
    data = path.read_bytes()
    return {line for line in written if line in data}


def expect_whole(path: Path, written: list[bytes], append: bool) -> Verdict:
    """All that is still there is read, and appending goes on."""
    there = whole_lines(path, written)
    answers = {key for number, key in HELD.items() if written[number] in there}
    with Ledger(path) as ledger:
        assert found(ledger) == answers
        assert (ledger.failure(KEYS[1]) == "500") == (written[3] in there)
        assert ledger.unanswered(KEYS[3]) == 0
        verdict = verify(ledger)
        assert verdict.records - len(verdict.damaged) == len(there)
        if append:
            ledger.append([answered(0, 2.0)])
            assert found(ledger) == answers | {KEYS[0]}
    if append:
        with Ledger(path) as again:
            assert found(again) == answers | {KEYS[0]}
    return verdict


def expect_named(path: Path, written: list[bytes], verdict: Verdict) -> None:
    """The one record that is not as it was is named, with its line and what it means."""
    there = whole_lines(path, written)
    for number, line in enumerate(written):
        if line not in there:
            (damage,) = verdict.damaged
            assert damage.line - number in (1, 2)  # a line break may be its first byte
            if NAMES[number] in path.read_text(errors="replace"):
                assert damage.key == NAMES[number]
            if number in HELD:
                assert damage.effect == "lost"


@pytest.mark.parametrize(
    ("change", "step"), [(0x01, 1), (0xFF, 3), (0x20, 5), (0x80, 7), (ord("\n") ^ ord("}"), 11)]
)
def test_a_byte_changed_anywhere_costs_its_own_record_at_most(
    path: Path, change: int, step: int
) -> None:
    written = small()
    data = b"".join(line + b"\n" for line in written)
    breaks = [match.start() for match in re.finditer(b"\n", data)]
    for position in sorted({*range(0, len(data), step), *breaks}):
        damaged = bytearray(data)
        damaged[position] ^= change
        write(path, bytes(damaged))
        verdict = expect_whole(path, written, append=position % 32 == 0 or position in breaks)
        expect_named(path, written, verdict)


def test_a_byte_that_becomes_a_line_break_costs_its_own_record_at_most(path: Path) -> None:
    written = small()
    data = b"".join(line + b"\n" for line in written)
    for position in range(0, len(data), 3):
        write(path, data[:position] + b"\n" + data[position + 1 :])
        verdict = expect_whole(path, written, append=position % 16 == 0)
        expect_named(path, written, verdict)


def test_a_ledger_cut_off_anywhere_keeps_what_is_whole(path: Path) -> None:
    written = small()
    data = b"".join(line + b"\n" for line in written)
    for size in range(len(data)):
        write(path, data[:size])
        expect_whole(path, written, append=size % 32 == 0 or data[size : size + 1] == b"\n")


def test_zeroed_sectors_cost_no_record_but_their_own(path: Path) -> None:
    written = small()
    data = b"".join(line + b"\n" for line in written)
    for position in range(0, len(data), 64):
        write(path, (data[:position] + b"\0" * 512 + data[position + 512 :])[: len(data)])
        expect_whole(path, written, append=True)


def test_an_answer_damaged_while_the_ledger_is_open_is_none_and_named(ledger: Ledger) -> None:
    ledger.append([answered(0), answered(1)])
    data = ledger.path.read_bytes()
    ledger.path.write_bytes(data.replace(b'"content":"a"', b'"content":"b"', 1))
    assert ledger.answer(KEYS[0]) is None
    assert ledger.answer(KEYS[1]) is not None
    assert ledger.damaged == [(0, data.index(b"\n"))]


def test_a_changed_version_of_one_record_is_damage_and_no_newer_format(ledger: Ledger) -> None:
    ledger.append(small())
    data = ledger.path.read_bytes()
    ledger.path.write_bytes(data.replace(b'"v":2', b'"v":3', 1))
    with Ledger(ledger.path) as again:
        assert len(again.damaged) == 1


def test_an_answer_damaged_into_another_key_answers_neither(ledger: Ledger) -> None:
    ledger.append([answered(0)])
    data = ledger.path.read_bytes()
    ledger.path.write_bytes(data.replace(KEYS[0].encode(), KEYS[1].encode()))
    with Ledger(ledger.path) as again:
        assert not found(again)


def test_a_damaged_answer_hides_no_valid_one(path: Path) -> None:
    damaged = answered(0).replace(b'"content":"a"', b'"content":"z"')
    for order in ([damaged, answered(0)], [answered(0), damaged]):
        write(path, b"".join(line + b"\n" for line in order))
        with Ledger(path) as ledger:
            assert ledger.answer(KEYS[0]) is not None


def test_a_ledger_that_is_replaced_while_open_loses_no_new_answer(ledger: Ledger) -> None:
    ledger.append([answered(0)])
    ledger.path.unlink()
    ledger.append([answered(1)])
    with Ledger(ledger.path) as again:
        assert found(again) == {KEYS[1]} == found(ledger)


def test_a_process_killed_within_a_write_costs_what_was_not_written(path: Path) -> None:
    process = start(DIE_WITHIN_A_WRITE, path, "a")
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == -signal.SIGKILL
    assert not path.read_bytes().endswith(b"\n")
    with Ledger(path) as ledger:
        ledger.append([answered(0)])
        there = [ledger.answer(name_of("a", n)) is not None for n in range(4)]
        assert there == [True, True, True, False]
        assert ledger.answer(KEYS[0]) is not None
        assert "1 damaged" in str(verify(ledger))


def test_two_processes_that_append_at_once_lose_nothing(path: Path) -> None:
    assert run_at_once(*(start(APPEND_500, path, name) for name in "ab")) == ["", ""]
    assert len(path.read_bytes().splitlines()) == 1000
    with Ledger(path) as ledger:
        assert str(verify(ledger)) == "1000 records, 1000 answers, 0 damaged"
        assert all(ledger.answer(name_of(name, n)) for name in "ab" for n in range(500))


# The disk


def test_a_disk_that_takes_no_more_ends_the_run_and_keeps_all_before(path: Path) -> None:
    (said,) = run_at_once(start(FILL, path, "a"))
    assert said.startswith(f"error: {path}: the ledger takes no more records (")
    assert said.count("\n") == 1
    assert [file.name for file in path.parent.iterdir() if "reserve" in file.name] == []
    with Ledger(path) as ledger:
        kept = ledger.count()["answered"]
        assert kept > 10
        assert all(ledger.answer(name_of("a", number)) for number in range(kept))


def test_a_full_disk_takes_the_answers_in_flight_from_the_reserve(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = ledger.path.with_name("ledger.jsonl.reserve")
    ledger.reserve.hold()
    assert reserve.stat().st_size >= reserve_module.SIZE
    whole = os.write
    room = [len(sent(0)) + 20]  # the disk fills up within the second line

    def write_some(file: int, data: bytes) -> int:
        if not room[0] and reserve.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        size = len(data) if not reserve.exists() else min(room[0], len(data))
        room[0] -= min(size, room[0])
        return whole(file, data[:size])

    monkeypatch.setattr(os, "write", write_some)
    ledger.append([sent(0), answered(1), answered(2)])
    assert not reserve.exists()
    assert ledger.unanswered(KEYS[0]) == 1  # nothing was written twice
    assert str(verify(ledger)) == "3 records, 2 answers, 0 damaged"


def test_a_disk_without_room_for_the_reserve_is_named(path: Path) -> None:
    script = (
        "path.parent.mkdir(parents=True, exist_ok=True)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "run(lambda: Ledger(path).reserve.hold())"
    )
    (said,) = run_at_once(start(script, path, "a"))
    assert said.startswith(f"error: {path}: no room on the disk for the answers to come (")
    assert list(path.parent.iterdir()) == []


def test_a_reserve_is_given_back_once(ledger: Ledger) -> None:
    ledger.reserve.hold()
    assert ledger.reserve.release()
    assert not ledger.reserve.release()
