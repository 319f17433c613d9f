"""Any file of articles in, a file of summaries out, row by row."""

import csv
import json
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from understudy.contract.predictions import PREDICTIONS_SCHEMA
from understudy.core.errors import DataError, StudentError
from understudy.core.files import replacing
from understudy.core.tables import table_writer, text_columns
from understudy.rows.raw import RawRow, find_text_problem, normalize_id
from understudy.rows.reader import READERS, STDIN, TEXT, Hints, read_file
from understudy.students.decoding.decoding import decode
from understudy.students.decoding.engines import open_engine
from understudy.students.decoding.generation import read_generation_config
from understudy.students.decoding.protocol import Engine
from understudy.texts.redaction import Redactor

COLUMNS = tuple(PREDICTIONS_SCHEMA)
HINTS = Hints("give a file of articles with --input", "name its column with --column")
Write = Callable[[str, str | None], None]


class Summarizer:
    """A model folder that summarizes files; the model is loaded once, when it is first needed."""

    def __init__(
        self,
        model: Path,
        column: str,
        tokens_per_batch: int,
        redactor: Redactor | None = None,
        threads: int | None = None,
    ) -> None:
        """Reads the folder's settings.

        Args:
            model: a model folder; its own settings say how it decodes.
            column: which one holds the articles.
            tokens_per_batch: as in the section `predict`.
            redactor: replaces personal data in the articles.
            threads: see `open_engine`.

        Raises:
            StudentError: the settings cannot be used.
        """
        self._params = read_generation_config(model, tokens_per_batch)
        self._model, self._column, self._threads = model, column, threads
        self._redactor = redactor

    @cached_property
    def engine(self) -> Engine:
        """The loaded model; a StudentError says why it cannot be used."""
        return open_engine(self._model, self._params.engine, self._threads)

    def summarize(self, source: Path, out: Path | None, name: str | None = None) -> None:
        """Writes a summary, under the row's `id` or number, for each row of a file.

        A row without a usable article gets an empty prediction, and is named on stderr.

        Args:
            source: .jsonl, .csv or .parquet with the column, .txt with an article a line, or - for
                such lines from stdin.
            out: .jsonl, .csv, .parquet or .txt; None for JSON lines on stdout.
            name: of the file, for messages, where it is one of many; None for its path.

        Raises:
            DataError: a file cannot be read or written.
            StudentError: the model cannot be used.
        """
        columns = {"id": "id", "article": self._column}
        if source != STDIN:  # a damaged file stops here, not after hours
            deque(read_file(source, columns, HINTS), maxlen=0)
        waiting: deque[tuple[RawRow, str | None]] = deque()

        def usable() -> Iterator[str]:
            """Yields usable articles; all go to `waiting`, unusable ones with their problem."""
            for row in read_file(source, columns, HINTS):
                problem = row.problem or find_text_problem(row.values["article"])
                waiting.append((row if name is None else replace(row, file=name), problem))
                if problem is None:
                    article = row.values["article"]
                    yield self._redactor.redact(article)[0] if self._redactor else article

        def write_unusable() -> None:
            while waiting and waiting[0][1] is not None:
                row, problem = waiting.popleft()
                print(f"{row.file}: row {row.number} has no summary: {problem}", file=sys.stderr)
                write(_identify(row), None)

        with open_output(out) as write:
            written, label = 0, f"predict {name or self._model.name}"
            for summary in decode(self.engine, usable(), self._params, label, None):
                write_unusable()
                write(_identify(waiting.popleft()[0]), summary)
                written += 1
            if waiting and not written:
                row, problem = waiting[0]
                raise DataError(
                    f"{source}: none of {len(waiting)} rows has a usable '{self._column}' "
                    f"(row {row.number}: {problem}); {HINTS.file}, or {HINTS.column}"
                )
            write_unusable()


def check_model(folder: Path) -> None:
    """Refuses a folder that is not there, before any work."""
    if not any((folder / name).is_file() for name in ("config.json", "settings.json")):
        problem = "no config.json in it" if folder.is_dir() else "no such folder"
        raise StudentError(
            f"{folder}: {problem}; expected a model folder; `dvc repro` makes those in models/"
        )


def summarize_file(
    model: Path,
    source: Path,
    out: Path | None,
    column: str,
    tokens_per_batch: int,
    redactor: Redactor | None = None,
) -> None:
    """Summarizes one file; see `Summarizer` for arguments and errors."""
    Summarizer(model, column, tokens_per_batch, redactor).summarize(source, out)


def _identify(row: RawRow) -> str:
    try:
        return normalize_id(row.values.get("id")) or str(row.number)
    except ValueError as error:
        problem = f"its id is {error}, so its number is used"
        print(f"{row.file}: row {row.number}: {problem}", file=sys.stderr)
        return str(row.number)


@contextmanager
def open_output(out: Path | None) -> Iterator[Write]:
    """Yields what writes a row; the file appears under its name when the block succeeds."""
    if out is None:
        yield lambda identity, text: print(_to_json(identity, text), flush=True)
        return
    kind = out.suffix.lower()
    if kind not in READERS:
        raise DataError(f"{out}: expected a file ending in {', '.join(READERS)} for --output")
    if out.is_dir():
        raise DataError(f"{out}: this is a folder; name another file with --output")
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
        elif kind == TEXT:
            yield lambda _, text: print(" ".join((text or "").split()), file=file)
        else:
            yield lambda identity, text: print(_to_json(identity, text), file=file)


def _to_json(identity: str, text: str | None) -> str:
    return json.dumps({"id": identity, "prediction": text}, ensure_ascii=False)
