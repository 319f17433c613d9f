"""A file of records that several processes append to, and that survives what happens to files."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from understudy.teacher.index import Span
from understudy.teacher.records import read_head, split
from understudy.teacher.reserve import Reserve

POLL_SECONDS = 0.005
"""Seconds between two attempts to take the lock for appending."""


class Log:
    """Reads what any process has written since the last time, and appends under a lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reserve = Reserve(path)
        self._file: int | None = None
        self._lock = FileLock(path.with_name(f"{path.name}.lock"))
        self._end = 0

    def close(self) -> None:
        """Ends the use of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def is_open(self) -> bool:
        """Whether the file exists and is open."""
        return self._file is not None

    def read(self, span: Span) -> bytes:
        """The bytes of a span."""
        return os.pread(self._open(), span[1], span[0])

    def follow(self) -> bool:
        """Begins anew if the file was removed, replaced or cut off, and says whether it was."""
        if self._file is None:
            return False
        held, there = os.fstat(self._file), None
        with suppress(FileNotFoundError):
            there = self.path.stat()
        if there and os.path.samestat(held, there) and held.st_size >= self._end:
            return False
        self.close()
        self._end = 0
        return True

    def read_on(self) -> Iterator[tuple[Span, bytes]]:
        """Yields the records that were not read yet, damaged ones too."""
        try:
            descriptor = self._open()
        except FileNotFoundError:
            return
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(self._end)
            for line in file:
                start, whole = self._end, line.endswith(b"\n")
                pieces = list(split(line[:-1] if whole else line))
                if not whole:  # cut off, or someone writes it now
                    while pieces and read_head(pieces[-1][1]) is None:
                        pieces.pop()
                yield from (((start + at, len(data)), data) for at, data in pieces)
                if whole:
                    self._end = start + len(line)
                elif pieces:
                    self._end = start + pieces[-1][0] + len(pieces[-1][1])

    def read_all(self) -> Iterator[tuple[Span, bytes]]:
        """Yields every record from the start to the present end."""
        if self._file is None:
            return
        offset, size = 0, self._size()
        with self.path.open("rb") as file:
            while offset < size and (line := file.readline(size - offset)):
                for start, data in split(line.rstrip(b"\n")):
                    yield (offset + start, len(data)), data
                offset += len(line)

    def append(self, lines: list[bytes]) -> None:
        """Stores lines durably before it returns.

        Raises:
            OSError: the disk does not take them.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.acquire(poll_interval=POLL_SECONDS):
            if self._file is None:
                self._open(os.O_CREAT)
                folder = os.open(self.path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)  # the name of the new file must be as durable as its content
                finally:
                    os.close(folder)
            self._write(self._open(), lines)

    def _write(self, file: int, lines: list[bytes]) -> None:
        size = os.fstat(file).st_size
        # What a dying process left without its end must not swallow the next record.
        cut_off = size and os.pread(file, 1, size - 1) != b"\n"
        data = b"\n" * bool(cut_off) + b"".join(line + b"\n" for line in lines)
        while data:
            try:
                data = data[os.write(file, data) :]
                if not data:
                    os.fsync(file)
            except OSError:
                if not self.reserve.give_back():
                    raise

    def _open(self, flags: int = 0) -> int:
        if self._file is None:
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | flags, 0o666)
        return self._file

    def _size(self) -> int:
        """Size of the file in bytes, taken under the lock where the lock can be had."""
        with suppress(OSError), self._lock.acquire(poll_interval=POLL_SECONDS):
            return os.fstat(self._open()).st_size
        return os.fstat(self._open()).st_size
