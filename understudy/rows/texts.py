"""References and predictions from files of any kind, brought into the same order."""

import sys
from dataclasses import dataclass
from pathlib import Path

from understudy.core.errors import DataError
from understudy.rows.raw import RawRow, normalize_id
from understudy.rows.reader import Hints, check_file, find_column, read_file


@dataclass(frozen=True)
class Texts:
    """A file's texts, in its order."""

    path: Path
    texts: list[str]
    ids: list[str] | None
    """One a text, no two alike; None where a row has none."""


def read_texts(path: Path, column: str, option: str, *, may_lack: bool = False) -> Texts:
    """Reads the texts of a file, and their ids where every row has one.

    An empty text is one: a system that says nothing scores nothing.

    Args:
        path: .txt with a text a line, or .jsonl, .csv or .parquet.
        column: which column holds the texts, where there are several.
        option: what names that column on the command line.
        may_lack: take a row with null, as `understudy predict` writes for one that it could not
            use, for an empty text, and say on stderr how many texts are empty.

    Raises:
        DataError: the file cannot be read, has a row without text, or an id twice.
    """
    give = "give the path of a .jsonl, .csv, .parquet or .txt file"
    hints = Hints(give, f"name its column with {option}")
    check_file(path, {"text": column}, hints)
    column = find_column(path, column, hints)
    rows = list(read_file(path, {"id": "id", "text": column}, hints))
    if not rows:
        raise DataError(f"{path}: the file has no rows; {give}")
    texts = [_take_text(row, path, column, hints, may_lack=may_lack) for row in rows]
    if may_lack and (empty := sum(not text.strip() for text in texts)):
        print(f"{path}: {empty:,} of {len(texts):,} predictions are empty", file=sys.stderr)
    ids, seen = [], set[str]()
    for row in rows:
        identity = _take_id(row, path)
        if identity is not None and identity in seen:
            raise DataError(f"{path}: row {row.number}: id {identity!r} was there before")
        if identity is not None:
            seen.add(identity)
            ids.append(identity)
    return Texts(path, texts, ids if len(ids) == len(rows) else None)


def _take_text(row: RawRow, path: Path, column: str, hints: Hints, *, may_lack: bool) -> str:
    if row.problem:
        raise DataError(f"{path}: row {row.number}: {row.problem}")
    text = row.values.get("text")
    if text is None and may_lack:
        return ""
    if not isinstance(text, str):
        found = "nothing" if text is None else type(text).__name__
        problem = f"expected text in '{column}', found {found}; {hints.column}"
        raise DataError(f"{path}: row {row.number}: {problem}")
    return text


def _take_id(row: RawRow, path: Path) -> str | None:
    try:
        return normalize_id(row.values.get("id"))
    except ValueError as error:
        raise DataError(f"{path}: row {row.number}: id: {error}") from None


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
