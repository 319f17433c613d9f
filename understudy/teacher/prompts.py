"""Prompts: templates in which `$article` or another column stands for a row's text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

from understudy.contract.answers import Answer
from understudy.contract.kind import this_kind
from understudy.contract.pairs import GOLD
from understudy.contract.params.usable import NO_FIELD, NOT_JSON
from understudy.core.errors import suggest
from understudy.core.tables import iterate_table, list_columns
from understudy.teacher.errors import PromptError
from understudy.teacher.json_answers import read_text
from understudy.teacher.matching import Matcher
from understudy.teacher.prompt_files import read_prompt_file
from understudy.teacher.requests import Message, Question

ARTICLE = "article"
"""The variable for a row's whole input."""


class Prompt:
    """A template with variables, and how its answers are read."""

    variables: tuple[str, ...]
    """Those that it uses, in their order."""
    settings: Mapping[str, Any]
    """What goes into a request beside its messages."""
    field: str | None
    """The dotted path of the text in a JSON answer; None where the answer is the text."""

    def __init__(self, param: str, path: str | Path, allowed: Sequence[str] | None = None) -> None:
        """Reads a template.

        Args:
            param: the dotted key that names the file, for messages.
            path: a text file, or YAML (see `read_prompt_file`).
            allowed: columns of the rows; it must use one of them, and nothing else. None for any,
                where there are no rows to look at.

        Raises:
            PromptError: the file is no template, or uses no variable, or another one.
        """
        file = read_prompt_file(param, path)
        self._given = f"{param} = {path}"
        self._messages = file.messages
        found = (one.template.get_identifiers() for one in file.messages)
        self.variables = tuple(dict.fromkeys(name for names in found for name in names))
        self.settings = file.settings
        self.field = file.field
        allowed = allowed or self.variables or (ARTICLE,)
        if not self.variables or not set(self.variables) <= set(allowed):
            raise PromptError(f"{self._given}: {_explain(self.variables, allowed)}")

    def fill(self, row: Mapping[str, Any]) -> tuple[Message, ...]:
        """Returns the messages for one row; null counts as an empty text.

        Raises:
            PromptError: a column that it uses has no text.
        """
        texts = {name: _as_text(name, row[name]) for name in self.variables}
        return tuple(
            {"role": one.role, "content": one.template.substitute(texts)} for one in self._messages
        )

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why its answers may have no text."""
        return () if self.field is None else (NOT_JSON, NO_FIELD)

    @property
    def own_text(self) -> str:
        """What its messages say without the text of any row."""
        empty = self.fill(dict.fromkeys(self.variables, ""))
        return "\n".join(message["content"] for message in empty)

    def match(self, messages: object) -> dict[str, str] | None:
        """The variables in the messages of a logged call, or None where they don't fit.

        The inverse of `fill`, see understudy/teacher/matching.py.

        Raises:
            PromptError: its own variables can't be told apart.
        """
        return self._matcher.match(messages)

    def explain(self, messages: object) -> str | None:
        """Why messages don't fit, one of the reasons of understudy/teacher/matching.py; or None.

        Raises:
            PromptError: as in `match`.
        """
        return self._matcher.explain(messages)

    @cached_property
    def _matcher(self) -> Matcher:
        try:
            return Matcher(self._messages)
        except PromptError as error:
            raise PromptError(f"{self._given}: {error}") from None

    def read(self, answer: Answer) -> tuple[str, str | None]:
        """Returns the text of an answer, and why it cannot be used, if so; see `read_text`."""
        return read_text(answer, self.field)


def _as_text(name: str, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise PromptError(f"${name}: the column has {value!r:.60}, expected text; write it as text")


def _explain(found: Sequence[str], allowed: Sequence[str]) -> str:
    """Why these variables can't be used."""
    known = " or ".join(f"${name}" for name in allowed)
    expected = f"just {known}" if len(allowed) == 1 else f"one or more of {known}"
    shown = ", ".join(f"${name}" for name in sorted(found)) or "no variable"
    others = [name for name in found if name not in allowed]
    hint = suggest(others[0], allowed) if others and len(allowed) > 1 else ""
    hint = hint if "did you mean" in hint else ""
    way = f"write ${allowed[0]} where the row's text belongs"
    return f"found {shown}, expected {expected}{hint or f'; {way}'}"


@dataclass(frozen=True)
class Questions:
    """What a stage asks: its prompt about each of its rows, which each iteration reads anew."""

    prompt: Prompt
    limits: Mapping[str, int | None]
    """How many of the first rows of which splits; null takes all."""
    folder: Path = GOLD
    samples: int = 1
    """How often each row is asked; its answers follow each other."""
    more: Mapping[str, Iterable[Mapping[str, Any]]] = field(default_factory=dict)
    """Rows of a split beside those of the folder, after them and not limited."""

    def __iter__(self) -> Iterator[Question]:
        """Yields the questions about each row, split by split."""
        columns = tuple(dict.fromkeys((*this_kind().columns, *self.prompt.variables)))
        settings, path = self.prompt.settings, self.prompt.field
        for split, limit in self.limits.items():
            rows = islice(iterate_table(self.folder / f"{split}.parquet", columns), limit)
            for row in chain(rows, self.more.get(split, ())):
                messages = self.prompt.fill(row)
                for sample in range(1, self.samples + 1):
                    yield Question(messages, row, split, settings, sample, path)


def input_columns(tables: Sequence[Path]) -> tuple[str, ...]:
    """What a prompt about inputs may use: the article, and columns of every table that no pair has.

    Raises:
        DataError: a table is absent or not Parquet.
    """
    found = [list_columns(table) for table in tables]
    own = (name for name in found[0] if name not in this_kind().columns)
    return (ARTICLE, *(name for name in own if all(name in names for names in found)))
