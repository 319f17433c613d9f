"""What a repository on the Hub double holds: commits of files, told as the Hub does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Self

LFS_SUFFIXES = (".parquet", ".safetensors", ".bin", ".model")


@dataclass(frozen=True)
class Blob:
    """One file's content, and the names by which Git and Git LFS know it."""

    data: bytes
    oid: str
    lfs_sha256: str | None

    @classmethod
    def of(cls, path: str, content: bytes | Path) -> Self:
        data = content.read_bytes() if isinstance(content, Path) else content
        oid = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        in_lfs = path.endswith(LFS_SUFFIXES)
        return cls(data, oid, hashlib.sha256(data).hexdigest() if in_lfs else None)

    @property
    def etag(self) -> str:
        return self.lfs_sha256 or self.oid


@dataclass
class Repository:
    """A repository's commits, each a whole tree; the one that was added last is `main`."""

    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)
    head: str = ""

    def commit(self, files: Mapping[str, bytes | Path], revision: str | None) -> str:
        tree = {path: Blob.of(path, content) for path, content in sorted(files.items())}
        sha = revision or digest("\n".join(f"{path} {blob.oid}" for path, blob in tree.items()))
        self.commits[sha], self.head = tree, sha
        return sha


class RefusalError(Exception):
    """An answer that is not 200, with the header by which the clients tell why."""

    def __init__(self, status: int, code: str, message: str, commit: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.commit = status, code, message, commit


def list_entries(files: Mapping[str, Blob], sha: str, expand: bool) -> Iterator[dict[str, Any]]:
    """Yield what the Hub tells of each file, and of each folder that holds one, by path."""
    folders = {str(parent) for path in files for parent in Path(path).parents} - {"."}
    for path in sorted({*files, *folders}):
        entry = _file_entry(path, files[path]) if path in files else _folder_entry(path)
        if expand:
            date = "2024-01-18T15:31:09.000Z"
            entry["lastCommit"] = {"id": sha, "title": "Upload files", "date": date}
        yield entry


def _file_entry(path: str, blob: Blob) -> dict[str, Any]:
    size = len(blob.data)
    entry: dict[str, Any] = {"type": "file", "path": path, "oid": blob.oid, "size": size}
    if blob.lfs_sha256:
        entry["lfs"] = {"oid": blob.lfs_sha256, "size": size, "pointerSize": 130}
    return entry


def _folder_entry(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "oid": digest(path), "size": 0}


def is_below(path: str, folder: str, *, recursive: bool) -> bool:
    prefix = f"{folder}/" if folder else ""
    return path.startswith(prefix) and (recursive or "/" not in path.removeprefix(prefix))


def byte_range(first: str, last: str, size: int) -> tuple[int, int]:
    """Return the first and last byte that a Range header's two numbers, one maybe empty, mean."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last or size), size - 1)


def refuse_entry(message: str, commit: str = "") -> NoReturn:
    raise RefusalError(404, "EntryNotFound", message, commit)


def digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
