"""Records of CSV files, whatever separates their fields.

The module `csv` reads a quote that was never closed as one long text, up to the next quote or the
end of the file, and the rows in it are gone. Here that is an error.
"""

import csv
import re
import sys
from collections.abc import Collection, Iterator
from io import TextIOWrapper
from itertools import chain, pairwise
from pathlib import Path

from understudy.core.errors import DataError, one_line
from understudy.core.reading import ConflictWatch

DELIMITERS = ",;\t|"
QUOTED = re.compile(r'"[^"]*+(?:""[^"]*+)*+("?)')
"""A field from its quote on; the group is empty where none closes it."""
SENTENCE_ENDS = tuple(".!?")
BREAK = re.compile(r"\r\n|\r|\n")


class _Lines:
    """Gives `csv` one line at a time, and remembers those of the current record."""

    def __init__(self, lines: TextIOWrapper, path: Path) -> None:
        self._lines: Iterator[str] = lines
        self._watch = ConflictWatch(path)
        self.number = 0
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.record.append(line)
        if len(self.record) == 1:  # what stands inside of quotes is text
            self._watch.see(self.number, line)
        return line

    def read_header(self) -> list[str]:
        """The first line that is not blank, with those that an open quote in it may need."""
        for line in self:
            if not line.strip() and len(self.record) == 1:
                self.record = []
            elif sum(part.count('"') for part in self.record) % 2 == 0:
                break
        return self.record

    def put_back(self, lines: list[str]) -> None:
        """Lines that were read last, to be read again."""
        self._lines, self.number = chain(lines, self._lines), self.number - len(lines)

    @property
    def first(self) -> int:
        """Number of the current record's first line."""
        return self.number - len(self.record) + 1


class Records:
    """The header and the records of an open CSV file."""

    def __init__(self, lines: TextIOWrapper, path: Path, wanted: Collection[str] = ()) -> None:
        """Reads the header.

        Args:
            lines: opened with newline="".
            path: what messages call it.
            wanted: columns that tell which character separates fields.

        Raises:
            DataError: the header has a quote that is not closed.
        """
        csv.field_size_limit(sys.maxsize)
        self._path, self._lines, self._wanted = path, _Lines(lines, path), wanted
        self.names: list[str] = []
        header = self._lines.read_header()
        found = {mark: _split(header, mark) for mark in DELIMITERS}
        fits = [mark for mark in DELIMITERS if set(wanted) <= set(found[mark][0])]
        usual = max(DELIMITERS, key="".join(header[:1]).count)
        self._mark = fits[0] if fits and wanted else usual
        self.names, used = found[self._mark]
        if header and (not self.names or (used > 1 and not fits)):
            raise self._open_quote(*self._find_open_quote())
        if used > 1:
            self._check_swallowed(self.names, None)
        self._lines.put_back(header[used:])

    def read(self, id_column: str | None = None) -> Iterator[list[str] | str]:
        """Yields each record's fields, or why it has none.

        Args:
            id_column: the column whose values tell rows from text, where the file has one.

        Raises:
            DataError: a quote that was not closed swallowed rows, or there is a merge conflict.
        """
        records = csv.reader(self._lines, delimiter=self._mark, strict=True)
        key = self.names.index(id_column) if id_column in self.names else None
        self._shapes = set[str]()
        while True:
            self._lines.record = []
            try:
                fields = next(records)
            except StopIteration:
                return
            except csv.Error as error:
                line, column, is_closed = self._find_open_quote()
                if not is_closed or len(self._lines.record) > 1:
                    raise self._open_quote(line, column, is_closed) from None
                yield f"row: not valid CSV: {error}"
                continue
            if not fields:
                continue
            if key is not None and key < len(fields):
                self._shapes.add(_shape(fields[key]))
            if len(self._lines.record) > 1:
                self._check_swallowed(fields, key)
            yield fields

    def _check_swallowed(self, fields: list[str], key: int | None) -> None:
        line = self._lines.first
        for column, text in enumerate(fields):
            breaks = len(BREAK.findall(text))
            if breaks and (column == key or self._holds_rows(fields, column, key)):
                raise self._open_quote(line, column, is_closed=True)
            line += breaks

    def _holds_rows(self, fields: list[str], column: int, key: int | None) -> bool:
        """Whether a text of several lines is the end of a row, whole rows, and the start of one."""
        width, lines = len(self.names), BREAK.split(fields[column])
        parts = [line.split(self._mark) for line in lines]
        last = width - (len(fields) - column - 1)
        if [len(line) for line in parts] != [width - column, *[width] * (len(parts) - 2), last]:
            return False
        gaps = [pair for line in parts for pair in pairwise(line)]
        # prose has a space after a comma, and numbers have digits on both sides of one
        if any(after[:1].isspace() for _, after in gaps):
            return False
        for offset, line in zip((column, *[0] * len(parts)), parts, strict=False):
            for at, part in enumerate(line, start=offset):
                if self.names[at] in self._wanted and not part.strip():
                    return False
        ids = [line[key] for line in parts[1:] if key is not None and key < len(line)]
        if ids:
            return sum(_shape(found) in self._shapes for found in ids) * 2 > len(ids)
        tight = not any(a[-1:].isdigit() and b[:1].isdigit() for a, b in gaps)
        only = gaps[0][0][-1:] if len(gaps) == 1 else "."
        return tight and bool(gaps) and (self._mark != "," or only in SENTENCE_ENDS)

    def _find_open_quote(self) -> tuple[int, int, bool]:
        """Line, column and whether it ends, of the current record's quote that is out of place."""
        text, column, at, opened = "".join(self._lines.record), 0, 0, (0, 0)
        end_of_field = re.compile(f"[{re.escape(self._mark)}\r\n]")
        while True:
            if quoted := QUOTED.match(text, at):
                opened, at = (at, column), quoted.end()
                if not quoted[1] or text[at : at + 1] not in (self._mark, "\r", "\n", ""):
                    break
            end = end_of_field.search(text, at)
            if end is None or end[0] != self._mark:
                break
            column, at = column + 1, end.end()
        is_closed = not (quoted and not quoted[1])
        line = self._lines.first + len(BREAK.findall(text[: opened[0]]))
        return line, opened[1], is_closed

    def _open_quote(self, line: int, column: int, is_closed: bool) -> DataError:
        known = column < len(self.names) and line > 1
        name = f"column '{one_line(self.names[column])}'" if known else f"column {column + 1}"
        last = self._lines.number
        end = f"ends only in line {last}" if is_closed else "is never closed"
        lost = f", so lines {line} to {last} became one text" if last > line else ""
        return DataError(
            f"{self._path}:{line}: a quote that begins in {name} {end}{lost}; "
            'close it where its text ends, or double it ("") where it belongs to the text'
        )


def _split(header: list[str], mark: str) -> tuple[list[str], int]:
    """The names in a header, and how many lines they take; none where it cannot be read."""
    reader = csv.reader(header, delimiter=mark, strict=True)
    try:
        return next(reader, []), reader.line_num
    except csv.Error:
        return [], 0


def _shape(value: str) -> str:
    """The same for ids of one kind: each run of letters is an a, or a 9 with a digit in it."""
    return re.sub(
        r"[^\W_]+", lambda run: "9" if any(map(str.isdigit, run[0])) else "a", value.strip()
    )
