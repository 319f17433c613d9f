"""Any file of articles in, a file of summaries out, row by row."""

import csv
import json
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from understudy.core.errors import DataError
from understudy.core.files import replacing
from understudy.core.tables import table_writer, text_columns
from understudy.rows.raw import RawRow, find_text_problem
from understudy.rows.reader import ENCODING, READERS, read_file
from understudy.students.decoding.decoding import decode
from understudy.students.decoding.engines import open_engine
from understudy.students.decoding.generation import read_generation_config

STDIN = Path("-")
LINES = ".txt"
COLUMNS = ("id", "prediction")
MEND = "give a file of articles with --input, and its column with --column"
Write = Callable[[str, str | None], None]


def summarize_file(
    model: Path, source: Path, out: Path | None, column: str, tokens_per_batch: int
) -> None:
    """Writes a summary, under the row's `id` or number, for each row of a file.

    A row without a usable article gets an empty prediction, and is named on stderr.

    Args:
        model: a model folder; its own settings say how it decodes.
        source: .jsonl, .csv or .parquet with the column, .txt with an article a line, or - for
            such lines from stdin.
        out: .jsonl, .csv, .parquet or .txt; None for JSON lines on stdout.
        column: which one holds the articles.
        tokens_per_batch: as in the section `predict`.

    Raises:
        DataError: a file cannot be read or written.
        StudentError: the model cannot be used.
    """
    rows = _read(source, column)
    params = read_generation_config(model, tokens_per_batch)
    with _writing(out) as write:
        engine = open_engine(model, params.engine)
        waiting: deque[tuple[RawRow, str | None]] = deque()
        written, label = 0, f"predict {model.name}"
        for summary in decode(engine, _texts(rows, waiting), params, label, None):
            _write_unusable(waiting, write)
            row, _ = waiting.popleft()
            write(_name(row), summary)
            written += 1
        if waiting and not written:
            row, problem = waiting[0]
            raise DataError(
                f"{source}: none of {len(waiting)} rows has a usable '{column}' (row {row.number}: "
                f"{problem}); {MEND}"
            )
        _write_unusable(waiting, write)


def _read(source: Path, column: str) -> Iterator[RawRow]:
    if source == STDIN:
        lines = TextIOWrapper(sys.stdin.buffer, **ENCODING)  # type: ignore[arg-type]
        return _read_lines(lines, "stdin")
    if source.suffix.lower() != LINES:
        return read_file(source, {"id": "id", "article": column}, MEND)
    return _read_text(source)


def _read_text(source: Path) -> Iterator[RawRow]:
    try:
        with source.open(**ENCODING) as lines:  # type: ignore[call-overload]
            yield from _read_lines(lines, str(source))
    except OSError as error:
        raise DataError(f"{source}: not a readable text file ({error.strerror}); {MEND}") from None


def _read_lines(lines: Iterable[str], name: str) -> Iterator[RawRow]:
    for number, line in enumerate(lines, start=1):
        yield RawRow(name, number, {"article": line.rstrip("\n")})


def _texts(rows: Iterable[RawRow], waiting: deque[tuple[RawRow, str | None]]) -> Iterator[str]:
    """Yields usable articles; all rows are put to `waiting`, unusable ones with their problem."""
    for row in rows:
        article = row.values.get("article")
        problem = row.problem or find_text_problem(article)
        waiting.append((row, problem))
        if problem is None:
            yield str(article)


def _write_unusable(waiting: deque[tuple[RawRow, str | None]], write: Write) -> None:
    while waiting and waiting[0][1] is not None:
        row, problem = waiting.popleft()
        print(f"{row.file}: row {row.number} has no summary: {problem}", file=sys.stderr)
        write(_name(row), None)


def _name(row: RawRow) -> str:
    identity = row.values.get("id")
    if identity is None:
        return str(row.number)
    if find_text_problem(str(identity)) == "not UTF-8":
        print(
            f"{row.file}: row {row.number}: its id is not UTF-8; its number stands for it",
            file=sys.stderr,
        )
        return str(row.number)
    return str(identity)


@contextmanager
def _writing(out: Path | None) -> Iterator[Write]:
    if out is None:
        yield lambda identity, text: print(_to_json(identity, text), flush=True)
        return
    kind = out.suffix.lower()
    if kind not in (*READERS, LINES):
        expected = ", ".join((*READERS, LINES))
        raise DataError(f"{out}: expected a file ending in {expected} for --output")
    if out.is_dir():
        raise DataError(f"{out}: a folder stands there; name another file with --output")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out.parent).close()
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror}); name another file") from None
    if kind == ".parquet":
        with table_writer(out, text_columns(*COLUMNS)) as table:
            yield lambda identity, text: table.add({"id": identity, "prediction": text})
        return
    with replacing(out) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        if kind == ".csv":
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            yield lambda identity, text: writer.writerow((identity, text))
        elif kind == LINES:
            yield lambda _, text: print(" ".join((text or "").split()), file=file)
        else:
            yield lambda identity, text: print(_to_json(identity, text), file=file)


def _to_json(identity: str, text: str | None) -> str:
    return json.dumps({"id": identity, "prediction": text}, ensure_ascii=False)
