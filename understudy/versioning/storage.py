"""Which artifacts dvc.lock names that the remote lacks.

DVC's own answers may come from its index of what a remote had; here each object is asked for.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from understudy.core.errors import one_line
from understudy.versioning.repository import own_path


@dataclass(frozen=True)
class MissingArtifact:
    """A file or folder that is not wholly in the remote."""

    path: str
    stage: str
    size: int | None
    """Bytes of all of it, as dvc.lock has it."""
    missing: int
    """How many of its files the remote lacks; all of them where it lacks a folder's listing."""
    files: int


@dataclass(frozen=True)
class Storage:
    """What the remote has of what dvc.lock names."""

    remote: str | None
    """The default remote's name."""
    checked: int
    """Artifacts that were looked for."""
    missing: list[MissingArtifact]
    problem: str | None = None
    """Why nobody could look."""
    error: str | None = None
    """What the remote's client said."""


def survey_storage(repo: Any) -> Storage:
    """Looks in the remote for each artifact of the dvc.lock here; `repo` is of `open_repo`."""
    name = repo.config["core"].get("remote")
    outs = [  # what `dvc push` would send
        out
        for out in repo.index.outs
        if out.use_cache
        and out.can_push
        and out.hash_info
        and not out.stage.is_repo_import
        and own_path(out.fs.relpath(out.stage.path, repo.root_dir))
    ]
    if not name and not any(out.remote for out in outs):
        return Storage(None, 0, [], "no remote is set, `dvc remote add -d NAME URL` sets one")
    try:
        remote = repo.cloud.get_remote(name) if name else None
        if remote and remote.fs.protocol == "local" and not remote.fs.exists(remote.path):
            return Storage(name, 0, [], "its folder is not there, `dvc push` makes it")
        groups: dict[tuple[Any, Any], list[Any]] = {}
        for out in outs:
            groups.setdefault((out.remote, out.hash_name), []).append(out)
        missing = [
            artifact
            for (remote, kind), group in groups.items()
            for artifact in _find_missing(repo.cloud.get_remote_odb(remote, hash_name=kind), group)
        ]
    except Exception as error:  # noqa: BLE001 - whatever a remote's client may raise
        line = one_line(f"{type(error).__name__}: {error}")
        hidden = re.sub(r"//[^/@\s]+@", "//***@", line)  # an address may hold a password
        return Storage(name, 0, [], "it cannot be asked", hidden)
    return Storage(name, len(outs), missing)


def _find_missing(store: Any, outs: list[Any]) -> Iterator[MissingArtifact]:
    objects = [_list_objects(store, out) for out in outs]
    wanted = sorted({name for names in objects for name in names})
    there = set(store.list_oids_exists(wanted))
    if wanted and not there:
        _raise_if_unreachable(store, wanted[0])
    for out, names in zip(outs, objects, strict=True):
        lacking = [name for name in names if name not in there]
        if lacking:
            files = out.meta.nfiles or 1
            yield MissingArtifact(
                path=os.path.relpath(out.fs_path),
                stage=str(getattr(out.stage, "name", None) or out.stage.relpath),
                size=out.meta.size,
                missing=files if out.hash_info.value in lacking else len(lacking),
                files=files,
            )


def _raise_if_unreachable(store: Any, name: str) -> None:
    """Some clients say of a host that does not answer that it lacks the file."""
    try:
        store.fs.info(store.oid_to_path(name))
    except FileNotFoundError as error:
        cause = error.__cause__
        absent = isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) == 404
        if isinstance(cause, Exception) and not absent:
            raise cause from None


def _list_objects(store: Any, out: Any) -> list[str]:
    """The names of all objects of an artifact, as far as the cache or the remote can tell."""
    from dvc_data.hashfile.tree import Tree
    from dvc_objects.errors import ObjectFormatError

    names = [str(out.hash_info.value)]
    for place in (out.cache, store) if out.hash_info.isdir else ():
        try:
            tree = Tree.load(place, out.hash_info)
        except (FileNotFoundError, ObjectFormatError):
            continue
        return [*names, *(str(entry.value) for _, _, entry in tree)]
    return names
