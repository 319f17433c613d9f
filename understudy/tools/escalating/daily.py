"""What a UTC day's calls may cost, over all workers that share a ledger, restarts and kill -9.

In:  a call's key and worst case, before it is sent; then what it came to.
Out: a claim, in an SQLite file beside the ledger, that every other worker sees.

A call counts at its worst case from its claim on, until it is settled. A worker that dies leaves
its claims as they are: nobody knows what they cost. A claim also says that its key is on its way,
so that two workers do not pay for one answer. Money is in whole picodollars: no sum is rounded.
"""

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4

from filelock import FileLock, Timeout

from understudy.teacher.errors import TeacherError

PICO = 10**12
BUSY_SECONDS = 30.0
"""How long another worker's transaction is waited for; one takes milliseconds."""
TABLES = """
CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, pico INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, key TEXT NOT NULL, pico INTEGER NOT NULL,
    owner TEXT NOT NULL
);
"""
State = Literal["held", "taken", "waits", "full"]


@dataclass(frozen=True)
class Claim:
    """What became of the wish to send a call.

    held: it may be sent. taken: its key is on its way already. waits: it does not fit beside the
    worst cases of what is on its way. full: it does not fit any more today.
    """

    state: State
    number: int = 0
    """Names it while it is held."""


class DayBudget:
    """The calls of all workers; use it from one thread."""

    def __init__(
        self,
        path: Path,
        cap_usd: float | None,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        """Opens the file, which appears with its folder.

        Args:
            path: where all workers find it.
            cap_usd: US dollars a day; None for no cap.
            today: the day by UTC.

        Raises:
            TeacherError: the file cannot be used.
        """
        self._path, self._today = path, today
        self._cap = math.inf if cap_usd is None else math.floor(cap_usd * PICO)
        self._last: tuple[date, int] = today(), 0
        self._owner = uuid4().hex
        self._alive = FileLock(self._lock_of(self._owner), thread_local=False)
        try:
            with self._readable():
                self._open()
        except TeacherError:
            self._leave()
            raise

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._alive.acquire(timeout=0)
        self._file = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")  # a claim outlives a power cut
        self._file.executescript(TABLES)
        with self._transaction():
            self._bury(self._list_owners())
            self._count(self._today())

    @property
    def spent_usd(self) -> float:
        """US dollars of today, worst cases of what is on its way included, when last looked at."""
        day, pico = self._last
        return pico / PICO if day == self._today() else 0.0

    @property
    def left_usd(self) -> float:
        """US dollars that are left of today's cap; infinite without one."""
        return max(0.0, self._cap / PICO - self.spent_usd)

    def claim(self, key: str, worst_usd: float) -> Claim:
        """Books a call at its worst case, if it fits and nobody else is asking the same.

        Raises:
            TeacherError: the file cannot be used.
        """
        # A price that nothing bounds, which no cap allows, counts when it is known.
        worst = 0 if worst_usd == math.inf else math.ceil(worst_usd * PICO)
        with self._transaction():
            day = self._today()
            asking = self._list_owners(key=key)
            if len(self._bury(asking)) < len(asking):
                return Claim("taken")
            if worst and self._count(day) + worst > self._cap:
                return Claim("waits" if self._has_open(day) else "full")
            added = self._file.execute(
                "INSERT INTO calls (day, key, pico, owner) VALUES (?, ?, ?, ?)",
                (day.isoformat(), key, worst, self._owner),
            )
            self._count(day)
            return Claim("held", added.lastrowid or 0)

    def settle(self, claim: Claim, usd: float) -> None:
        """A call has cost so much, on the day of its claim.

        Raises:
            TeacherError: the file cannot be used.
        """
        with self._transaction():
            self._fold(claim.number, pico=math.ceil(usd * PICO))
            self._count(self._today())

    def release(self, claim: Claim) -> None:
        """A call came to nothing that is billed; raises as `settle`."""
        self.settle(claim, 0.0)

    def lose(self, claim: Claim) -> None:
        """A call may have been billed, and nobody knows: its worst case stays; raises so, too."""
        with self._transaction():
            self._fold(claim.number)

    def close(self) -> None:
        """Ends the use of the file; what is not settled stays at its worst case."""
        self._file.close()
        self._leave()

    def _leave(self) -> None:
        self._alive.release()
        with suppress(OSError):
            self._lock_of(self._owner).unlink()

    def _lock_of(self, owner: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{owner}.lock")

    def _count(self, day: date) -> int:
        """Picodollars that count on a day."""
        name = day.isoformat()
        [found] = self._file.execute(
            "SELECT COALESCE((SELECT pico FROM days WHERE day = ?), 0)"
            " + COALESCE((SELECT SUM(pico) FROM calls WHERE day = ?), 0)",
            (name, name),
        ).fetchone()
        self._last = day, int(found)
        return int(found)

    def _has_open(self, day: date) -> bool:
        """Whether anything of a day is on its way that may come to less than its worst case."""
        owners = self._list_owners(day=day.isoformat())
        return len(self._bury(owners)) < len(owners)

    def _list_owners(self, key: str | None = None, day: str | None = None) -> list[str]:
        rows = self._file.execute(
            "SELECT DISTINCT owner FROM calls"
            " WHERE key = COALESCE(?, key) AND day = COALESCE(?, day)",
            (key, day),
        )
        return [owner for (owner,) in rows]

    def _bury(self, owners: list[str]) -> list[str]:
        """Of these workers those that are no more, whose calls now count at their worst case."""
        dead = [owner for owner in owners if not self._is_alive(owner)]
        for owner in dead:
            self._fold(owner=owner)
            with suppress(OSError):
                self._lock_of(owner).unlink()
        return dead

    def _is_alive(self, owner: str) -> bool:
        if owner == self._owner:
            return True
        lock = FileLock(self._lock_of(owner), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def _fold(self, number: int = 0, owner: str = "", pico: int | None = None) -> None:
        """Takes a call, or all of a worker, off the list, and adds what they cost to their days."""
        self._file.execute(
            "INSERT INTO days SELECT day, COALESCE(?, pico) FROM calls WHERE id = ? OR owner = ?"
            " ON CONFLICT (day) DO UPDATE SET pico = pico + excluded.pico",
            (pico, number, owner),
        )
        self._file.execute("DELETE FROM calls WHERE id = ? OR owner = ?", (number, owner))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._readable():
            self._file.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error, Timeout) as error:
            raise TeacherError(
                f"{self._path}: cannot book what a call may cost ({error}); no call is made; free "
                "some space, or move the file away, with which the day begins anew"
            ) from None
