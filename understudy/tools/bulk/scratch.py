"""Folders for what is not finished yet, and an end to those that killed runs have left.

They are in OUTPUT/.understudy, so that a finished file only has to be renamed; for outputs on S3,
in this machine's folder for temporary files.
"""

import os
import re
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from understudy.core.errors import DataError
from understudy.core.files import remove
from understudy.tools.bulk.records import OURS
from understudy.tools.bulk.storage import Folder

NAME = re.compile(r"work-(?P<host>.+)-(?P<pid>\d+)-[0-9a-f]{8}")
OLD = 24 * 3600.0
"""Seconds without a change after which what another machine has left is removed."""


def name_run() -> str:
    """A name for this run's scratch folder, which says whose it is."""
    return f"work-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def scratch_of(output: Folder, run: str) -> Path:
    """Where a run keeps what is not finished."""
    if output.is_local:
        return Path(output.root, OURS, run)
    return Path(tempfile.gettempdir(), f"understudy-{os.getuid()}", run)


@contextmanager
def run_scratch(output: Folder, run: str) -> Iterator[Path]:
    """A run's scratch folder, for the length of the block; removes what dead runs have left.

    Raises:
        DataError: the folder of outputs cannot be written.
    """
    folder = scratch_of(output, run)
    try:
        folder.mkdir(parents=True)
        for left in folder.parent.iterdir():
            if _is_left(left):
                remove(left)
    except OSError as error:
        raise DataError(
            f"{output.address()}: cannot be written ({error.strerror}); name another folder with "
            "--output"
        ) from None
    try:
        yield folder
    finally:
        remove(folder)


def _is_left(folder: Path) -> bool:
    """Whether a scratch folder belongs to a run that is over."""
    found = NAME.fullmatch(folder.name)
    if found is None:
        return False
    if found["host"] == socket.gethostname():
        return not psutil.pid_exists(int(found["pid"]))
    times = [path.stat().st_mtime for path in (folder, *folder.rglob("*"))]
    return time.time() - max(times) > OLD
