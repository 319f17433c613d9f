"""The two sides of a review: what metrics, params and dvc.lock say, and where the data is."""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from understudy.core.errors import DataError
from understudy.core.tables import readable_parquet

METRICS = "metrics"
WORKSPACE = "workspace"


@dataclass(frozen=True)
class Side:
    """One of the two states that are compared."""

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
                found = self._fetch(path.as_posix(), Path(folder))
                with readable_parquet(found, columns, "another version wrote it") as file:
                    table: pd.DataFrame = file.read(list(columns)).to_pandas()
                    return table
            except DataError as error:
                raise DataError(f"{name}: {error}".replace(f"{folder}/", "")) from None

    def _fetch(self, path: str, folder: Path) -> Path:
        """The workspace's own file, or a copy out of DVC's cache or remote."""
        here, copy = Path(path), folder / Path(path).name
        if here.is_file() and self.commit is None:
            return here
        try:
            named = self.files.info(path).get("md5")
        except Exception as error:  # noqa: BLE001 - whatever a remote's client may raise
            raise DataError(_explain(path, error)) from None
        if here.is_file() and _hash(here) == named:
            return here
        try:
            self.files.get_file(path, str(copy))
        except Exception:  # noqa: BLE001 - the same
            raise DataError(f"neither DVC's cache nor its remote has {path}") from None
        return copy


def _explain(path: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no {path}"
    return f"{path} cannot be read ({type(error).__name__})"


def read_sides(repo: Any, commit: str) -> tuple[Side, Side]:
    """Reads the state at a commit, and that of the workspace.

    Args:
        repo: DVC's view of the project, in which the process stands.
        commit: the full name of a commit.

    Raises:
        DataError: the workspace's dvc.yaml or params.yaml cannot be used.
    """
    metrics = repo.metrics.show(revs=[commit], hide_workspace=False)
    params = repo.params.show(revs=[commit], hide_workspace=False)
    for found in (metrics, params):
        if error := found.get(WORKSPACE, {}).get("error"):
            raise DataError(f"dvc.yaml or params.yaml cannot be used: {_one_line(error)}")
    now = _read_hashes(repo)
    with repo.switch(commit):
        before = _read_hashes(repo)
    return (
        _build_side(metrics.get(commit, {}), params.get(commit, {}), before, commit),
        _build_side(metrics[WORKSPACE], params[WORKSPACE], now, None),
    )


def _build_side(
    metrics: Mapping[str, Any],
    params: Mapping[str, Any],
    hashes: tuple[dict[str, str], dict[str, str]],
    commit: str | None,
) -> Side:
    from dvc.api import DVCFileSystem

    files: Mapping[str, Any] = metrics.get("data", {})
    read = {path: found for path, found in files.items() if isinstance(found.get("data"), dict)}
    return Side(
        commit=commit,
        metrics={_name(path): found["data"] for path, found in read.items()},
        unread={
            path: _one_line(found.get("error", "no JSON object"))
            for path, found in files.items()
            if path not in read
        },
        params=_merge(params.get("data", {})),
        inputs=hashes[0],
        outs=hashes[1],
        files=DVCFileSystem(os.curdir, rev=commit),
    )


def _name(path: str) -> str:
    """A metrics file's name in dotted keys; one outside of metrics/ keeps its folder."""
    parts = PurePosixPath(path).with_suffix("").parts
    return "/".join(parts[1:] if parts[0] == METRICS and len(parts) > 1 else parts)


def _merge(files: Mapping[str, Any]) -> dict[str, Any]:
    """The params of all files that could be read; those of params.yaml under their own keys."""
    merged: dict[str, Any] = {}
    for path, found in files.items():
        if isinstance(found.get("data"), dict):
            merged |= found["data"] if path == "params.yaml" else {path: found["data"]}
    return merged


def _read_hashes(repo: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Hashes in dvc.lock by path: of inputs, and of outs."""
    from dvc.dependency.param import ParamsDependency
    from dvc.exceptions import DvcException

    try:
        stages = repo.index.stages
    except DvcException:  # of the commit; the workspace's was read before
        return {}, {}
    outs = [out for stage in stages for out in stage.outs]
    deps = [dep for stage in stages for dep in stage.deps if not isinstance(dep, ParamsDependency)]
    made = {out.fs_path for out in outs}
    inputs = [
        dep
        for dep in deps
        if dep.fs_path not in made and not any(dep.fs.isin(dep.fs_path, path) for path in made)
    ]
    return _name_hashes(inputs), _name_hashes(outs)


def _name_hashes(items: list[Any]) -> dict[str, str]:
    return {str(item.def_path): str(item.hash_info.value) for item in items if item.hash_info}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
