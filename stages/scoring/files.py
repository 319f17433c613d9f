"""References and predictions from files of any kind, row by row."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from stages.corpus.files import read_file
from stages.corpus.rows import RawRow
from stages.errors import DataError

TEXT = ".txt"


def read_texts(path: Path, column: str, option: str) -> dict[str, str]:
    """The texts of a file by their ids, or by their row numbers where it has no ids.

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
    numbered = any(row.values.get("id") is None for row in rows)
    texts: dict[str, str] = {}
    for row in rows:
        if row.problem:
            raise DataError(f"{path}: row {row.number}: {row.problem}")
        key = str(row.number if numbered else row.values["id"])
        if key in texts:
            raise DataError(f"{path}: row {row.number}: id {key!r} was there before")
        texts[key] = _as_text(row, column, mend)
    return texts


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


def align(references: Mapping[str, str], predictions: Mapping[str, str], path: Path) -> list[str]:
    """The predictions in the order of the references.

    Raises:
        DataError: a reference has no prediction, or the other way round.
    """
    for name, only in (
        ("prediction", references.keys() - predictions.keys()),
        ("reference", predictions.keys() - references.keys()),
    ):
        if only:
            raise DataError(
                f"{path}: {len(only):,} rows have no {name}, such as {min(only)!r}; "
                f"{len(references):,} references, {len(predictions):,} predictions"
            )
    return [predictions[key] for key in references]
