"""The project at one revision: what metrics, params and dvc.lock say, and where the data is."""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from understudy.core.errors import DataError, one_line
from understudy.core.reading import find_text_error
from understudy.core.tables import readable_parquet
from understudy.versioning.repository import inside, own_path
from understudy.versioning.status import overlaps

WORKSPACE = "workspace"


@dataclass(frozen=True)
class Snapshot:
    """The project's state at a commit or in the workspace."""

    commit: str | None
    """None is the workspace."""
    metrics: dict[str, Any]
    """What each metrics file holds, by its name: metrics/systems.json is `systems`."""
    unread: dict[str, str]
    """Why a metrics file that dvc.yaml names could not be read, by its path."""
    params: dict[str, Any]
    inputs: dict[str, str]
    """Hashes of the files and folders that stages read and no stage writes, as in dvc.lock."""
    outs: dict[str, str]
    """Hashes of those that stages write."""
    files: Any = field(repr=False)
    """DVC's file system of this state."""

    def read_table(self, path: Path, columns: Sequence[str]) -> pd.DataFrame:
        """Some columns of a Parquet file that a stage wrote.

        Raises:
            DataError: there is no such file, neither DVC's cache nor its remote has it, or a
                version that wrote no such columns made it.
        """
        name = "the workspace" if self.commit is None else "the base"
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = self._fetch(path, Path(folder, path.name))
                with readable_parquet(found, columns, "another version wrote it") as file:
                    table: pd.DataFrame = file.read(list(columns)).to_pandas()
                    return table
            except DataError as error:
                raise DataError(f"{name}: {error}".replace(f"{folder}/", "")) from None

    def _fetch(self, path: Path, copy: Path) -> Path:
        """The workspace's own file, or a copy out of DVC's cache or remote."""
        if path.is_file() and self.commit is None:
            return path
        try:
            named = self.files.info(inside(path)).get("md5")
        except FileNotFoundError:
            raise DataError(f"there is no {path}") from None
        except Exception as error:  # noqa: BLE001 - whatever a remote's client may raise
            raise DataError(f"{path} cannot be read ({type(error).__name__})") from None
        if path.is_file() and _hash(path) == named:
            return path
        copy_tracked(self.files, path, copy)
        return copy


def open_files(commit: str | None = None) -> Any:
    """DVC's file system of a commit, or of the workspace, for `copy_tracked`."""
    from dvc.api import DVCFileSystem

    return DVCFileSystem(os.curdir, rev=commit)


def copy_tracked(files: Any, path: Path, copy: Path) -> None:
    """Copies a file that dvc.lock names out of DVC's cache or remote, without a pull.

    Raises:
        DataError: neither has it.
    """
    try:
        files.get_file(inside(path), str(copy))
    except Exception:  # noqa: BLE001 - whatever a remote's client may raise
        raise DataError(f"neither DVC's cache nor its remote has {path}") from None


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def read_snapshots(repo: Any, commit: str) -> tuple[Snapshot, Snapshot]:
    """Reads the state at a commit, and that of the workspace.

    Args:
        repo: from `open_repo`, of the project in which the process stands.
        commit: the full name of a commit.

    Raises:
        DataError: the workspace's dvc.yaml or params.yaml cannot be used.
    """
    from dvc.exceptions import DvcException

    metrics = repo.metrics.show(revs=[commit], hide_workspace=False)
    params = repo.params.show(revs=[commit], hide_workspace=False)
    for found in (metrics, params):
        if error := found.get(WORKSPACE, {}).get("error"):
            raise DataError(f"dvc.yaml or params.yaml cannot be used: {one_line(error)}")
    now = _read_hashes(repo)
    with repo.switch(commit):
        try:
            before = _read_hashes(repo)
        except DvcException:  # its dvc.yaml cannot be used
            before = {}, {}
    return (
        _build_snapshot(metrics.get(commit, {}), params.get(commit, {}), before, commit),
        _build_snapshot(metrics[WORKSPACE], params[WORKSPACE], now, None),
    )


def _build_snapshot(
    metrics: Mapping[str, Any],
    params: Mapping[str, Any],
    hashes: tuple[dict[str, str], dict[str, str]],
    commit: str | None,
) -> Snapshot:
    read, unread = {}, {}
    values: dict[str, Any] = {}
    for path, found in _list_own(metrics):
        if isinstance(found.get("data"), dict):
            # a name in dotted keys has no folder metrics/ in it, but any other
            parts = PurePosixPath(path).with_suffix("").parts
            read["/".join(parts[1:] if parts[0] == "metrics" else parts)] = found["data"]
        else:
            error = find_text_error(Path(path)) if commit is None else None
            unread[path] = error or one_line(found.get("error", "no JSON object"))
    for path, found in _list_own(params):
        if isinstance(found.get("data"), dict):
            values |= found["data"] if path == "params.yaml" else {path: found["data"]}
    return Snapshot(commit, read, unread, values, *hashes, open_files(commit))


def _list_own(shown: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What DVC shows of the files of this pipeline, by their paths from here."""
    for path, found in shown.get("data", {}).items():
        if (own := own_path(path)) is not None:
            yield own, found


def _read_hashes(repo: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Hashes in dvc.lock by path: of inputs, and of outs."""
    from dvc.dependency.param import ParamsDependency

    stages = [
        stage
        for stage in repo.index.stages
        if own_path(stage.repo.fs.relpath(stage.path, repo.root_dir))
    ]
    outs = [out for stage in stages for out in stage.outs]
    made = {out.fs_path for out in outs}
    inputs = [
        dep
        for stage in stages
        for dep in stage.deps
        if not isinstance(dep, ParamsDependency)
        and dep.fs_path not in made
        and not overlaps(dep, made)
    ]
    return _name_hashes(inputs), _name_hashes(outs)


def _name_hashes(items: list[Any]) -> dict[str, str]:
    return {str(item.def_path): str(item.hash_info.value) for item in items if item.hash_info}
