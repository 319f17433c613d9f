"""The journal: lines from an event loop are durable, few writes, in order."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.virtual_time import in_loop
from understudy.teacher.errors import TeacherError
from understudy.teacher.journal import Journal
from understudy.teacher.ledger import Ledger
from understudy.teacher.lines import failed
from understudy.teacher.records import decode
from understudy.teacher.requests import content_key

KEYS = [content_key({"number": number}) for number in range(300)]


class CountedLedger(Ledger):
    """Notes what each write takes; its disk may be full."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.writes: list[list[bytes]] = []
        self.full = False

    def append(self, lines: list[bytes]) -> None:
        self.writes.append(lines)
        if self.full:
            raise TeacherError("the disk is full")
        super().append(lines)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[CountedLedger]:
    with CountedLedger(tmp_path / "ledger.jsonl") as opened:
        yield opened


@pytest.fixture
def journal(ledger: CountedLedger) -> Iterator[Journal]:
    opened = Journal(ledger)
    yield opened
    opened.close()


def line(number: int) -> bytes:
    return failed(KEYS[number], str(number))


@in_loop
async def test_a_line_is_durable_when_its_future_is_done(
    ledger: CountedLedger, journal: Journal
) -> None:
    await journal.add(line(0))
    with Ledger(ledger.path) as other:
        assert other.failure(KEYS[0]) == "0"


@in_loop
async def test_many_lines_share_few_writes(ledger: CountedLedger, journal: Journal) -> None:
    await asyncio.gather(*(journal.add(line(number)) for number in range(300)))
    assert ledger.count()["failed"] == 300
    assert len(ledger.writes) <= 2


@in_loop
async def test_lines_keep_their_order(ledger: CountedLedger, journal: Journal) -> None:
    for number in range(300):
        journal.add(line(number))
        if number % 7 == 0:
            await asyncio.sleep(0)
    await journal.flush()
    written = [decode(line).key for lines in ledger.writes for line in lines]
    assert written == KEYS


@in_loop
async def test_flush_returns_when_all_lines_are_durable(
    ledger: CountedLedger, journal: Journal
) -> None:
    for number in range(10):
        journal.add(line(number))
        await asyncio.sleep(0)
    await journal.flush()
    await journal.flush()  # returns without lines, too
    assert len(ledger.path.read_bytes().splitlines()) == 10


@in_loop
async def test_who_waits_may_be_cancelled_and_the_line_is_kept(
    ledger: CountedLedger, journal: Journal
) -> None:
    async def wait() -> None:
        await journal.add(line(0))

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await journal.flush()
    assert ledger.failure(KEYS[0]) == "0"


@in_loop
async def test_an_error_reaches_all_who_wait(ledger: CountedLedger, journal: Journal) -> None:
    ledger.full = True
    waits = (journal.add(line(number)) for number in range(5))
    errors = await asyncio.gather(*waits, return_exceptions=True)
    assert [str(error) for error in errors] == ["the disk is full"] * 5


@in_loop
async def test_an_error_reaches_flush(ledger: CountedLedger, journal: Journal) -> None:
    ledger.full = True
    for pauses in (0, 1):  # the write has not begun, and it has
        journal.add(line(0))
        for _ in range(pauses):
            await asyncio.sleep(0)
        with pytest.raises(TeacherError, match="the disk is full"):
            await journal.flush()


@in_loop
async def test_an_error_of_a_write_that_is_over_reaches_flush(
    ledger: CountedLedger, journal: Journal
) -> None:
    ledger.full = True
    lost = journal.add(line(0))
    await asyncio.wait([lost])
    ledger.full = False
    journal.add(line(1))
    with pytest.raises(TeacherError, match="the disk is full"):
        await journal.flush()


@in_loop
async def test_lines_after_an_error_are_written(ledger: CountedLedger, journal: Journal) -> None:
    ledger.full = True
    await asyncio.wait([journal.add(line(0))])
    ledger.full = False
    await journal.add(line(1))
    assert ledger.failure(KEYS[1]) == "1"
