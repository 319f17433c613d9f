"""Which artifacts dvc.lock names that the remote lacks.

DVC's own answers may come from its index of what a remote had; here each object is asked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NOT_FOUND = 404
USER_INFO = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True)
class MissingArtifact:
    """A file or folder, not wholly in the remote."""

    path: str
    stage: str
    size: int | None
    """Bytes of all of it, as dvc.lock has it."""
    missing: int
    """How many of its files the remote lacks; a folder's list of files counts as all of them."""
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
    """Looks for every artifact of the workspace's dvc.lock in its remote.

    Args:
        repo: DVC's view of the project.
    """
    name = repo.config["core"].get("remote")
    outs = [out for stage in repo.index.stages for out in stage.outs if _is_stored(out)]
    if not name and not any(out.remote for out in outs):
        return Storage(None, 0, [], "no remote is set, `dvc remote add -d NAME URL` sets one")
    try:
        if _is_absent(repo, name):
            return Storage(name, 0, [], "its folder is not there, `dvc push` makes it")
        missing = list(_find_missing(repo, outs))
    except Exception as error:  # noqa: BLE001 - whatever a remote's client may raise
        return Storage(name, 0, [], "it cannot be asked", _describe(error))
    return Storage(name, len(outs), missing)


def _is_stored(out: Any) -> bool:
    """Whether `dvc push` would send it."""
    return bool(out.use_cache and out.can_push and out.hash_info and not out.stage.is_repo_import)


def _is_absent(repo: Any, name: str | None) -> bool:
    """Whether the default remote is a folder that this machine lacks."""
    if not name:
        return False
    remote = repo.cloud.get_remote(name)
    return remote.fs.protocol == "local" and not remote.fs.exists(remote.path)


def _find_missing(repo: Any, outs: list[Any]) -> Iterator[MissingArtifact]:
    for remote in dict.fromkeys(out.remote for out in outs):
        for kind in dict.fromkeys(out.hash_name for out in outs):
            group = [out for out in outs if (out.remote, out.hash_name) == (remote, kind)]
            if group:
                yield from _look_for(repo.cloud.get_remote_odb(remote, hash_name=kind), group)


def _look_for(store: Any, outs: list[Any]) -> Iterator[MissingArtifact]:
    parts = [_list_objects(store, out) for out in outs]
    wanted = sorted({name for names in parts for name in names})
    there = set(store.list_oids_exists(wanted))
    if wanted and not there:
        _raise_if_unreachable(store, wanted[0])
    for out, names in zip(outs, parts, strict=True):
        lacking = [name for name in names if name not in there]
        if lacking:
            files = out.meta.nfiles or 1
            whole = out.hash_info.value in lacking
            missing = files if whole else len(lacking)
            path = str(out.fs.relpath(out.fs_path, out.repo.root_dir))
            stage = getattr(out.stage, "name", None) or out.stage.relpath
            yield MissingArtifact(path, str(stage), out.meta.size, missing, files)


def _raise_if_unreachable(store: Any, name: str) -> None:
    """Some clients say of a host that does not answer that it lacks the file."""
    try:
        store.fs.info(store.oid_to_path(name))
    except FileNotFoundError as error:
        cause = error.__cause__
        absent = isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) == NOT_FOUND
        if isinstance(cause, Exception) and not absent:
            raise cause from None


def _list_objects(store: Any, out: Any) -> list[str]:
    """The names of all objects of an artifact, as far as the cache or the remote can tell."""
    from dvc_data.hashfile.tree import Tree
    from dvc_objects.errors import ObjectFormatError

    names = [str(out.hash_info.value)]
    if out.hash_info.isdir:
        for place in (out.cache, store):
            try:
                tree = Tree.load(place, out.hash_info)
            except (FileNotFoundError, ObjectFormatError):
                continue
            return [*names, *(str(entry.value) for _, _, entry in tree)]
    return names


def _describe(error: Exception) -> str:
    """The error in one line, without a password that an address may hold."""
    line = " ".join(f"{type(error).__name__}: {error}".split())
    return USER_INFO.sub("//***@", line)
