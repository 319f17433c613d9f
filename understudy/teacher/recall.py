"""Answers that a stage's committed outputs hold, wherever DVC keeps them."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from understudy.contract.answers import LATER, Answer
from understudy.contract.asked import (
    ANSWERS,
    CALIBRATION_ANSWERS,
    LABELLED_ANSWERS,
    ZEROSHOT_ANSWERS,
)
from understudy.contract.params.teacher import TeacherParams, full_address
from understudy.core.errors import one_line
from understudy.teacher.errors import TeacherError
from understudy.versioning.committed import Version, committed_versions

PAY_AGAIN = "UNDERSTUDY_PAY_AGAIN"
FORMER_NAMES = {Path("data/written/answers.parquet"): [Path("data/gpt/answers.parquet")]}
"""What outputs were called by earlier versions of the project, whose answers are still good."""
SAME_PROMPT = {
    LABELLED_ANSWERS: [ZEROSHOT_ANSWERS, CALIBRATION_ANSWERS],
    ZEROSHOT_ANSWERS: [LABELLED_ANSWERS],
}
"""Outputs of stages that ask by the same prompt: an input that changes its split is paid once."""
TEXT = "prediction"
"""What a file of predictions of an earlier version calls the text of an answer."""
ROWS = 1024


def recall(path: Path, params: TeacherParams) -> Iterator[Answer]:
    """Yields the answers of an output's last versions; failed calls have none.

    Args:
        path: the output, relative to the project; the stage's other tables of answers count as
            well, and those of another stage with the same prompt where they can be had.
        params: the section `teacher`.

    Raises:
        TeacherError: the output is damaged, or dvc.lock names answers of this very teacher, which
            cost money, and neither the cache nor the remote has them; unless PAY_AGAIN is set in
            the environment.
    """
    tables = next((paths for paths in ANSWERS.values() if path in paths), (path,))
    seen = set[str]()
    for table in (path, *(other for other in tables if other != path)):
        yield from _recall_table(table, params, SAME_PROMPT.get(table, []), seen)


def _recall_table(
    path: Path, params: TeacherParams, others: Sequence[Path], seen: set[str]
) -> Iterator[Answer]:
    """Yields what is new of one table, and of `others`, which nobody misses."""
    names = [path, *FORMER_NAMES.get(path, ()), *others]
    damage, is_found = "", False
    for name in filter(Path.is_file, names):  # nobody has replaced it yet
        try:
            yield from _only_new(read_answers(name), seen)
        except TeacherError as error:
            if name in others:
                continue
            way = f"`dvc checkout --force {name}` brings the committed one back, or delete it"
            damage = f"{error}; {way}"
            print(f"warning: {damage}; its committed versions are read instead", file=sys.stderr)
    with closing(committed_versions(names)) as versions:
        for version in versions:
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / path.name
                try:
                    version.fetch(copy)
                    yield from _only_new(read_answers(copy), seen)
                    is_found = is_found or version.path not in others
                except Exception as error:  # noqa: BLE001 - whatever a remote's client may raise
                    if version.path not in others:  # their own stages complain
                        _complain(version, params, error, is_here=not damage)
    if damage and not is_found and _costs(params):
        raise TeacherError(f"{damage} and pay for its answers again")


def _only_new(answers: Iterable[Answer], seen: set[str]) -> Iterator[Answer]:
    for answer in answers:
        if answer.request not in seen:
            seen.add(answer.request)
            yield answer


def read_answers(path: Path) -> Iterator[Answer]:
    """Yields the answers in a stage output; none where an older version has written it."""
    try:
        with pq.ParquetFile(path) as file:
            there = file.schema_arrow.names
            text = "text" if "text" in there else TEXT
            columns = [text if one.name == "text" else one.name for one in fields(Answer)]
            if not set(columns) - set(LATER) <= set(there):
                return
            columns = [name for name in columns if name in there]
            for batch in file.iter_batches(batch_size=ROWS, columns=columns):
                for row in batch.to_pylist():
                    if not row["error"]:
                        yield Answer.from_record({**row, "text": row[text]})
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TeacherError(f"{path}: not a readable Parquet file: {one_line(error)}") from None


def _costs(params: TeacherParams) -> bool:
    """Whether answers that are lost would be paid for, and nobody has said that they may be."""
    return not params.prices.are_free and not os.environ.get(PAY_AGAIN)


def _complain(version: Version, params: TeacherParams, error: Exception, is_here: bool) -> None:
    """A lost output matters where its answers would have to be paid for again."""
    address = version.params.get("teacher.base_url")
    asked = full_address(address), version.params.get("teacher.model")
    is_here = is_here and version.revision is None and version.path.is_file()
    is_other = asked != (params.base_url, params.model)
    if is_here or is_other or version.is_replaced or not _costs(params):
        return
    raise TeacherError(
        f"{version.path}: dvc.lock says that this teacher has answered, but neither DVC's cache "
        f"nor its remote has the file ({type(error).__name__}: {error}); make the remote reachable "
        f"and `dvc pull {version.path} --force`, or set {PAY_AGAIN}=1 to pay for the answers again"
    )
