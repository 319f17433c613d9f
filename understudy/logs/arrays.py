"""The elements of a file that is one JSON array, without the whole file in memory."""

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from typing import IO, Any

from understudy.logs.logged import RejectedError
from understudy.texts.encoding import is_utf8

CHUNK = 2**20
ENDS = "the array is damaged or ends "
SPACE = re.compile(r"[ \t\r\n]*")


class _Text:
    """The text of a file, of which only a window is in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        # Bytes that are no UTF-8 become surrogates: one bad element is rejected, not the file.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.window, self.at, self.is_whole = "", 0, False

    def read_on(self, size: int) -> None:
        """Drops what was read, and takes more of the file into the window."""
        try:
            data = self._file.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            data = b""
        self.is_whole = not data
        self.window = self.window[self.at :] + self._decoder.decode(data, final=self.is_whole)
        self.at = 0

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            found = SPACE.match(self.window, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.window) or self.is_whole:
                return self.window[self.at : self.at + 1]
            self.read_on(CHUNK)

    def take(self) -> str:
        """The same, and goes on behind it."""
        mark = self.peek()
        self.at += len(mark)
        return mark


def iterate_elements(file: IO[bytes], largest: int) -> Iterator[Any]:
    """Yields each element; a RejectedError in place of one that cannot be read.

    Nobody can tell where a broken element ends, so that it is the last.

    Args:
        file: begins with the array's bracket, after a byte order mark and spaces.
        largest: characters of an element at most.
    """
    text, decoder = _Text(file), json.JSONDecoder()
    if text.take() == "\ufeff":
        text.take()
    if text.peek() != "]":
        mark = ","
        while mark == ",":
            text.peek()
            try:
                yield _read_element(text, decoder, largest)
            except RejectedError as error:
                yield error
                return
            mark = text.take()
        if mark != "]":
            yield RejectedError("not_json", f"{ENDS}after this element")
            return
    else:
        text.take()
    if text.peek():
        yield RejectedError("not_json", "there is more after the array")


def _read_element(text: _Text, decoder: json.JSONDecoder, largest: int) -> Any:
    """The next element, or the error that it alone is.

    Raises:
        RejectedError: it does not end, or not within the largest size.
    """
    size = CHUNK
    while (found := _decode(text, decoder)) is None:
        if text.is_whole:
            raise RejectedError("not_json", f"{ENDS}here")
        if len(text.window) - text.at > largest:
            raise RejectedError("too_large", f"or damaged; {ENDS}here")
        text.read_on(size)
        size *= 2
    [value], end = found
    element, text.at = text.window[text.at : end], end
    if len(element) > largest:
        return RejectedError("too_large")
    return value if is_utf8(element) else RejectedError("not_json", "not UTF-8")


def _decode(text: _Text, decoder: json.JSONDecoder) -> tuple[list[Any], int] | None:
    """What the window begins with, and where it ends; None where that may not be all of it."""
    try:
        value, end = decoder.raw_decode(text.window, text.at)
    except RecursionError:
        raise RejectedError("not_json", f"nested too deeply; {ENDS}here") from None
    except ValueError:
        return None
    # A number at the end of the window may go on.
    return ([value], end) if end < len(text.window) or text.is_whole else None
