"""Files and folders that appear whole or not at all, and JSON in them."""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from understudy.core.errors import DataError
from understudy.core.reading import read_text

AGAIN = "`dvc repro` makes it again"


def absent(path: Path, kind: str = "file") -> str:
    """What to say of a file or folder of the pipeline that is not there."""
    return f"{path}: no such {kind}; `dvc repro` makes it, `dvc pull` gets it"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary name beside `path` that takes its place when the block succeeds.

    The block may write a file or a folder. If it fails or is killed, `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    remove(partial)
    try:
        yield partial
        sync(partial)
        if path.is_dir():
            remove(path)
        partial.replace(path)
    except BaseException:
        remove(partial)
        raise


@contextmanager
def replacing_files(folder: Path) -> Iterator[Path]:
    """Yields a temporary folder whose files take their places in `folder` when the block succeeds.

    Other files of `folder` stay.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    remove(partial)
    try:
        partial.mkdir(parents=True)
        yield partial
        sync(partial)
        folder.mkdir(exist_ok=True)
        for file in sorted(partial.iterdir()):
            file.replace(folder / file.name)
    finally:
        remove(partial)


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_others(folder: Path, kept: Collection[str], made: Callable[[str], bool]) -> None:
    """Removes what earlier runs have left in a folder, by file names without their suffix.

    Args:
        folder: may be absent.
        kept: names to keep.
        made: says whether a name is one that the pipeline makes; other files stay.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        if made(path.stem) and path.stem not in kept:
            remove(path)


def sync(path: Path) -> None:
    """Returns when a file, or all files in a folder, are on the disk."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as opened:
            os.fsync(opened.fileno())


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON object, indented for reading in a diff."""
    with replacing(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object that a stage wrote.

    Raises:
        DataError: the file is absent or holds no JSON object, or has a merge conflict in it.
    """
    try:
        content = json.loads(read_text(path))
    except FileNotFoundError:
        raise DataError(absent(path)) from None
    except DataError as error:
        raise DataError(f"{error}; {AGAIN}") from None
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON: {error}; {AGAIN}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected a JSON object; {AGAIN}")
    return content
