"""Folders of files, here or in a bucket of S3, in which a file appears whole or not at all.

Errors are DataErrors with the file's whole address. What S3 is asked with comes from the
environment, as for any AWS client: AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and the like.
"""

import errno
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from understudy.core.errors import DataError, one_line
from understudy.core.files import sync
from understudy.rows.reader import hash_file

S3 = "s3://"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Stat(NamedTuple):
    """What tells that a file has changed, without reading it."""

    size: int
    version: str
    """When it was last written, in nanoseconds; on S3 its ETag."""


class Folder:
    """A local folder, which need not be there yet, or a prefix of a bucket."""

    def __init__(self, address: str) -> None:
        """Takes a path, or s3:// with bucket and prefix."""
        self.is_local = not address.startswith(S3)
        self.root = (
            os.path.abspath(address)  # noqa: PTH100 - links stay as they are
            if self.is_local
            else address.removeprefix(S3).strip("/")
        )

    def __getstate__(self) -> dict[str, Any]:
        return {"is_local": self.is_local, "root": self.root}

    @property
    def files(self) -> Any:
        """The file system, of fsspec."""
        if "_files" not in self.__dict__:
            import fsspec

            kind, options = ("file", {}) if self.is_local else ("s3", {"use_listings_cache": False})
            self._files = fsspec.filesystem(kind, **options)
        return self._files

    def locate(self, name: str) -> str:
        """A file's path as the file system knows it."""
        return f"{self.root.rstrip('/')}/{name}".removeprefix("" if self.root else "/").rstrip("/")

    def name_of(self, path: str) -> str:
        """The name of a file of this folder, by its path as the file system knows it."""
        return path.removeprefix(self.root).removeprefix("/")

    def address(self, name: str = "") -> str:
        """A file's path or address, as messages show it."""
        return ("" if self.is_local else S3) + self.locate(name)

    def list(self, under: str = "") -> dict[str, Stat]:
        """All files, also those in folders below, by their names relative to this folder.

        Args:
            under: the start of their names, up to a slash.

        Raises:
            DataError: the folder cannot be read. One that is absent has no files.
        """
        with self.explained(under, "no such bucket; create it, or name another"):
            if self.is_local:
                return dict(_walk(Path(self.root), Path(self.locate(under))))
            found = self.files.find(self.locate(under), detail=True)
            return {self.name_of(path): _to_stat(entry) for path, entry in sorted(found.items())}

    def match(self, pattern: str) -> dict[str, Stat]:
        """Files of this folder that a glob means; ** stands for any number of folders.

        Raises:
            DataError: the folder cannot be read.
        """
        with self.explained(pattern):
            if self.is_local:
                root = Path(self.root)
                found = sorted(glob.glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207 - links, **
                return {name: _stat(root / name) for name in found if (root / name).is_file()}
            entries = self.files.glob(self.locate(pattern), detail=True).items()
            files = {path: entry for path, entry in entries if entry["type"] == "file"}
            return {self.name_of(path): _to_stat(entry) for path, entry in sorted(files.items())}

    def stat(self, name: str) -> Stat | None:
        """The state of a file; None where there is none."""
        try:
            with self.explained(name):
                if self.is_local:
                    return _stat(Path(self.locate(name)))
                return _to_stat(self.files.info(self.locate(name)))
        except AbsentError:
            return None

    def fetch(self, name: str, scratch: Path) -> Path:
        """A file on this machine; one of a bucket is copied into a scratch folder."""
        if self.is_local:
            return Path(self.locate(name))
        copy = scratch / "in" / Path(name).name
        copy.parent.mkdir(parents=True, exist_ok=True)
        with self.explained(name):
            self.files.get_file(self.locate(name), str(copy))
        return copy

    def put(self, source: Path, name: str) -> Stat:
        """Moves a file of a scratch folder to its place: there at once, or not at all."""
        with self.explained(name):
            if self.is_local:
                target = Path(self.locate(name))
                target.parent.mkdir(parents=True, exist_ok=True)
                sync(source)
                stat = _stat(source)  # now: another run may put its own there in a moment
                source.replace(target)
                return stat
            self.files.put_file(str(source), self.locate(name))
            source.unlink()
            return _to_stat(self.files.info(self.locate(name)))

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is none."""
        try:
            with self.explained(name):
                content: bytes = self.files.cat_file(self.locate(name))
                return content
        except AbsentError:
            return None

    def delete(self, name: str) -> None:
        """Removes a file, if it is there."""
        try:
            with self.explained(name):
                self.files.rm_file(self.locate(name))
        except AbsentError:
            pass

    def hash(self, name: str) -> str | None:
        """A local file's SHA-256; None on S3, where it would have to be copied."""
        if not self.is_local:
            return None
        with self.explained(name):
            return hash_file(Path(self.locate(name)))

    @contextmanager
    def explained(self, name: str = "", absent: str = "no such file") -> Iterator[None]:
        """Makes a DataError, with the file's address, of what the storage raises.

        Args:
            name: of the file.
            absent: what is said where there is none.

        Raises:
            AbsentError: there is no such file.
        """
        errors: tuple[type[Exception], ...] = (OSError,)
        if not self.is_local:
            from botocore.exceptions import BotoCoreError, ClientError

            errors = (OSError, BotoCoreError, ClientError)
        try:
            yield
        except FileNotFoundError:
            raise AbsentError(f"{self.address(name)}: {absent}") from None
        except errors as error:
            why = getattr(error, "strerror", None) or error or type(error).__name__
            kind = FullError if getattr(error, "errno", None) in FULL else DataError
            raise kind(f"{self.address(name)}: {one_line(why)}") from None


class AbsentError(DataError):
    """A file that is not there."""


class FullError(DataError):
    """No room for another file."""


def _stat(path: Path) -> Stat:
    found = path.stat()
    return Stat(found.st_size, str(found.st_mtime_ns))


def _to_stat(entry: dict[str, Any]) -> Stat:
    if entry["type"] == "directory":
        raise FileNotFoundError(entry["name"])
    return Stat(entry["size"], str(entry["ETag"]).strip('"'))


def _walk(root: Path, top: Path) -> Iterator[tuple[str, Stat]]:
    def fail(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for folder, below, names in os.walk(top, onerror=fail):
        below.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file():  # no pipe, which would be read without end, and no broken link
                yield path.relative_to(root).as_posix(), _stat(path)
