"""Answers that a stage's committed output holds, wherever DVC keeps it.

An output that is about to be replaced is gone from the workspace; DVC's cache or remote still has
it, under the hash that dvc.lock names, in the workspace or in the last commit.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.errors import TeacherError

PAY_AGAIN = "UNDERSTUDY_PAY_AGAIN"
REVISIONS = (None, "HEAD")
"""The workspace's dvc.lock, and the last commit's."""
TEXT = "prediction"
"""What a file of predictions calls the text of an answer."""
ROWS = 1024


def recall(path: Path, params: TeacherParams) -> Iterator[Answer]:
    """Yields the answers of an output's last versions; failed calls have none.

    Args:
        path: the output, relative to the project.
        params: the section `teacher`.

    Raises:
        TeacherError: dvc.lock names answers of this very teacher, which cost money, and neither
            the cache nor the remote has them; unless PAY_AGAIN is set in the environment.
    """
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException

    seen = set()
    for revision in REVISIONS:
        try:
            files = DVCFileSystem(os.curdir, rev=revision)
            found = files.info(path.as_posix()).get("md5")
        except (DvcException, OSError):  # no project, no commit, or no such output
            continue
        if found in seen:
            continue
        seen.add(found)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            try:
                files.get_file(path.as_posix(), str(copy))
            except Exception as error:  # noqa: BLE001 - whatever a remote's client may raise
                _complain(files, path, params, error)
                continue
            yield from read_answers(copy)


def read_answers(path: Path) -> Iterator[Answer]:
    """Yields the answers in a stage output; none where an older version has written it."""
    names = {field.name for field in fields(Answer)}
    try:
        with pq.ParquetFile(path) as file:
            columns = [TEXT if n == "text" else n for n in names] if _has(file, TEXT) else [*names]
            if not all(_has(file, name) for name in columns):
                return
            for batch in file.iter_batches(batch_size=ROWS, columns=columns):
                for row in batch.to_pylist():
                    if not row["error"]:
                        yield Answer.from_record({"text": row.get(TEXT), **row})
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise TeacherError(f"{path.name}: not a readable Parquet file: {reason}") from None


def _has(file: pq.ParquetFile, column: str) -> bool:
    return column in file.schema_arrow.names


def _complain(files: Any, path: Path, params: TeacherParams, error: Exception) -> None:
    """An output that is nowhere matters where its answers would have to be paid for again."""
    prices = params.prices
    free = not (prices.input or prices.cached_input or prices.output)
    if free or os.environ.get(PAY_AGAIN) or not _is_of(files, path, params):
        return
    raise TeacherError(
        f"{path}: dvc.lock says that this teacher has answered, but neither DVC's cache nor its "
        f"remote has the file ({type(error).__name__}: {error}); make the remote reachable and "
        f"`dvc pull {path}`, or set {PAY_AGAIN}=1 to pay for the answers again"
    )


def _is_of(files: Any, path: Path, params: TeacherParams) -> bool:
    """Whether the stage that wrote an output had asked the same model at the same address."""
    try:
        lock = YAML(typ="safe").load(files.read_text("dvc.lock"))
    except (OSError, YAMLError):
        return False
    now = {"teacher.base_url": params.base_url, "teacher.model": params.model}
    return any(_asked(stage) == now for stage in _stages_with(lock, path.as_posix()))


def _stages_with(lock: Mapping[str, Any], path: str) -> Iterator[Mapping[str, Any]]:
    for stage in lock.get("stages", {}).values():
        if any(out["path"] == path for out in stage.get("outs", ())):
            yield stage


def _asked(stage: Mapping[str, Any]) -> dict[str, Any]:
    params = stage.get("params", {}).get("params.yaml", {})
    return {name: params.get(name) for name in ("teacher.base_url", "teacher.model")}
