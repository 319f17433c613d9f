"""Room on the disk that is given back when it is full, so that answers in flight are still kept."""

import os
from pathlib import Path

from understudy.teacher.errors import TeacherError

SIZE = 4 * 2**20
"""Bytes; more than a thousand calls in flight bring."""


class Reserve:
    """A file beside the ledger."""

    def __init__(self, ledger: Path) -> None:
        self.given_back = False
        """True once the disk was full and the room was needed."""
        self._ledger = ledger
        self._path = ledger.with_name(f"{ledger.name}.reserve")

    def hold(self) -> None:
        """Takes the room.

        Raises:
            TeacherError: the disk has none.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("wb") as file:
                file.write(os.urandom(SIZE))  # zeros may take no room
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self.release()
            raise TeacherError(
                f"{self._ledger}: no room on the disk for the answers to come ({error}); "
                "free some space and start again"
            ) from None

    def give_back(self) -> bool:
        """Frees the room on a full disk; returns whether there was any."""
        self.given_back = True
        return self.release()

    def release(self) -> bool:
        """Frees the room; returns whether there was any."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True
