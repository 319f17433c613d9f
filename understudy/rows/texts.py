"""References and predictions from files of any kind, brought into the same order."""

from dataclasses import dataclass
from pathlib import Path

from understudy.core.errors import DataError
from understudy.rows.reader import Hints, read_file


@dataclass(frozen=True)
class Texts:
    """A file's texts, in its order."""

    path: Path
    texts: list[str]
    ids: list[str] | None
    """One a text, no two alike; None where a row has none."""


def read_texts(path: Path, column: str, option: str) -> Texts:
    """Reads the texts of a file, and their ids where every row has one.

    An empty text is one: a system that says nothing scores nothing.

    Args:
        path: .txt with a text a line, or .jsonl, .csv or .parquet.
        column: which column holds the texts, where there are columns.
        option: what names that column on the command line.

    Raises:
        DataError: the file cannot be read, has a row without text, or an id twice.
    """
    give = "give the path of a .jsonl, .csv, .parquet or .txt file"
    hints = Hints(give, f"name its column with {option}")
    rows = list(read_file(path, {"id": "id", "text": column}, hints))
    if not rows:
        raise DataError(f"{path}: the file has no rows; {give}")
    for row in rows:
        text = row.values.get("text")
        if row.problem:
            raise DataError(f"{path}: row {row.number}: {row.problem}")
        if not isinstance(text, str):
            found = "nothing" if text is None else type(text).__name__
            problem = f"expected text in '{column}', found {found}; {hints.column}"
            raise DataError(f"{path}: row {row.number}: {problem}")
    texts = [row.values["text"] for row in rows]
    if any(row.values.get("id") is None for row in rows):
        return Texts(path, texts, None)
    ids = [str(row.values["id"]) for row in rows]
    seen = set[str]()
    for row, identity in zip(rows, ids, strict=True):
        if identity in seen:
            raise DataError(f"{path}: row {row.number}: id {identity!r} was there before")
        seen.add(identity)
    return Texts(path, texts, ids)


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
