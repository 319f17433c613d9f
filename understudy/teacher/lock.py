"""One run at a time asks a teacher: two that want the same answers must not both pay for them."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from understudy.core.parent_watch import ParentWatch
from understudy.teacher.errors import StoppedError, TeacherError
from understudy.teacher.stopping import LOOK_SECONDS


@contextmanager
def teacher_lock(folder: Path, teacher: str, stage: str) -> Iterator[None]:
    """Holds the lock of one teacher; waits, and says for whom, while another run holds it.

    Raises:
        StoppedError: the process that started this one is gone.
    """
    name = hashlib.sha256(teacher.encode("utf-8")).hexdigest()[:16]
    lock, owner = FileLock(folder / f"asking-{name}.lock"), folder / f"asking-{name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _acquire(lock, owner)
    except OSError as error:
        hint = "make it writable, or set UNDERSTUDY_LEDGER to a file elsewhere"
        raise TeacherError(f"{folder}: cannot hold a ledger ({error}); {hint}") from None
    try:
        about = {"pid": os.getpid(), "stage": stage, "folder": str(Path.cwd())}
        with suppress(OSError):  # it only tells others for whom they wait
            owner.write_text(json.dumps(about), encoding="utf-8")
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, owner: Path) -> None:
    with suppress(Timeout):
        lock.acquire(timeout=0)
        return
    print(f"waiting for {_describe(owner)}, which asks the same teacher", file=sys.stderr)
    parent_watch = ParentWatch()
    while parent_watch.alive():
        with suppress(Timeout):
            lock.acquire(timeout=LOOK_SECONDS)
            return
    raise StoppedError("the process that started this one is gone")


def _describe(owner: Path) -> str:
    try:
        about = json.loads(owner.read_text(encoding="utf-8"))
        return f"{about['stage']} (process {about['pid']} in {about['folder']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
