"""What an interrupted training run leaves behind for the next one.

It lies beside DVC's cache, outside the stage's outputs, in a folder named after everything the
run depends on: pairs, params, first weights, code and libraries. So a different run never finds
it, and experiments that DVC runs in other folders do.
"""

import hashlib
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from understudy.core.errors import StudentError
from understudy.core.files import remove, replacing, sync
from understudy.versioning.state import beside_cache

CHECKPOINT = "checkpoint-"
SECONDS = "seconds"
SEAL = "whole"
"""A file that appears in a checkpoint once all the others are on the disk."""


class StoppedTrainingError(StudentError):
    """Training was asked to stop; the next run goes on from its checkpoint."""


class Stopwatch:
    """Seconds since the first start of a run that goes on from checkpoints."""

    def __init__(self, folder: Path) -> None:
        """Adds what earlier starts have saved in the folder of the run."""
        self._path = folder / SECONDS
        self._before, self._started = 0.0, time.monotonic()
        with suppress(OSError, ValueError):
            self._before = float(self._path.read_text(encoding="ascii"))

    @property
    def seconds(self) -> float:
        """So far."""
        return self._before + time.monotonic() - self._started

    def save(self) -> None:
        """Makes the next start count what this one took so far."""
        with replacing(self._path) as partial:
            partial.write_text(f"{self.seconds:.3f}", encoding="ascii")


def identify(parts: Iterable[bytes]) -> str:
    """A short name for everything a run depends on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def hash_files(paths: Iterable[Path]) -> bytes:
    """Hash of names and contents, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode("utf-8"))
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


@contextmanager
def resumable(
    system: str, identity: str, *, lock: bool = True, root: Path | None = None
) -> Iterator[Path]:
    """Yields the folder of this very run; removes it when the block succeeds.

    What other runs of the same system have left is removed at once, unless one of them still runs.

    Args:
        system: what is trained.
        identity: names everything the run depends on; see `identify`.
        lock: keep other runs out, and clean up; false in all but the first of several processes
            that train together.
        root: where such folders are kept; None for beside DVC's cache.
    """
    root = (root or beside_cache("training")).absolute()
    folder = root / f"{system}-{identity}"
    root.mkdir(parents=True, exist_ok=True)
    if not lock:
        folder.mkdir(exist_ok=True)
        yield folder
        return
    for path in root.glob(f"{system}-*.lock"):
        other = path.with_suffix("")
        if other != folder:
            with suppress(Timeout), FileLock(path).acquire(timeout=0):
                remove(other)
                remove(path)
    held = FileLock(folder.with_name(f"{folder.name}.lock"))
    try:
        held.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another run that trains the same {system}", file=sys.stderr)
        held.acquire()
    try:
        folder.mkdir(exist_ok=True)
        yield folder
        remove(folder)
    finally:
        held.release()


def seal(folder: str | Path, step: int, best: int | None) -> None:
    """Marks the checkpoint of a step as whole, then removes all but it and the best one."""
    newest = Path(folder, f"{CHECKPOINT}{step}")
    sync(newest)
    (newest / SEAL).touch()
    sync(newest)
    for checkpoint in Path(folder).glob(f"{CHECKPOINT}*"):
        if checkpoint.name not in (newest.name, f"{CHECKPOINT}{best}"):
            remove(checkpoint)


def find_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint; broken ones are removed."""
    whole: dict[int, Path] = {}
    for checkpoint in folder.glob(f"{CHECKPOINT}*"):
        if (checkpoint / SEAL).exists():
            whole[int(checkpoint.name.removeprefix(CHECKPOINT))] = checkpoint
        else:
            remove(checkpoint)
    return whole[max(whole)] if whole else None
