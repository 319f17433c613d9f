"""What a training run leaves behind for the next one when it is ended in the middle.

It lies beside DVC's cache, outside the stage's outputs, in a folder that is named after all that
the run depends on: pairs, params, first weights, code and libraries. So another run never finds
it, and experiments that DVC runs in other folders do.
"""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from understudy.core.errors import StudentError
from understudy.core.files import remove, sync
from understudy.versioning.state import beside_cache

CHECKPOINT = "checkpoint-"
SEAL = "whole"
"""A file that stands in a checkpoint once all the others are on the disk."""


class StoppedTrainingError(StudentError):
    """Training was asked to stop; the next run goes on from its checkpoint."""


def identify(parts: Iterable[bytes]) -> str:
    """A short name for all that a run depends on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def hash_files(paths: Iterable[Path]) -> bytes:
    """Of names and contents, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode("utf-8"))
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


@contextmanager
def resumable(
    system: str, identity: str, *, alone: bool = True, root: Path | None = None
) -> Iterator[Path]:
    """Yields the folder of this very run; removes it when the block succeeds.

    What other runs of the same system have left is removed at once, unless one of them still runs.

    Args:
        system: what is trained.
        identity: of all that the run depends on; see `identify`.
        alone: whether to keep others out and to clear up; false in all but the first of several
            processes that train together.
        root: where such folders lie; None for beside DVC's cache.
    """
    root = (root or beside_cache("training")).absolute()
    folder = root / f"{system}-{identity}"
    root.mkdir(parents=True, exist_ok=True)
    if not alone:
        folder.mkdir(exist_ok=True)
        yield folder
        return
    _forget_others(root, system, folder.name)
    with _hold(_lock_of(folder), system):
        folder.mkdir(exist_ok=True)
        yield folder
        remove(folder)


def _lock_of(folder: Path) -> FileLock:
    return FileLock(folder.with_name(f"{folder.name}.lock"))


@contextmanager
def _hold(lock: FileLock, system: str) -> Iterator[None]:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another run that trains the same {system}", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _forget_others(root: Path, system: str, name: str) -> None:
    for path in root.glob(f"{system}-*.lock"):
        folder = path.with_suffix("")
        if folder.name != name:
            with suppress(Timeout), FileLock(path).acquire(timeout=0):
                remove(folder)
                remove(path)


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
