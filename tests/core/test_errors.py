"""Messages for people: one line, whatever they quote."""

import os
import subprocess
import sys

import pytest

from understudy.core.errors import one_line

PRINTS = """
import os, sys
from understudy.core.errors import UnderstudyError, run

def main():
    stream = getattr(sys, sys.argv[1])
    for _ in range(int(sys.argv[2])):
        print("x" * 100, file=stream, flush=sys.argv[3] == "flush")
    if sys.argv[3] == "fail":
        raise UnderstudyError("no such thing")
    if sys.argv[3] == "socket":
        raise BrokenPipeError("a socket's")

run(main)
"""


def print_to_nobody(stream: str, lines: int, end: str) -> tuple[int, str]:
    """Exit status and what stderr says, where nobody reads what a command prints to a stream."""
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, stream: writer}
    command = [sys.executable, "-c", PRINTS, stream, str(lines), end]
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    try:
        done = subprocess.run(command, **streams, env=buffered, text=True, check=False)  # type: ignore[call-overload]
    finally:
        os.close(writer)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("end", ["flush", "buffer"])
@pytest.mark.parametrize("lines", [1, 10_000])
def test_a_command_whose_reader_has_gone_ends_quietly(lines: int, end: str) -> None:
    assert print_to_nobody("stdout", lines, end) == (141, "")


def test_notices_that_nobody_reads_do_not_hide_a_failure() -> None:
    assert print_to_nobody("stdout", 1, "fail")[1] == "error: no such thing\n"
    assert print_to_nobody("stderr", 1, "flush")[0] == 141
    command = [sys.executable, "-c", PRINTS, "stdout", "0", "socket"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "a socket's" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" a\n\n b\t", "a b"),
        ("a\x1b[31mb\u202ec", "a [31mb c"),
        (ValueError("x\ny"), "x y"),
        ("", ""),
    ],
)
def test_texts_and_errors_become_one_line_that_can_be_printed(text: object, shown: str) -> None:
    assert one_line(text) == shown
