"""The list of records of logs that are of no use: where each is and why, never its text."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from understudy.core.files import replacing
from understudy.logs.logged import Reject


class RejectsFile:
    """Writes rejects as lines of JSON."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, reject: Reject) -> None:
        """Takes one."""
        self._file.write(json.dumps(asdict(reject)) + "\n")


@contextmanager
def open_rejects(path: Path) -> Iterator[RejectsFile]:
    """A list that takes its place when the block succeeds, in place of an earlier one."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        yield RejectsFile(file)
        file.flush()
