"""References and predictions from files of any kind, row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.core.errors import DataError
from understudy.rows.raw import RawRow
from understudy.rows.reader import read_file

TEXT = ".txt"


@dataclass(frozen=True)
class Texts:
    """A file's texts, in its order."""

    path: Path
    texts: list[str]
    ids: list[str] | None
    """One a text, no two alike; None where a row has none."""


def read_texts(path: Path, column: str, option: str) -> Texts:
    """The texts of a file, and their ids where all have one.

    An empty text is one: a system that says nothing scores nothing.

    Args:
        path: .txt with a text a line, or .jsonl, .csv or .parquet.
        column: which column holds the texts, where there are columns.
        option: what names that column on the command line.

    Raises:
        DataError: the file cannot be read, has a row without text, or an id twice.
    """
    mend = f"name its column with {option}"
    rows = list(
        _read_lines(path) if path.suffix.lower() == TEXT else _read_rows(path, column, mend)
    )
    for row in rows:
        if row.problem:
            raise DataError(f"{path}: row {row.number}: {row.problem}")
    texts = [_as_text(row, column, mend) for row in rows]
    if any(row.values.get("id") is None for row in rows):
        return Texts(path, texts, None)
    return Texts(path, texts, _read_ids(path, rows))


def _read_ids(path: Path, rows: Sequence[RawRow]) -> list[str]:
    ids: dict[str, None] = {}
    for row in rows:
        identity = str(row.values["id"])
        if identity in ids:
            raise DataError(f"{path}: row {row.number}: id {identity!r} was there before")
        ids[identity] = None
    return list(ids)


def _read_rows(path: Path, column: str, mend: str) -> Iterator[RawRow]:
    return read_file(path, {"id": "id", "text": column}, mend)


def _read_lines(path: Path) -> Iterator[RawRow]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise DataError(f"{path}: not a readable text file: {problem}") from None
    for number, line in enumerate(lines, start=1):
        yield RawRow(str(path), number, {"text": line})


def _as_text(row: RawRow, column: str, mend: str) -> str:
    text = row.values.get("text")
    if not isinstance(text, str):
        found = "nothing" if text is None else type(text).__name__
        raise DataError(
            f"{row.file}: row {row.number}: expected text in '{column}', found {found}; {mend}"
        )
    return text


def align(references: Texts, predictions: Texts) -> list[str]:
    """The predictions in the order of the references: by id where both have ids, else by row.

    Raises:
        DataError: a reference has no prediction, or the other way round.
    """
    if references.ids is None or predictions.ids is None:
        counts = len(references.texts), len(predictions.texts)
        if counts[0] != counts[1]:
            raise DataError(
                f"{predictions.path}: {counts[1]:,} predictions for {counts[0]:,} references; "
                "expected as many, or an id for each row of both"
            )
        return predictions.texts
    found = dict(zip(predictions.ids, predictions.texts, strict=True))
    for name, only in (
        ("prediction", set(references.ids) - found.keys()),
        ("reference", found.keys() - set(references.ids)),
    ):
        if only:
            raise DataError(
                f"{predictions.path}: {len(only):,} rows have no {name}, such as {min(only)!r}; "
                f"{len(references.ids):,} references, {len(found):,} predictions"
            )
    return [found[identity] for identity in references.ids]
