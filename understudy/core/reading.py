r"""Text files as people hand them in: UTF-8, with or without a byte order mark.

Every text file that a person may edit or merge is opened here, so that each reader tells another
encoding, or a merge conflict that was not resolved, in the same words. Where lines are rows, only
\n and \r\n end a line; U+2028, U+0085, \v, \f and a lone \r are characters of the text.
"""

import re
import shlex
from collections.abc import Iterator
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from understudy.core.errors import DataError, one_line

MARKS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32"} | dict.fromkeys(
    (b"\xff\xfe", b"\xfe\xff"), "UTF-16"
)
"""Byte order marks of encodings other than UTF-8; the longer ones come first."""
BEGIN, END = re.compile(r"<{7}( |$)"), re.compile(r">{7}( |$)")
HEAD = 1024


class ConflictWatch:
    """Sees a file's lines in order, and raises DataError when Git's three markers have come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begin: tuple[int, str] | None = None
        self._is_parted = False

    def see(self, number: int, line: str) -> None:
        """Takes the line of a number that counts from 1.

        A lone ======= is an underline, and one marker of a kind may be a quotation: only all
        three in their order count.
        """
        line = line.rstrip("\r\n")
        if BEGIN.match(line):
            self._begin, self._is_parted = (number, line), False
        elif self._begin and line == "=======":
            self._is_parted = True
        elif self._begin and self._is_parted and END.match(line):
            first, marker = self._begin
            raise DataError(
                f"{self._path}:{first}: a merge conflict is not resolved ({one_line(marker)[:60]});"
                f" keep one side, and delete the marker lines down to line {number}"
            )


def read_text(path: Path) -> str:
    """Reads a whole file; its lines end with a line feed.

    Raises:
        OSError: the file is absent or unreadable.
        DataError: it is not UTF-8, or has a merge conflict in it.
    """
    content = path.read_bytes()
    check_encoding(path, content[:HEAD])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        first = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}: line {first}: the byte 0x{content[error.start]:02x} is not UTF-8; save it "
            f"as UTF-8: {_convert(path, 'WINDOWS-1252')} does so for Western European text"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    watch = ConflictWatch(path)
    for number, line in enumerate(text.split("\n"), start=1):
        watch.see(number, line)
    return text


def find_text_error(path: Path) -> str | None:
    """Why `read_text` refuses a file that is there; None where it does not."""
    try:
        read_text(path)
    except (OSError, DataError) as error:
        return one_line(error)
    return None


def open_lines(file: BinaryIO, path: Path, newline: str = "\n") -> TextIOWrapper:
    """Text of a file or pipe that was opened as bytes, without its byte order mark.

    Bytes that are no UTF-8 become surrogates, so that one bad row is rejected, not the file.

    Args:
        file: opened for reading; it is closed with the result.
        path: what messages call it.
        newline: as in `open`: what ends a line.

    Raises:
        DataError: it is in another encoding.
    """
    buffer = file if isinstance(file, BufferedReader) else BufferedReader(file)  # type: ignore[type-var]
    try:
        check_encoding(path, buffer.peek(HEAD)[:HEAD])
    except DataError:
        buffer.close()
        raise
    return TextIOWrapper(buffer, encoding="utf-8-sig", errors="surrogateescape", newline=newline)


def iterate_lines(file: BinaryIO, path: Path) -> Iterator[tuple[int, str]]:
    """Yields the number, from 1, and the text of each line, without its end.

    Raises:
        DataError: as in `open_lines`, or there is a merge conflict.
    """
    watch = ConflictWatch(path)
    with open_lines(file, path) as lines:
        for number, line in enumerate(lines, start=1):
            watch.see(number, line)
            yield number, line.removesuffix("\n").removesuffix("\r")


def check_encoding(path: Path, head: bytes) -> None:
    """Raises DataError for a file that begins as text in UTF-16 or UTF-32 does."""
    name = next((name for mark, name in MARKS.items() if head.startswith(mark)), None)
    if name is None and head.count(0) * 4 > len(head):  # most characters have a byte 0 in UTF-16
        name = "UTF-16LE" if head[1::2].count(0) > head[::2].count(0) else "UTF-16BE"
    if name is not None:
        raise DataError(f"{path}: this is {name}, expected UTF-8: {_convert(path, name)}")


def _convert(path: Path, encoding: str) -> str:
    return f"`iconv -f {encoding} -t UTF-8 {shlex.quote(str(path))} > NEW`"
