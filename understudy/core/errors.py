"""Every failure that a user can fix is an UnderstudyError: one line, never a traceback.

UnderstudyError
├── ParamsError       params.yaml: the dotted key, its value and what was expected
├── DataError         a file, column or row that cannot be used
├── StudentError      a model that cannot be loaded or trained
└── TeacherError      a chat endpoint that cannot be used (understudy/teacher/errors.py)
"""

import difflib
import gc
import os
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

NO_READER = 141
"""Exit status as by SIGPIPE, which shells expect of `… | head`."""

PLAIN = {
    "bool_type": "true or false",
    "dict_type": "keys with values",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list such as [1, 2]",
    "too_short": "a list that is not empty",
    "model_type": "keys with values",
    "string_too_short": "text that is not empty",
    "string_type": "text",
}
"""What pydantic expected, by the type of its error, where its own words are a programmer's."""


OBJECTS = 100_000
"""New ones after which garbage is looked for; at Python's 700, a seventh of importing torch and
transformers goes into looking."""


class UnderstudyError(Exception):
    """Says the value, what was expected and what to do next."""


class ParamsError(UnderstudyError):
    """A key of params.yaml that cannot be used."""


class DataError(UnderstudyError):
    """A file, column or row that cannot be used."""


class StudentError(UnderstudyError):
    """A student model that cannot be loaded or trained."""


def run(main: Callable[[], None]) -> None:
    """Runs a stage as a command: exit status 1 and one line on stderr for a known failure.

    When the reader of its output has gone, as in `… | head`, it ends quietly.
    """
    gc.set_threshold(OBJECTS)
    try:
        try:
            main()
        except UnderstudyError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)
        except KeyboardInterrupt:
            print("interrupted: run the same command again", file=sys.stderr)
            sys.exit(130)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if not any([_let_go(sys.stdout), _let_go(sys.stderr)]):
            raise
        sys.exit(NO_READER)


def _let_go(stream: TextIO) -> bool:
    """Whether nobody reads a stream any more; what Python still writes to it at its end is lost."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # no file, or closed
        return False
    state = select.poll()
    state.register(number, 0)
    if not any(event & (select.POLLERR | select.POLLHUP) for _, event in state.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    return True


def one_line(text: object) -> str:
    """A text's, or an error's, printable characters with single spaces between words."""
    shown = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return " ".join(shown.split())


def say_expected(problem: Mapping[str, Any]) -> str:
    """What was expected of a value that pydantic refused; `problem` is one of its errors."""
    plain, message = PLAIN.get(problem["type"]), str(problem["msg"]).removeprefix("Value error, ")
    return f"expected {plain}" if plain else message.replace("Input should be", "expected", 1)


def suggest(name: str, known: Sequence[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or all of them."""
    for close in difflib.get_close_matches(name, known, n=1):
        return f"; did you mean '{close}'?"
    return f"; expected one of {', '.join(known)}" if known else ""
